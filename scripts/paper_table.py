"""A table laid out as in a paper, with the published numbers beside ours."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.evaluation.published import read_published
from pointclip.evaluation.summary import summarise
from pointclip.report import table_formats
from pointclip.report.tables import pivot


with job(snakemake):
    table = dict(snakemake.params.table)
    title = table.pop("title", "")
    scores = read_parquet(snakemake.input.scores)
    cells = pivot(summarise(scores, read_published(snakemake.input.published)), **table)
    for path in snakemake.output:
        table_formats.write(cells, path, title)
