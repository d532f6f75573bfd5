"""Figures for people. Every function returns a matplotlib Figure; `save` writes it."""

from pointclip.report.figures.ablation import ablation_plot
from pointclip.report.figures.classes import confusion_matrix, per_class_accuracy
from pointclip.report.figures.depth import compare_projections, depth_montage
from pointclip.report.figures.shots import shots_curve
from pointclip.report.figures.style import save


__all__ = [
    "ablation_plot",
    "compare_projections",
    "confusion_matrix",
    "depth_montage",
    "per_class_accuracy",
    "save",
    "shots_curve",
]
