"""Our share in an ensemble, as suits held-out train shapes. No test label is an input here."""

from pointclip.classification.ensembles.blend import tune_blend_weights
from pointclip.core.job import job
from pointclip.core.store import write_parquet


with job(snakemake) as log:
    files = snakemake.input
    shares = tune_blend_weights(
        files.ours,
        files.theirs,
        files.text,
        files.shots,
        files.labels,
        files.ids,
        files.train,
    )
    if shares.empty:
        log.warning("No train shape is held out, so there is no `validation` here.")
    write_parquet(shares, snakemake.output[0])
