"""The same shapes, from the same azimuth, under every projection that has a montage."""

from pointclip.core.job import job
from pointclip.core.store import ids_of, read_h5_rows, read_parquet, view_names
from pointclip.report.figures.depth import azimuths, compare_projections, spread_over_classes
from pointclip.report.figures.style import save


with job(snakemake):
    params, paths = snakemake.params, snakemake.input.depth
    labels = read_parquet(snakemake.input.labels)
    shown = spread_over_classes(labels, ids_of(paths[:1]), params.shapes)
    found, maps = azimuths([view_names(path) for path in paths]), {}
    for name, path, (view, azimuth) in zip(params.projections, paths, found, strict=True):
        depth = read_h5_rows([path], "depth", shown["id"].to_numpy())
        maps[f"{name}, {azimuth}"] = depth[:, view]
    figure = compare_projections(maps, list(shown["class"]), snakemake.wildcards.dataset)
    save(figure, snakemake.output[0])
