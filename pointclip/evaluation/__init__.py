"""Where logits meet test labels: scores, intervals, ablations, published numbers."""
