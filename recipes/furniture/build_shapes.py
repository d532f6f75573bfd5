"""Sample the selected models and write them, split and labelled, as one HDF5 file."""

import csv
import hashlib
import logging
import os
from pathlib import Path

import h5py
import numpy as np
from catalog import check_package, open_libraries, read_catalog, read_mesh


STEP = 1 / 32767  # unit sphere in int16: a quarter of float32's size, finer than any depth map


def seeded(name: str, seed: int) -> np.random.Generator:
    """A generator of its own for each shape or class, so that adding one changes no other."""
    return np.random.default_rng(
        int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "little")
    )


def read_selection(path: Path) -> list[dict[str, str]]:
    """The kept rows in the order of the data set: by class, then by published id."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["decision"] == "keep"]
    for row in rows:
        row["id"] = f"{row['library']}#{row['model']}"
    return sorted(rows, key=lambda row: (row["class"], row["id"]))


def sample_surface(
    triangles: np.ndarray, count: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Points (count, 3), uniform over the area, and the triangle of each (count,)."""
    sides = triangles[:, 1:] - triangles[:, :1]
    areas = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    drawn = generator.random((3, count))
    edges = np.cumsum(areas)
    chosen = np.minimum(np.searchsorted(edges, drawn[0] * edges[-1], side="right"), len(areas) - 1)
    corner = np.sqrt(drawn[1])  # uniform in a triangle
    weights = np.stack([corner * (1 - drawn[2]), corner * drawn[2]], axis=1)
    return triangles[chosen, 0] + (weights[:, :, None] * sides[chosen]).sum(1), chosen


def to_unit_sphere(points: np.ndarray) -> np.ndarray:
    """Centred at the mean of the points and scaled to radius 1, as ModelNet's h5 files are."""
    points = points - points.mean(0)
    return points / np.linalg.norm(points, axis=1).max()


def sample_split(rows: list[dict[str, str]], train: int, seed: int) -> list[str]:
    """'train' for exactly `train` shapes of each class, else 'test'; families stay together."""
    chosen: set[str] = set()
    for name in sorted({row["class"] for row in rows}):
        families: dict[str, list[str]] = {}
        for row in rows:
            if row["class"] == name:
                families.setdefault(row["family"] or row["id"], []).append(row["id"])
        taken: list[str] = []
        for family in seeded(f"split/{name}", seed).permutation(sorted(families)):
            if len(taken) + len(families[family]) <= train:
                taken += families[family]
        if len(taken) != train:
            raise SystemExit(
                f"The families of class {name!r} leave no way to sample {train} train shapes."
            )
        chosen.update(taken)
    return ["train" if row["id"] in chosen else "test" for row in rows]


def write(
    path: Path,
    points: np.ndarray,
    rows: list[dict[str, str]],
    split: list[str],
    notes: dict[str, str],
) -> None:
    """The data set as HDF5, without times (a rebuild is bit-identical), in place when complete."""
    classes = sorted({row["class"] for row in rows})
    partial = path.with_suffix(".part")
    with h5py.File(partial, "w", track_order=False) as file:
        options = {
            "compression": "gzip",
            "compression_opts": 9,
            "shuffle": True,
            "track_times": False,
        }
        chunks = (16, *points.shape[1:])
        stored = file.create_dataset("points", data=points, chunks=chunks, **options)
        stored.attrs["scale"] = STEP
        labels = np.array([classes.index(row["class"]) for row in rows], np.uint8)
        file.create_dataset("label", data=labels, track_times=False)
        text = h5py.string_dtype()
        file.create_dataset(
            "published_id", data=[row["id"] for row in rows], dtype=text, track_times=False
        )
        file.create_dataset("split", data=split, dtype=text, track_times=False)
        file.attrs.create("classes", classes, dtype=text)
        for key, value in notes.items():
            file.attrs[key] = value
    os.replace(partial, path)


def main() -> None:
    """Called by Snakemake."""
    logging.basicConfig(filename=snakemake.log[0], level=logging.INFO, filemode="w")
    package, settings = Path(snakemake.input.package), snakemake.params
    check_package(package, settings.sha256)
    rows = read_selection(Path(snakemake.input.selection))
    libraries = open_libraries(package)
    catalogs = {name: read_catalog(library) for name, library in libraries.items()}
    points = np.empty((len(rows), settings.points, 3), np.int16)
    for index, row in enumerate(rows):
        model = catalogs[row["library"]][row["model"]]
        panes = row["class"] not in settings.without_panes
        triangles = read_mesh(libraries[row["library"]], model, panes)
        cloud, _ = sample_surface(triangles, settings.points, seeded(row["id"], settings.seed))
        points[index] = np.rint(to_unit_sphere(cloud) / STEP)
        logging.info("%s %s: %d triangles", row["class"], row["id"], len(triangles))
    split = sample_split(rows, settings.train, settings.seed)
    notes = {"up_axis": "y", "source": settings.source, "licence": settings.licence}
    write(Path(snakemake.output[0]), points, rows, split, notes)


if __name__ == "__main__":
    main()
