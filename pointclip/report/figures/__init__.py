"""Figures for people. What a new one needs: the first lines of `workflow/rules/figures.smk`."""
