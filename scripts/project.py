"""Render the depth maps of one shard of a split, for all backbones."""

from pointclip.core.job import job
from pointclip.projection.project import project
from pointclip.projection.projection import get_projection


with job(snakemake):
    project(
        snakemake.input.clouds,
        get_projection(**snakemake.params.projection),
        snakemake.output[0],
        shard=int(snakemake.wildcards.shard),
        shards=len(snakemake.params.shards),
        threads=snakemake.threads,
    )
