"""Gather the score rows of all experiments."""

from pointclip.jobs import job
from pointclip.scores import collect
from pointclip.store import write_parquet


with job(snakemake):
    write_parquet(collect(snakemake.input), snakemake.output[0])
