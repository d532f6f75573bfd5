"""Encode what a prompt set says about the classes of a data set: one prototype per class."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.encoders.encoder import load_encoder
from pointclip.features.encode import encode_text
from pointclip.features.prompts import load_prompts


with job(snakemake):
    config = snakemake.config
    encode_text(
        read_parquet(snakemake.input.labels, columns=[]).attrs["classes"],
        load_prompts(snakemake.input.prompts[0]),
        load_encoder(snakemake.params.backbone, config["device"], f"{config['resources']}/weights"),
        snakemake.output[0],
        snakemake.wildcards.dataset,
    )
