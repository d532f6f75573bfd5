"""Features of one family at the key-points of every frame."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.encoders.encoder import load_encoder
from pointclip.registration.describe import Describer
from pointclip.registration.frame_stages import write_features


with job(snakemake):
    config, params = snakemake.config, snakemake.params

    def encoder():
        return load_encoder(params.backbone, config["device"], weights=snakemake.input.weights)

    describer = Describer(params.features["entry"], encoder)
    pairs = read_parquet(snakemake.input.pairs)
    write_features(pairs, snakemake.input.frames, describer, snakemake.output[0])
