"""Encode the depth maps of one shard: a feature for every view of every shape."""

from pointclip.core.job import job
from pointclip.encoders.encoder import load_encoder
from pointclip.features.encode import encode


with job(snakemake):
    config = snakemake.config
    encoder = load_encoder(
        snakemake.params.backbone, config["device"], f"{config['resources']}/weights"
    )
    encode(snakemake.input.depth, encoder, snakemake.output[0])
