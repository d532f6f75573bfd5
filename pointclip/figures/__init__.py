"""Figures for people. Every function returns a matplotlib Figure; `save` writes it."""

from pointclip.figures.ablation import ablation_plot
from pointclip.figures.classes import confusion_matrix, per_class_accuracy
from pointclip.figures.depth import compare_projections, depth_montage
from pointclip.figures.shots import shots_curve
from pointclip.figures.style import save


__all__ = [
    "ablation_plot",
    "compare_projections",
    "confusion_matrix",
    "depth_montage",
    "per_class_accuracy",
    "save",
    "shots_curve",
]
