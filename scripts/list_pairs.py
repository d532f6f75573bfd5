"""List the pairs of a set: which photo is looked for in which cloud."""

from pointclip.core.job import job
from pointclip.core.store import write_parquet
from pointclip.registration.frame_stages import table_of_pairs


with job(snakemake) as log:
    pairs = table_of_pairs(snakemake.params.entry)
    log.info("%d pairs of %d scenes", len(pairs), pairs["scene"].nunique())
    write_parquet(pairs, snakemake.output[0])
