"""The stage `corrupt`: the test clouds of a data set, corrupted, beside its own labels and ids."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from pointclip.clouds.load import normalise
from pointclip.core.errors import UserError
from pointclip.core.job import progress
from pointclip.core.store import create_rows, new_h5, open_h5, read_parquet, write_parquet
from pointclip.data.corruptions import corrupt, shape_generator
from pointclip.data.readers.base import check_clouds


def corrupt_split(
    clouds: str | Path,
    labels: str | Path,
    ids: str | Path,
    corruption: Mapping[str, Any],
    out_clouds: str | Path,
    out_labels: str | Path,
    out_ids: str | Path,
) -> None:
    """Write corrupted test clouds; labels and source ids are copies.

    A shape's random numbers depend on the seed and the name that the data set itself gives it.
    Every cloud is centred and scaled to the unit sphere again, published ones too: most corruptions
    end with a box, which a camera at a fixed distance would see larger.

    Args:
        corruption: `name`, `severity`, `seed`; with `files`, a folder of published ModelNet40-C
            files (`data_{name}_{severity}.npy`, `label.npy`), those are read in place of ours.

    Raises:
        UserError: if there is no such corruption, or the published files are not of these shapes.
    """
    frame, names = read_parquet(labels), read_parquet(ids)
    name, severity = corruption["name"], corruption["severity"]
    published = None
    if "files" in corruption:
        folder = Path(corruption["files"])
        published = read_published(folder, name, severity, frame["label"].to_numpy())
    with (
        open_h5(clouds) as source,
        new_h5(out_clouds, **source.attrs, corruption=corruption) as out,
    ):
        points = source["points"]
        out["id"] = source["id"][:]
        count = range(len(points))
        for row in progress(count, len(points), "shape", f"Corrupting by {name}"):
            if published is None:
                rng = shape_generator(corruption["seed"], str(names["source_id"].iloc[row]))
                cloud = corrupt(points[row], name, severity, rng)
            else:
                cloud = published[row].astype(np.float32)
                check_clouds(cloud[None], corruption["files"])
            if row == 0:
                shape = (len(points), *cloud.shape)
                stored = create_rows(out, "points", shape, np.float32)
            stored[row] = normalise(cloud)
    write_parquet(frame, out_labels, **frame.attrs)
    write_parquet(names, out_ids, **names.attrs)


def read_published(
    folder: Path, name: str, severity: int, labels: np.ndarray
) -> Float[np.ndarray, "shape point 3"]:
    """Clouds of a published ModelNet40-C file, read as they are needed.

    Raises:
        UserError: if a file is missing or damaged, or its shapes are not those of the data set.
    """
    path = folder / f"data_{name}_{severity}.npy"
    try:
        clouds = np.load(path, mmap_mode="r", allow_pickle=False)
        # Mapped too: of what a header announces, no more than the file holds is taken.
        own = np.load(folder / "label.npy", mmap_mode="r", allow_pickle=False).reshape(-1)
    # numpy parses headers as Python's literals and maps what they announce.
    except Exception as error:
        raise UserError(
            f"{folder} does not hold readable files {path.name} and label.npy of ModelNet40-C "
            f"({str(error).splitlines()[0]})."
        ) from error
    if (
        clouds.ndim != 3
        or clouds.shape[2] != 3
        or not clouds.shape[1]
        or not np.issubdtype(clouds.dtype, np.floating)
    ):
        raise UserError(
            f"{path} holds {clouds.dtype} {clouds.shape}, not clouds (shape, point, 3)."
        )
    if len(clouds) != len(labels) or not np.array_equal(own, labels):
        raise UserError(
            f"The {len(clouds)} shapes of {path} are not the {len(labels)} test shapes of the data "
            "set in their order: ModelNet40-C belongs to all classes of the reader modelnet_h5."
        )
    return clouds
