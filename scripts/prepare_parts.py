"""Read one split of a part set: write clouds with their class, and part labels."""

from pointclip.core.job import job
from pointclip.data.prepare_parts import prepare_parts


with job(snakemake):
    prepare_parts(
        snakemake.params.entry,
        snakemake.input[0],
        snakemake.wildcards.split,
        snakemake.output.clouds,
        snakemake.output.labels,
    )
