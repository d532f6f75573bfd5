"""Metric depth of every query's photo, by a network."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.registration.dense.metric_depth import load_depth_network
from pointclip.registration.dense.network_files import network_path
from pointclip.registration.estimated_depth import write_estimated_depth


with job(snakemake):
    config, params = snakemake.config, snakemake.params
    folder = network_path(params.network, f"{config['resources']}/networks")
    write_estimated_depth(
        read_parquet(snakemake.input.pairs),
        params.entry,
        load_depth_network(folder, config["device"]),
        snakemake.output[0],
    )
