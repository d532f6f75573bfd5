"""Reliability diagram and risk-coverage curves of a data set's headline experiments."""

from pointclip.config.experiments import score_columns
from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.evaluation.calibrate import of_experiment
from pointclip.report.figures.calibration import reliability_diagram
from pointclip.report.figures.style import save


with job(snakemake):
    bins, curves = (read_parquet(path) for path in snakemake.input)
    panels = {}
    for run in snakemake.params.runs.values():
        of = score_columns(run)
        mine = of_experiment(bins, of), of_experiment(curves, of)
        shots = f", {of['shots']} shots" if of["shots"] else ""
        if len(mine[0]):
            panels[f"{of['method']}{shots}\n{of['projection']}"] = mine
    figure = reliability_diagram(panels, f"{snakemake.wildcards.dataset}, plain")
    save(figure, *snakemake.output)
