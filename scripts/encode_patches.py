"""Render, look up and encode one shard of a part set: patch features and every point's pixels."""

from pointclip.core.job import job
from pointclip.encoders.encoder import load_encoder
from pointclip.projection.projection import get_projection
from pointclip.segmentation.patches import encode_patches


with job(snakemake):
    config, params = snakemake.config, snakemake.params
    encode_patches(
        snakemake.input.clouds,
        get_projection(**params.projection),
        load_encoder(params.backbone, config["device"], weights=snakemake.input.weights),
        params.patches,
        snakemake.output[0],
        int(snakemake.wildcards.shard),
        len(params.shards),
    )
