"""Logits of a method that reads the unlabelled test shapes, at once or as seeded streams."""

from pointclip.classification.transductive.run import write_transductive
from pointclip.core.job import job


with job(snakemake):
    files = snakemake.input
    write_transductive(
        snakemake.wildcards.transductive,
        files.features,
        files.text,
        snakemake.output[0],
        snakemake.params.sampling["seeds"],
        files.get("train", []),
    )
