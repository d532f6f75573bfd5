"""Join the logits of all experiments with test labels: a score row a method and seed."""

from pointclip.core.job import job
from pointclip.core.store import write_parquet
from pointclip.evaluation.score import score


with job(snakemake):
    files, params = snakemake.input, snakemake.params
    labels = dict(zip(params.datasets, files.labels, strict=True))
    with_statistics = [files.logits[index] for index in params.with_statistics]
    statistics = dict(zip(with_statistics, files.get("statistics", []), strict=True))
    write_parquet(score(params.runs, files.logits, labels, statistics), snakemake.output[0])
