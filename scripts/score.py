"""Join logits with test labels: a score row a seed, and a prediction a shape."""

from pointclip.jobs import job
from pointclip.scores import score


def several(paths):
    return [paths] if isinstance(paths, str) else paths


with job(snakemake):
    ids, out = snakemake.wildcards, snakemake.output
    adapter = ids.get("adapter")
    identity = {
        "dataset": ids.dataset,
        "projection": ids.projection,
        "prompts": ids.prompts,
        "backbone": ids.backbone,
        "method": adapter or "zero_shot",
        "shots": int(ids.get("shots", 0)),
    }
    files = (several(paths) for paths in (snakemake.input.logits, out.scores, out.predictions))
    for protocol, logits, *written in zip(snakemake.params.protocols, *files, strict=True):
        score(
            logits,
            snakemake.input.labels,
            {**identity, "protocol": protocol},
            *written,
            methods=[] if adapter else ["zero_shot_softmax"],
        )
