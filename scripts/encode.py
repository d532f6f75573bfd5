"""Encode the depth maps of one shard: a feature for every view of every shape."""

from pointclip.core.job import job
from pointclip.encoders.encoder import load_encoder
from pointclip.features.encode import encode


with job(snakemake):
    files, device = snakemake.input, snakemake.config["device"]
    encoder = load_encoder(snakemake.params.backbone, device, weights=files.weights)
    encode(files.depth, encoder, snakemake.output[0])
