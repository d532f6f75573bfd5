"""The accuracy table: a row a seed for machines, a row an experiment for people."""

from pointclip.catalog.columns import INTERVAL
from pointclip.core.atomic import write_text
from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.evaluation.published import read_published
from pointclip.evaluation.summary import per_seed, summarise
from pointclip.report import table_formats
from pointclip.report.tables import headline


NOTE = (
    "Accuracy in percent. plain: nothing chosen. validation: chosen on held-out train shapes (up "
    "to {} a class). released: chosen on test labels, as the released code does: too high, and "
    f"only to be compared with published numbers. {INTERVAL}: of few-shot, Student's t of the "
    "mean over seeds, cut at 0 and 100; of zero-shot, percentile bootstrap over test shapes."
)
HEADLINE_NOTE = (
    "Accuracy on test shapes in percent under the protocol plain, by shots per class; mean and "
    "standard deviation over seeds."
)

with job(snakemake):
    samplings = snakemake.params.samplings.values()
    held_out = max((entry["validation_per_class"] for entry in samplings), default=0)
    scores = read_parquet(snakemake.input.scores)
    published = read_published(snakemake.input.published)
    table_formats.write(per_seed(scores, published), snakemake.output.csv)
    table, note = summarise(scores, published), NOTE.format(held_out)
    for path in (snakemake.output.md, snakemake.output.html):
        table_formats.write(table, path, note=note)
    write_text(table_formats.to_text(table), snakemake.output.txt)
    first = headline(table, snakemake.params.headlines)
    first_page = table_formats.to_html(first, note=HEADLINE_NOTE, whole=False)
    write_text(first_page, snakemake.output.headline)
