"""Scores as tables, figures and pages for people."""
