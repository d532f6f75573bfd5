"""Encode augmented copies of all shots with a 3D encoder."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.data.shots import distinct_shot_ids
from pointclip.encoders.point.encoder import load_point_encoder
from pointclip.features.encode_points import encode_augmented_points


with job(snakemake):
    files, params = snakemake.input, snakemake.params
    ids = distinct_shot_ids(
        read_parquet(files.shots),
        read_parquet(files.labels),
        params.contents["shots"],
        params.contents["released_shots"],
    )
    encode_augmented_points(
        files.clouds,
        ids,
        load_point_encoder(params.backbone, snakemake.config["device"], weights=files.weights),
        params.contents["n_augmentations"],
        params.seed,
        snakemake.output[0],
    )
