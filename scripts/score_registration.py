"""Join poses and matches of all registrations with the truth: a score row a pair."""

from pointclip.core.job import job
from pointclip.core.store import write_parquet
from pointclip.registration.score import score_runs


with job(snakemake):
    files, params = snakemake.input, snakemake.params
    write_parquet(score_runs(params.runs, files, params.entries), snakemake.output[0])
