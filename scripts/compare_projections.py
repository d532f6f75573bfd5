"""The same shapes, from the same azimuth, under every projection that has a montage."""

import numpy as np

from pointclip.core.job import job
from pointclip.core.store import ids_of, read_h5_rows, read_parquet, view_names
from pointclip.report.figures.depth import compare_projections
from pointclip.report.figures.style import save


# Wished for in this order: +z is the front of the embedded shapes.
AZIMUTHS = ("azimuth 45°", "azimuth 0°", "azimuth 315°")

with job(snakemake):
    params, paths = snakemake.params, snakemake.input.depth
    labels = read_parquet(snakemake.input.labels)
    first = labels[labels["id"].isin(ids_of(paths[:1]))].drop_duplicates("label")
    shown = first.iloc[np.linspace(0, len(first) - 1, min(params.shapes, len(first))).astype(int)]
    views = {
        name: [view.split(",")[0] for view in view_names(path)]
        for name, path in zip(params.projections, paths, strict=True)
    }
    common = [azimuth for azimuth in AZIMUTHS if all(azimuth in names for names in views.values())]
    maps = {}
    for (name, names), path in zip(views.items(), paths, strict=True):
        # Where no azimuth is common to all: the nearest to it that a projection has.
        azimuth = next((each for each in [*common, *AZIMUTHS] if each in names), names[0])
        depth = read_h5_rows([path], "depth", shown["id"].to_numpy())
        maps[f"{name}, {azimuth}"] = depth[:, names.index(azimuth)]
    figure = compare_projections(maps, list(shown["class"]), snakemake.wildcards.dataset)
    save(figure, snakemake.output[0])
