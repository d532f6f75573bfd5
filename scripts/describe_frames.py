"""Features of one family at the key-points of every frame."""

from pointclip.core.job import job, pick_device
from pointclip.core.store import read_parquet
from pointclip.encoders.encoder import load_encoder
from pointclip.registration.dense.fcgf_weights import load_fcgf
from pointclip.registration.dense.network_files import network_path
from pointclip.registration.describe import Describer
from pointclip.registration.frame_stages import write_features


with job(snakemake):
    config, params = snakemake.config, snakemake.params

    entry = params.features["entry"]

    def network():
        if entry["family"] == "fcgf":
            path = network_path(entry["network"], f"{config['resources']}/networks")
            return load_fcgf(path, pick_device(config["device"]))
        return load_encoder(params.backbone, config["device"], weights=snakemake.input.weights)

    describer = Describer(entry, network)
    pairs = read_parquet(snakemake.input.pairs)
    write_features(pairs, snakemake.input.frames, describer, snakemake.output[0])
