"""Blend our logits with another model's, and score them."""

from pointclip.ensembles import write_blend
from pointclip.jobs import job
from pointclip.other_models import published_ids
from pointclip.scores import score
from pointclip.store import read_parquet


with job(snakemake):
    files, out, ids = snakemake.input, snakemake.output, snakemake.wildcards
    shares = read_parquet(files.share[0])["ratio"].tolist() if files.share else None
    ratio = snakemake.params.ratio if shares is None else shares
    write_blend(files.ours, files.theirs, out.logits, ratio, published_ids(files.labels))
    identity = {
        "dataset": ids.dataset,
        "projection": ids.projection,
        "prompts": ids.prompts,
        "backbone": ids.backbone,
        "method": f"{ids.get('adapter') or 'zero_shot'}+{ids.ensemble}",
        "protocol": ids.protocol,
        "shots": int(ids.get("shots", 0)),
    }
    score(out.logits, files.labels, identity, out.scores, out.predictions)
