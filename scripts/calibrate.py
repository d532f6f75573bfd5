"""Calibration of every method whose temperature is known: rows a seed, and their means."""

from pointclip.catalog.columns import IDENTITY
from pointclip.core.job import job
from pointclip.core.store import write_parquet
from pointclip.evaluation.calibrate import calibrate
from pointclip.report import table_formats


with job(snakemake):
    files, params = snakemake.input, snakemake.params
    labels = dict(zip(params.datasets, files.labels, strict=True))
    with_statistics = [files.logits[index] for index in params.with_statistics]
    statistics = dict(zip(with_statistics, files.get("statistics", []), strict=True))
    metrics, bins, curves = calibrate(params.runs, files.logits, labels, statistics)
    table_formats.write(metrics, snakemake.output.metrics)
    write_parquet(bins, snakemake.output.bins)
    write_parquet(curves, snakemake.output.curves)
    numbers = [name for name in metrics if name not in (*IDENTITY, "seed")]
    groups = metrics.groupby(IDENTITY, as_index=False, sort=False) if len(metrics) else None
    means = metrics if groups is None else groups[numbers].mean()
    table_formats.write(means, snakemake.output.table, note="Fractions; means over seeds.")
