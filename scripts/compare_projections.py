"""The same shapes, from the same side, under every projection that has a montage."""

import numpy as np

from pointclip.core.job import job
from pointclip.core.store import ids_of, read_h5_rows, read_parquet, view_names
from pointclip.report.figures.depth import compare_projections
from pointclip.report.figures.style import save


SIDES = ("front right", "front", "front left")

with job(snakemake):
    params, paths = snakemake.params, snakemake.input.depth
    labels = read_parquet(snakemake.input.labels)
    first = labels[labels["id"].isin(ids_of(paths[:1]))].drop_duplicates("label")
    shown = first.iloc[np.linspace(0, len(first) - 1, min(params.shapes, len(first))).astype(int)]
    views = dict(zip(params.projections, map(view_names, paths), strict=True))
    common = [side for side in SIDES if all(side in names for names in views.values())]
    maps = {}
    for (name, names), path in zip(views.items(), paths, strict=True):
        # Where no side is common to all: the nearest to it that a projection has.
        side = next((side for side in [*common, *SIDES] if side in names), names[0])
        depth = read_h5_rows([path], "depth", shown["id"].to_numpy())
        maps[f"{name}, {side}"] = depth[:, names.index(side)]
    figure = compare_projections(maps, list(shown["class"]), snakemake.wildcards.dataset)
    save(figure, snakemake.output[0])
