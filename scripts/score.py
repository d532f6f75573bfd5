"""Join the logits of all experiments with test labels: a score row a method and seed."""

from pointclip.core.job import job
from pointclip.core.store import write_parquet
from pointclip.evaluation.score import score


with job(snakemake):
    files = snakemake.input
    scores = score(snakemake.params.experiments, files.logits, files.labels)
    write_parquet(scores, snakemake.output[0])
