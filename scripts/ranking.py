"""Few-shot methods ranked, with the significance of their differences paired by seed."""

from pointclip.catalog.columns import INTERVAL
from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.evaluation.ranking import rank_methods
from pointclip.report import table_formats


NOTE = (
    f"Difference to the best method of the same comparison in points, with its {INTERVAL}, over "
    "the same seeds; p: paired t-test, corrected by Holm for the number of methods."
)

with job(snakemake):
    ranked = rank_methods(read_parquet(snakemake.input.scores))
    table_formats.write(ranked, snakemake.output.csv)
    table_formats.write(ranked, snakemake.output.html, "Methods ranked", NOTE)
