"""Bring a frozen network of registration to this machine once, and record its checksums."""

from pathlib import Path

from pointclip.core.job import job
from pointclip.registration.dense.network_files import fetch_network


with job(snakemake):
    fetch_network(
        snakemake.params.network,
        folder=Path(snakemake.output[0]).parents[1],
        local_dir=snakemake.config["weights_dir"],
    )
