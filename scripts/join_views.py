"""Put the features of several projections side by side."""

from pointclip.core.job import job
from pointclip.features.join_views import join_views


with job(snakemake):
    parts = dict(zip(snakemake.params.parts, snakemake.input, strict=True))
    join_views(parts, snakemake.output[0], snakemake.wildcards.projection)
