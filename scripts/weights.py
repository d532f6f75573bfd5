"""Bring the weights of a backbone to this machine once, and record their checksum."""

from pathlib import Path

from pointclip.encoders.encoder import fetch_weights
from pointclip.core.job import job


with job(snakemake):
    fetch_weights(
        snakemake.params.backbone,
        weights_dir=Path(snakemake.output[0]).parents[1],
        local_dir=snakemake.config["weights_dir"],
    )
