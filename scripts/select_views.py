"""Features of some views of another projection: a copy of its features of these views."""

from pointclip.core.job import job
from pointclip.features.view_subset import select_views


with job(snakemake):
    select_views(snakemake.input[0], snakemake.params.views, snakemake.output[0])
