"""From features and text to logits: zero-shot, few-shot methods, ensembles."""
