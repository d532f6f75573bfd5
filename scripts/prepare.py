"""Read one split of a data set: write clouds with opaque ids, labels, and source ids."""

from pointclip.core.job import job
from pointclip.data.prepare import prepare


with job(snakemake):
    entry = snakemake.params.entry
    prepare(
        entry,
        # A folder is no input: what is in it is a param.
        snakemake.input[0] if snakemake.input else entry["path"],
        snakemake.wildcards.split,
        snakemake.output.clouds,
        snakemake.output.labels,
        snakemake.output.ids,
    )
