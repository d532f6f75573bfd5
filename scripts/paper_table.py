"""A table laid out as in a paper, with the published numbers beside ours."""

import pandas as pd

from pointclip.catalog.columns import IDENTITY
from pointclip.core.job import job
from pointclip.core.store import open_h5, read_parquet
from pointclip.evaluation.published import read_published
from pointclip.evaluation.summary import summarise
from pointclip.report import table_formats
from pointclip.report.tables import pivot, with_points


with job(snakemake):
    table = dict(snakemake.params.table)
    title = table.pop("title", "")
    scores = read_parquet(snakemake.input.scores)
    summary = summarise(scores, read_published(snakemake.input.published))
    if "points" in table.get("rows", ()):
        given = {}
        for name, path in zip(snakemake.params.datasets, snakemake.input.clouds, strict=True):
            with open_h5(path) as clouds:
                given[name] = clouds["points"].shape[1]
        summary = with_points(summary, given, snakemake.params.backbones)
    if calibration := snakemake.input.get("calibration"):
        metrics = pd.read_csv(calibration).groupby(IDENTITY, as_index=False)[table["value"]].mean()
        summary = summary.assign(published=float("nan")).merge(metrics, on=IDENTITY)
    cells = pivot(summary, **table)
    for path in snakemake.output:
        table_formats.write(cells, path, title)
