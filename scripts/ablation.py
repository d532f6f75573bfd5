"""One ablation: its table, its plot, and a sentence on what it shows."""

from pointclip import documents
from pointclip.ablations import compare, sentences
from pointclip.figures import ablation_plot, save
from pointclip.jobs import job
from pointclip.scores import collect
from pointclip.store import write_text


with job(snakemake):
    vary, title = snakemake.params.ablation["vary"], snakemake.params.ablation["title"]
    axis = next(iter(vary))
    # The score row of an adapter carries its id as the method.
    by = {"adapter": "method"}.get(axis, axis)
    scores = collect(snakemake.input.scores)
    table = compare(scores, by, vary[axis] if axis != "shots" else None)
    documents.write(table, snakemake.output.csv)
    save(ablation_plot(scores, by, title), snakemake.output.figure)
    write_text(sentences(table, by), snakemake.output.sentences)
