"""Layers of the diffusion model for every frame of a set of pairs."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.registration.dense.diffusion_weights import load_networks
from pointclip.registration.dense.network_files import network_path
from pointclip.registration.layer_stages import write_layers


with job(snakemake):
    config, params = snakemake.config, snakemake.params
    folder = f"{config['resources']}/networks"
    networks = load_networks(
        network_path(params.entry["stable_diffusion"], folder),
        network_path(params.entry["controlnet"], folder),
        config["device"],
    )
    write_layers(
        read_parquet(snakemake.input.pairs),
        snakemake.input.frames,
        networks,
        params.entry,
        params.scene,
        snakemake.output[0],
    )
