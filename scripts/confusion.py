"""Confusion matrix and accuracy per class of the headline experiment."""

from pointclip.config.experiments import score_columns
from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.evaluation.score import predictions
from pointclip.report.figures.confusion import confusion_matrix, per_class_accuracy
from pointclip.report.figures.style import save


with job(snakemake):
    labels = read_parquet(snakemake.input.labels)
    of, classes = score_columns(snakemake.params.run), labels.attrs["classes"]
    predicted = predictions(snakemake.input.logits[0], labels, [of["method"]])
    shots = f", {of['shots']} shots" if of["shots"] else ""
    title = f"{of['dataset']}, {of['projection']}, {of['method']}{shots}, plain"
    save(confusion_matrix(predicted, classes, title), snakemake.output.confusion)
    save(per_class_accuracy(predicted, classes, title), snakemake.output.per_class)
