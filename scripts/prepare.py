"""Read one split of a data set: clouds with opaque ids on one side, labels on the other."""

from pointclip.core.job import job
from pointclip.data.prepare import prepare


with job(snakemake):
    prepare(
        snakemake.params.entry,
        snakemake.input[0],
        snakemake.wildcards.split,
        snakemake.output.clouds,
        snakemake.output.labels,
    )
