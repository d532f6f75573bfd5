"""The columns of score rows and tables, and how people read them."""

# What tells experiments apart.
IDENTITY = ["dataset", "projection", "prompts", "backbone", "method", "protocol", "shots"]
# What `evaluation/score.py` measures, in percent.
METRICS = ["accuracy", "top5", "mean_class_accuracy"]
SCORES = [*IDENTITY, "seed", *METRICS, "n"]
# Of calibration, fractions all but the temperature.
CALIBRATION = [
    *["ece_untempered", "temperature", "ece", "brier", "nll", "mean_confidence"],
    *["aurc", "excess_aurc", "accuracy_at_90", "accuracy_at_80", "accuracy_at_70"],
    "aurc_agreement",
]
# Registration: what tells rows apart, and all columns of its table.
REGISTRATION_IDENTITY = ["pairs", "features", "solver", "query_depth"]
REGISTRATION = [
    *REGISTRATION_IDENTITY,
    "n_pairs",
    *["inlier_ratio", "inlier_number", "feature_matching_recall", "registration_recall"],
    *["registration_recall_10deg_25cm", "registration_recall_5deg_10cm"],
    *["rotation_error_deg", "translation_error_m", "seconds_per_pair"],
]
# Differences, written with their sign.
DELTAS = ["delta_vs_published", "delta_vs_first"]
# Of every interval, and how tables and sentences call it.
TAILS = 0.025, 0.975
CONFIDENCE = TAILS[1] - TAILS[0]
INTERVAL = f"{100 * CONFIDENCE:g} % interval"
# Column -> its heading in a table for people; other columns keep their names.
HEADINGS = {
    **{"dataset": "Data set", "projection": "Projection", "prompts": "Prompts"},
    **{"backbone": "Backbone", "method": "Method", "protocol": "Protocol", "shots": "Shots"},
    **{"seed": "Seed", "seeds": "Seeds", "mean": "Accuracy %", "std": "Std"},
    **{"interval": INTERVAL, "accuracy": "Accuracy %", "top5": "Top 5 %"},
    **{"mean_class_accuracy": "Class mean %", "n": "Shapes", "published": "Published %"},
    **{"delta_vs_published": "Difference", "delta_vs_first": "Change", "source": "Source"},
    **{"table": "Table", "variant": "Variant", "metric": "Metric", "value": "Value"},
    **{"certainty": "Certainty", "note": "Note", "stage": "Stage", "jobs": "Jobs"},
    **{"class": "Class", "part_dataset": "Part set", "patches": "Patches"},
    **{"points": "Points read", "pairs": "Pairs", "features": "Features", "solver": "Solver"},
    **{"query_depth": "Query depth", "n_pairs": "N", "scene": "Scene"},
    **{"inlier_ratio": "IR %", "inlier_number": "IN", "feature_matching_recall": "FMR %"},
    **{"registration_recall": "RR %", "registration_recall_10deg_25cm": "RR 10°/.25 m %"},
    **{"registration_recall_5deg_10cm": "RR 5°/.1 m %", "rotation_error_deg": "Rotation °"},
    **{"translation_error_m": "Translation m", "seconds_per_pair": "CPU s a pair"},
    **{"mean_rotation_error_deg": "Mean rotation °"},
    **{"mean_translation_error_m": "Mean translation m"},
    **{"segmenter": "Segmenter", "iou_present": "IoU present %", "iou_released": "IoU released %"},
    **{"instance_iou": "IoU present %, over shapes", "setting": "Setting", "usual": "Usual"},
    **{"instance_iou_released": "IoU released %, over shapes", "iou_usual": "IoU usual %"},
    **{"iou_value": "IoU value %", "difference": "Difference"},
    **{"iou_released_difference": "IoU released difference"},
    **{"accuracy_difference": "Accuracy difference"},
}
