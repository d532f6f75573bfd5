"""The columns of score rows and tables, and how people read them."""

# What tells experiments apart.
IDENTITY = ["dataset", "projection", "prompts", "backbone", "method", "protocol", "shots"]
# What is measured, in percent.
METRICS = ["accuracy", "top5", "mean_class_accuracy"]
SCORES = [*IDENTITY, "seed", *METRICS, "n"]
# Differences, written with their sign.
DELTAS = ["delta_vs_published", "delta_vs_first"]
# Column -> its heading in a table for people; other columns keep their names.
HEADINGS = {
    **{"dataset": "Data set", "projection": "Projection", "prompts": "Prompts"},
    **{"backbone": "Backbone", "method": "Method", "protocol": "Protocol", "shots": "Shots"},
    **{"seed": "Seed", "seeds": "Seeds", "mean": "Accuracy %", "std": "Std"},
    **{"interval": "95 % interval", "accuracy": "Accuracy %", "top5": "Top 5 %"},
    **{"mean_class_accuracy": "Class mean %", "n": "Shapes", "published": "Published %"},
    **{"delta_vs_published": "Difference", "delta_vs_first": "Change", "source": "Source"},
    **{"table": "Table", "variant": "Variant", "metric": "Metric", "value": "Value"},
    **{"certainty": "Certainty", "note": "Note", "stage": "Stage", "jobs": "Jobs"},
    **{"class": "Class"},
}
