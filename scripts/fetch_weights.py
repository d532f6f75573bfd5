"""Bring the weights of a backbone to this machine once, and record their checksum."""

from pathlib import Path

from pointclip.core.job import job
from pointclip.encoders.hub import fetch_weights


with job(snakemake):
    fetch_weights(
        snakemake.params.backbone,
        weights_dir=Path(snakemake.config["resources"], "weights"),
        local_dir=snakemake.config["weights_dir"],
    )
