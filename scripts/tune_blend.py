"""Tune the blend weight of every seed on held-out train shapes. No test label is an input here."""

from pointclip.classification.ensembles.blend import tune_blend_weights
from pointclip.core.job import job
from pointclip.core.store import write_parquet


with job(snakemake) as log:
    files = snakemake.input
    tuned = tune_blend_weights(
        files.ours,
        files.external,
        files.text,
        files.shots,
        files.labels,
        files.ids,
        files.train,
    )
    if tuned.empty:
        log.warning("No train shape is held out, so there is no `validation` here.")
    write_parquet(tuned, snakemake.output[0])
