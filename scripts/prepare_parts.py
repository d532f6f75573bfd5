"""Read one split of a part set: write clouds with their class, and part labels."""

from pointclip.core.job import job
from pointclip.data.prepare_parts import prepare_parts


with job(snakemake):
    entry = snakemake.params.entry
    prepare_parts(
        entry,
        # A folder is no input: what is in it is a param.
        snakemake.input[0] if snakemake.input else entry["path"],
        snakemake.wildcards.split,
        snakemake.output.clouds,
        snakemake.output.labels,
    )
