"""Encode the clouds of one shard with a 3D encoder: one feature for every shape."""

from pointclip.core.job import job
from pointclip.encoders.point.encoder import load_point_encoder
from pointclip.features.encode_points import encode_points


with job(snakemake):
    files, params, device = snakemake.input, snakemake.params, snakemake.config["device"]
    encoder = load_point_encoder(params.backbone, device, weights=files.weights)
    shard = int(snakemake.wildcards.shard)
    encode_points(files.clouds, encoder, snakemake.output[0], shard, len(params.shards))
