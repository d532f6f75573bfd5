"""Give a file of another data set a second name: a hard link, or a copy across file systems."""

from pointclip.core.atomic import link_or_copy
from pointclip.core.job import job


with job(snakemake):
    for source, target in zip(snakemake.input, snakemake.output, strict=True):
        link_or_copy(source, target)
