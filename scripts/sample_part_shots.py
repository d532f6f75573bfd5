"""Rank the train shapes of every class for every seed, by their class alone."""

import pandas as pd

from pointclip.core.job import job
from pointclip.core.store import write_parquet
from pointclip.data.shots import sample_shots
from pointclip.segmentation.part_set import read_part_set


with job(snakemake):
    shapes, sampling = read_part_set(snakemake.input[0]), snakemake.params.sampling
    names = list(shapes.parts)
    labels = pd.DataFrame({"id": shapes.id, "class": [names[k] for k in shapes.label]})
    # Classes without a train shape have nothing to rank; they are named when they are needed.
    present = sorted(set(shapes.label.tolist()))
    labels["label"] = [present.index(k) for k in shapes.label]
    labels.attrs["classes"] = [names[k] for k in present]
    write_parquet(sample_shots(labels, **sampling), snakemake.output[0], **sampling)
