"""Our scores beside the published values that leave no freedom: pass, fail, or what is missing."""

from pointclip.core.atomic import write_text
from pointclip.core.job import job
from pointclip.evaluation import reference_checks


with job(snakemake):
    files, params = snakemake.input, snakemake.params
    targets = [
        reference_checks.zero_shot_target(
            files.get("logits", []), files.get("truth", []), params.wanted
        ),
        reference_checks.checkpoint_target(
            params.checkpoint,
            files.get("features", []),
            files.get("labels", ""),
            files.get("text", ""),
        ),
    ]
    write_text(reference_checks.report(targets), snakemake.output[0])
