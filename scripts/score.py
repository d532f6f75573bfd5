"""Join logits with test labels: a score row a seed, and a prediction a shape."""

from pointclip.jobs import job
from pointclip.scores import score


with job(snakemake):
    ids = snakemake.wildcards
    adapter = ids.get("adapter")
    identity = {
        "dataset": ids.dataset,
        "projection": ids.projection,
        "prompts": ids.prompts,
        "backbone": ids.backbone,
        "method": adapter or "zero_shot",
        "protocol": ids.protocol,
        "shots": int(ids.get("shots", 0)),
    }
    score(
        snakemake.input.logits,
        snakemake.input.labels,
        identity,
        snakemake.output.scores,
        snakemake.output.predictions,
        methods=[] if adapter else ["zero_shot_softmax"],
    )
