"""Zero-shot logits of a split by an ensemble's other model, as a file of logits."""

from pointclip.classification.ensembles.own_model import write_own_logits
from pointclip.core.job import job


with job(snakemake):
    write_own_logits(snakemake.input.features, snakemake.input.text, snakemake.output[0])
