"""What is taken for what, and the accuracy of every class, in the headline experiment."""

from pointclip.config.experiments import identity
from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.evaluation.score import predictions
from pointclip.report.figures import confusion_matrix, per_class_accuracy, save


with job(snakemake):
    labels = read_parquet(snakemake.input.labels)
    of, classes = identity(snakemake.params.experiment), labels.attrs["classes"]
    said = predictions(snakemake.input.logits[0], labels, [of["method"]])
    shots = f", {of['shots']} shots" if of["shots"] else ""
    title = f"{of['dataset']}, {of['projection']}, {of['method']}{shots}, plain"
    save(confusion_matrix(said, classes, title), snakemake.output.confusion)
    save(per_class_accuracy(said, classes, title), snakemake.output.per_class)
