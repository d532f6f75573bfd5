"""Zero-shot logits of the test split: all views weighted equally."""

from pointclip.classification.zero_shot import write_logits
from pointclip.core.job import job
from pointclip.features.read import check_weights


with job(snakemake):
    files = snakemake.input
    check_weights(*files.features, files.text)
    write_logits(files.features, files.text, None, snakemake.output[0], protocol="plain")
