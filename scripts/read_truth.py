"""True poses and depths of all frames, for scores and figures alone."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.registration.frame_stages import write_truth


with job(snakemake):
    pairs = read_parquet(snakemake.input.pairs)
    write_truth(pairs, snakemake.input.frames, snakemake.params.entry, snakemake.output[0])
