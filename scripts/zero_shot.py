"""Zero-shot logits of the test split: all views weighted equally."""

from pointclip.classification.zero_shot import write_logits
from pointclip.core.job import job


with job(snakemake):
    files = snakemake.input
    write_logits(files.features, files.text, None, snakemake.output[0], protocol="plain")
