"""Sample the seen surface of the models whose faces have part names, and write one HDF5 file."""

import logging
import os
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
from build_shapes import STEP, sample_surface, seeded, to_unit_sphere
from catalog import check_package, open_libraries, read_catalog, read_named_mesh
from part_names import UNNAMED, face_names, point_parts, read_rules, rules_of
from scipy.spatial import cKDTree
from visible import visible


class Labelled(NamedTuple):
    """Seen points of one shape, the part of each, and what share of the surface is not seen."""

    points: np.ndarray
    parts: np.ndarray
    hidden: float


def label_shape(
    triangles: np.ndarray,
    names: np.ndarray,
    rules: list,
    count: int,
    floor: int,
    named: float,
    generator: np.random.Generator,
) -> Labelled | None:
    """`count` seen points with part names; None if too little has one, or all has the same."""
    points, faces = sample_surface(triangles, 6 * count, generator)
    seen = visible(points, triangles)
    low, high = triangles[..., 1].min(), triangles[..., 1].max()
    heights = (points[:, 1] - low) / max(high - low, 1e-12)
    parts = point_parts(face_names(triangles, names)[faces], heights, rules)
    if (parts[seen] != UNNAMED).mean() < named:
        return None
    kept = np.flatnonzero(seen & (parts != UNNAMED))[:count]
    if len(kept) < count:
        raise SystemExit(f"Only {len(kept)} of {len(points)} points are seen: sample more.")
    merged = merge_small(points[kept], parts[kept], floor)
    if len(set(merged)) < 2:
        return None
    return Labelled(to_unit_sphere(points[kept]), merged, 1 - float(seen.mean()))


def merge_small(points: np.ndarray, parts: np.ndarray, floor: int) -> np.ndarray:
    """Parts of fewer than `floor` points become that of the nearest point of a larger part."""
    found, counts = np.unique(parts.astype(str), return_counts=True)
    large = np.isin(parts.astype(str), found[counts >= floor])
    nearest = cKDTree(points[large]).query(points)[1]
    return parts[large][nearest].astype(str)


def write(path: Path, shapes: dict[str, Labelled], about: dict, notes: dict[str, str]) -> None:
    """The data set as HDF5, without times (a rebuild is bit-identical), in place when complete."""
    ids = list(shapes)
    classes = sorted({about[each][0] for each in ids})
    parts = sorted({part for shape in shapes.values() for part in shape.parts})
    pairs = sorted({(about[each][0], part) for each in ids for part in shapes[each].parts})
    partial, text = path.with_suffix(".part"), h5py.string_dtype()
    with h5py.File(partial, "w", track_order=False) as file:
        options = {"compression": "gzip", "compression_opts": 9, "shuffle": True}
        points = np.rint(np.stack([shapes[each].points for each in ids]) / STEP).astype(np.int16)
        part = np.searchsorted(parts, np.stack([shapes[each].parts for each in ids]))
        for name, data in {"points": points, "part": part.astype(np.uint8)}.items():
            chunks = (16, *data.shape[1:])
            file.create_dataset(name, data=data, chunks=chunks, track_times=False, **options)
        file["points"].attrs["scale"] = STEP
        columns = {
            "label": np.array([classes.index(about[each][0]) for each in ids], np.uint8),
            "hidden": np.array([shapes[each].hidden for each in ids], np.float32),
        }
        for name, data in columns.items():
            file.create_dataset(name, data=data, track_times=False)
        split = [about[each][1] for each in ids]
        for name, strings in {"published_id": ids, "split": split}.items():
            file.create_dataset(name, data=strings, dtype=text, track_times=False)
        file.attrs.create("classes", classes, dtype=text)
        file.attrs.create("parts", parts, dtype=text)
        file.attrs.create("class_parts", ["/".join(pair) for pair in pairs], dtype=text)
        for key, value in notes.items():
            file.attrs[key] = value
    os.replace(partial, path)


def main() -> None:
    """Called by Snakemake."""
    logging.basicConfig(filename=snakemake.log[0], level=logging.INFO, filemode="w")
    package, settings = Path(snakemake.input.package), snakemake.params
    check_package(package, settings.sha256)
    rules = read_rules(Path(snakemake.input.rules))
    with h5py.File(snakemake.input.shapes) as file:
        classes = file.attrs["classes"]
        labels = [classes[label] for label in file["label"][:]]
        ids, split = file["published_id"].asstr()[:], file["split"].asstr()[:]
    libraries = open_libraries(package)
    catalogs = {name: read_catalog(library) for name, library in libraries.items()}
    shapes, about = {}, {}
    for each, label, side in zip(ids, labels, split, strict=True):
        own = rules_of(rules, label, each)
        if not own:
            continue
        library, model = each.split("#")
        triangles, names = read_named_mesh(libraries[library], catalogs[library][model])
        generator = seeded(f"parts/{each}", settings.seed)
        shape = label_shape(
            triangles, names, own, settings.points, settings.floor, settings.named, generator
        )
        if shape is None:
            logging.info("%s %s: not used", label, each)
            continue
        shapes[each], about[each] = shape, (label, side)
        counted = zip(*np.unique(shape.parts, return_counts=True), strict=True)
        found = ", ".join(f"{part} {count}" for part, count in counted)
        logging.info("%s %s (%s): %s", label, each, side, found)
    notes = {"up_axis": "y", "source": settings.source, "licence": settings.licence}
    write(Path(snakemake.output[0]), shapes, about, notes)


if __name__ == "__main__":
    main()
