"""Diffusion features of every frame, by axes fitted to all frames of a set of pairs."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.registration.layer_stages import write_shared_features


with job(snakemake):
    write_shared_features(
        read_parquet(snakemake.input.pairs),
        snakemake.input.frames,
        snakemake.input.layers,
        snakemake.params.entry,
        snakemake.output[0],
    )
