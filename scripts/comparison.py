"""Ranking, and accuracy against seconds of training, of a data set's few-shot methods."""

import pandas as pd

from pointclip.config.experiments import score_columns
from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.evaluation.training_time import training_times
from pointclip.report.figures.comparison import accuracy_by_seconds, ranking
from pointclip.report.figures.style import save


with job(snakemake):
    files, params = snakemake.input, snakemake.params
    of = score_columns(params.runs[0])
    same = ["dataset", "projection", "prompts", "backbone", "protocol"]
    title = f"{of['dataset']}, {of['projection']}, plain"
    times = training_times(params.runs, files.times, read_parquet(files.scores))
    save(accuracy_by_seconds(times, title), snakemake.output.seconds)
    ranked = pd.read_csv(files.ranking)
    mine = (ranked[same] == [of[name] for name in same]).all(axis=1)
    save(ranking(ranked[mine], title), snakemake.output.ranking)
