"""Give a file of another data set a second name: a hard link, or a copy across file systems."""

from pointclip.core.job import job
from pointclip.core.store import link_or_copy


with job(snakemake):
    for source, target in zip(snakemake.input, snakemake.output, strict=True):
        link_or_copy(source, target)
