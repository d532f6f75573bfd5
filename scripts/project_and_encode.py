"""Draw and encode one shard of a split, keeping no depth map: the same features."""

from pointclip.core.job import job
from pointclip.encoders.encoder import load_encoder
from pointclip.features.encode import project_and_encode
from pointclip.projection.projection import get_projection


with job(snakemake):
    config, params = snakemake.config, snakemake.params
    project_and_encode(
        snakemake.input.clouds,
        get_projection(**params.projection),
        load_encoder(params.backbone, config["device"], f"{config['resources']}/weights"),
        snakemake.output[0],
        shard=int(snakemake.wildcards.shard),
        shards=len(params.shards),
    )
