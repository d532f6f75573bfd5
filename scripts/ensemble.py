"""Blend our logits with another model's."""

from pointclip.classification.ensembles.blend import write_blend
from pointclip.classification.ensembles.external_logits import read_source_ids
from pointclip.core.job import job
from pointclip.core.store import read_parquet


with job(snakemake):
    files = snakemake.input
    share = files.get("share")
    ratio = read_parquet(share)["ratio"].tolist() if share else snakemake.params.ratio
    ids = read_source_ids(files.ids)
    write_blend(files.ours, files.theirs, snakemake.output[0], ratio, ids)
