"""Encode the sentences of a prompt set about the classes of a data set: one prototype a class."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.encoders.encoder import load_encoder
from pointclip.encoders.point.encoder import load_point_encoder
from pointclip.features.prompts import load_prompts
from pointclip.features.text import encode_text


with job(snakemake):
    files, device = snakemake.input, snakemake.config["device"]
    text = snakemake.params.text
    if snakemake.params.points:
        encoder = load_point_encoder(
            snakemake.params.backbone,
            device,
            weights=files.weights,
            text=text,
            text_weights=files.get("text_weights"),
        )
    else:
        encoder = load_encoder(snakemake.params.backbone, device, weights=files.weights)
    encode_text(
        read_parquet(files.labels, columns=[]).attrs["classes"],
        load_prompts(files.prompts[0]),
        encoder,
        snakemake.output[0],
        snakemake.wildcards.dataset,
    )
