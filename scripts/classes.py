"""What is taken for what, and the accuracy of every class, in the headline experiment."""

from pointclip.figures import confusion_matrix, per_class_accuracy, save
from pointclip.jobs import job
from pointclip.store import read_parquet


with job(snakemake):
    predictions = read_parquet(snakemake.input.predictions[0])
    first, classes = predictions.iloc[0], predictions.attrs["classes"]
    predictions = predictions[predictions["method"] == first["method"]]
    shots = f", {first['shots']} shots" if first["shots"] else ""
    title = f"{first['dataset']}, {first['projection']}, {first['method']}{shots}, plain"
    save(confusion_matrix(predictions, classes, title), snakemake.output.confusion)
    save(per_class_accuracy(predictions, classes, title), snakemake.output.per_class)
