"""Blend our logits with another model's."""

from pointclip.classification.ensembles.blend import write_blend
from pointclip.classification.ensembles.external_logits import read_source_ids
from pointclip.core.job import job
from pointclip.core.store import read_parquet


with job(snakemake):
    files, blend_weight = snakemake.input, snakemake.params.blend_weight
    if tuned := files.get("tuned"):
        blend_weight = read_parquet(tuned)["blend_weight"].tolist()
    ids = read_source_ids(files.ids)
    write_blend(files.ours, files.external, snakemake.output[0], blend_weight, ids)
