"""Encode augmented copies of all shots, from which few-shot training draws."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.data.shots import distinct_shot_ids
from pointclip.encoders.encoder import load_encoder
from pointclip.features.encode import bank
from pointclip.projection.projection import get_projection


with job(snakemake):
    config, params = snakemake.config, snakemake.params
    bank(
        snakemake.input.clouds,
        distinct_shot_ids(
            read_parquet(snakemake.input.shots),
            read_parquet(snakemake.input.labels),
            params.contents["shots"],
            params.contents["released_shots"],
        ),
        get_projection(**params.projection),
        load_encoder(params.backbone, config["device"], f"{config['resources']}/weights"),
        params.contents["copies"],
        params.seed,
        snakemake.output[0],
    )
