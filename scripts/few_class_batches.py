"""An ablation: transductive methods on batches of test shapes that hold few of the classes.

Test labels say which shapes make up a batch; no method sees them.
"""

from pointclip.catalog.columns import METRICS
from pointclip.core.atomic import write_text
from pointclip.core.job import job
from pointclip.evaluation.ablation import compare, describe
from pointclip.evaluation.few_class_batches import few_class_batches
from pointclip.features.read import read_labelled, read_prototypes
from pointclip.report import table_formats
from pointclip.report.figures.ablation import ablation_plot
from pointclip.report.figures.style import save


with job(snakemake):
    files, of = snakemake.input, snakemake.params.of
    prototypes, scale, _ = read_prototypes(files.text)
    features, labels = read_labelled(files.features, files.labels)
    sizes = {key: of[key] for key in ("methods", "present", "size", "batches", "seed")}
    found = few_class_batches(features, labels, prototypes, scale, **sizes)
    ids = {axis: of[axis] for axis in ("dataset", "projection", "prompts", "backbone")}
    metrics = {name: float("nan") for name in METRICS if name not in found}
    scores = found.rename(columns={"batch": "seed"}).assign(
        **ids, protocol="transductive", shots=0, n=of["size"], **metrics
    )
    table = compare(scores, "method", ["zero_shot", *of["methods"]])
    sentences = describe(table, "method")
    table_formats.write(table, snakemake.output.csv)
    table_formats.write(table, snakemake.output.table, of["title"], note=sentences)
    write_text(sentences, snakemake.output.sentences)
    figure = ablation_plot(scores, "classes", of["title"])
    save(figure, snakemake.output.figure)
