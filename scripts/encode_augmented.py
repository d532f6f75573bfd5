"""Encode augmented copies of all shots, of which few-shot training samples one per epoch."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.data.shots import distinct_shot_ids
from pointclip.encoders.encoder import load_encoder
from pointclip.features.augmented import encode_augmented
from pointclip.projection.projection import get_projection


with job(snakemake):
    files, params = snakemake.input, snakemake.params
    ids = distinct_shot_ids(
        read_parquet(files.shots),
        read_parquet(files.labels),
        params.contents["shots"],
        params.contents["released_shots"],
    )
    encode_augmented(
        files.clouds,
        ids,
        get_projection(**params.projection),
        load_encoder(params.backbone, snakemake.config["device"], weights=files.weights),
        params.contents["n_augmentations"],
        params.seed,
        snakemake.output[0],
    )
