"""One ablation: its table, its plot, and a sentence on what it shows."""

from pointclip import documents
from pointclip.ablations import compare, sentences
from pointclip.figures import ablation_plot, save
from pointclip.jobs import job
from pointclip.scores import collect
from pointclip.store import write_text


with job(snakemake):
    vary, title = snakemake.params.vary, snakemake.params.title
    axis = next(iter(vary))
    # The score row of an adapter carries its id as the method.
    by = {"adapter": "method"}.get(axis, axis)
    scores = collect(snakemake.input.scores)
    table = compare(scores, by, order=vary[axis])
    said = sentences(table, by)
    documents.write(table, snakemake.output.csv)
    documents.write(table, snakemake.output.table, title, note=said)
    write_text(said, snakemake.output.sentences)
    save(ablation_plot(scores, by, title, order=vary[axis]), snakemake.output.figure)
