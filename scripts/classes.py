"""What is taken for what, and the accuracy of every class, in the headline experiment."""

from pointclip.figures import confusion_matrix, per_class_accuracy, save
from pointclip.jobs import job
from pointclip.store import read_parquet


with job(snakemake):
    predictions = read_parquet(snakemake.input.predictions)
    classes, title = predictions.attrs["classes"], snakemake.params.title
    predictions = predictions[predictions["method"] == predictions["method"].iloc[0]]
    save(confusion_matrix(predictions, classes, title), snakemake.output.confusion)
    save(per_class_accuracy(predictions, classes, title), snakemake.output.per_class)
