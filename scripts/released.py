"""Our scores beside the published values that leave no freedom: pass, fail, or what is missing."""

from pointclip import released
from pointclip.core.job import job
from pointclip.core.store import write_text


with job(snakemake):
    files, params = snakemake.input, snakemake.params
    targets = [
        released.zero_shot_target(files.get("logits", []), files.get("truth", []), params.wanted),
        released.checkpoint_target(
            params.checkpoint,
            files.get("features", []),
            files.get("labels", ""),
            files.get("text", ""),
        ),
    ]
    write_text(released.report(targets), snakemake.output[0])
