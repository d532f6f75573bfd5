"""What train shapes tell about zero-shot logits: a prior of the classes, and temperatures."""

from pointclip.classification.train_statistics import write_statistics
from pointclip.core.job import job


with job(snakemake):
    files = snakemake.input
    write_statistics(files.features, files.text, files.shots, files.labels, snakemake.output[0])
