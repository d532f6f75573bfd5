"""Join predicted parts with the labels of test shapes; baselines and ceilings stand beside."""

from pointclip.core.job import job
from pointclip.core.store import write_parquet
from pointclip.evaluation.part_score import PartFiles, score_parts


with job(snakemake):
    files, params = snakemake.input, snakemake.params
    kinds = (files.clouds, files.labels, files.train_clouds, files.train_labels)
    part_sets = {
        name: PartFiles(*paths) for name, *paths in zip(params.part_datasets, *kinds, strict=True)
    }
    patches = iter(files.patches)
    ceilings = [(grid, [next(patches) for _ in grid["shards"]]) for grid in params.ceilings]
    shapes, parts = score_parts(params.runs, files.predicted, part_sets, ceilings)
    write_parquet(shapes, snakemake.output.shapes)
    write_parquet(parts, snakemake.output.parts)
