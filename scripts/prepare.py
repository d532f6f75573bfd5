"""Read one split of a data set: write clouds with opaque ids, labels, and source ids."""

from pointclip.core.job import job
from pointclip.data.prepare import prepare


with job(snakemake):
    prepare(
        snakemake.params.entry,
        snakemake.input[0],
        snakemake.wildcards.split,
        snakemake.output.clouds,
        snakemake.output.labels,
        snakemake.output.ids,
    )
