"""Bring a frozen network of registration to this machine once, and record its checksums."""

from pathlib import Path

from pointclip.core.job import job
from pointclip.registration.dense.network_files import fetch_network


with job(snakemake):
    fetch_network(
        snakemake.params.network,
        folder=Path(snakemake.config["resources"], "networks"),
        local_dir=snakemake.config["weights_dir"],
    )
