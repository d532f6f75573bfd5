"""Hold out train shapes and rank the others for every seed, from train labels alone."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet, write_parquet
from pointclip.data.shots import sample_shots


with job(snakemake):
    sampling = snakemake.params.sampling
    sampled = sample_shots(read_parquet(snakemake.input.labels), **sampling)
    write_parquet(sampled, snakemake.output[0], **sampling)
