"""One ablation: its table, its plot, and a sentence on what it shows."""

from pointclip.core.atomic import write_text
from pointclip.core.job import job
from pointclip.evaluation.ablation import compare, describe, select
from pointclip.evaluation.score import score
from pointclip.report import table_formats
from pointclip.report.figures.ablation import ablation_plot
from pointclip.report.figures.style import save


with job(snakemake):
    files, params, title = snakemake.input, snakemake.params, snakemake.params.title
    scores = score(params.runs, files.logits, dict(zip(params.datasets, files.labels, strict=True)))
    scores, by, order = select(scores, params.vary)
    table = compare(scores, by, order)
    sentences = describe(table, by)
    table_formats.write(table, snakemake.output.csv)
    table_formats.write(table, snakemake.output.table, title, note=sentences)
    write_text(sentences, snakemake.output.sentences)
    save(ablation_plot(scores, by, title, order=order), snakemake.output.figure)
