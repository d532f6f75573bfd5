"""One flipped bit in each kind of file that the project writes: told, or without any effect."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import few_shot_data
import h5py
import numpy as np
from harness import Case, Suite, told
from mutate import flip
from scenes import pose, write_scene

from pointclip.catalog.registration import PAIRS, SETTINGS
from pointclip.classification import zero_shot
from pointclip.classification.few_shot.adapter_file import read_adapter, write_adapter
from pointclip.classification.few_shot.train import train
from pointclip.core import store
from pointclip.core.tensors import read_tensors
from pointclip.projection.project import project
from pointclip.projection.projection import get_projection
from pointclip.registration import frame_stages


def content(path: Path) -> Any:
    """All that a file holds, in a form that can be compared."""
    if path.suffix == ".parquet":
        frame = store.read_parquet(path)
        return frame.to_json(double_precision=15), frame.dtypes.to_dict(), frame.attrs
    if path.suffix == ".safetensors":
        read_adapter(path)
        tensors, about = read_tensors(path)
        return {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}, about
    found: dict[str, Any] = {}
    with store.open_h5(path) as f:

        def visit(name: str, item: Any) -> None:
            found[name] = {key: str(value) for key, value in item.attrs.items()}
            if isinstance(item, h5py.Dataset):
                found[name]["data"] = np.asarray(item[:]).tobytes(), item.shape, str(item.dtype)

        f.visititems(visit)
        visit("/", f)
    return found


def flips(make: Callable[[Path], Path], folder: Path) -> Case:
    """Flip a bit of the file that `make` writes, and read all of it."""
    path = make(folder)
    good, expected = path.read_bytes(), content(path)

    def case(rng: random.Random) -> str:
        path.write_bytes(flip(good, rng))
        found: list[Any] = []
        return told(lambda: found.append(content(path)), lambda: found != [expected])

    return case


def _few_shot(kind: str, folder: Path) -> Path:
    path = few_shot_data.write_files(folder)[kind]
    return path[0] if isinstance(path, list) else path


def _logits(folder: Path) -> Path:
    paths, path = few_shot_data.write_files(folder), folder / "logits.h5"
    zero_shot.write_logits(paths["test_features"], paths["text"], None, path)
    return path


def _few_shot_logits(folder: Path) -> Path:
    path, logits = folder / "logits.h5", np.random.default_rng(0).normal(size=(3, 20, 5))
    with store.new_h5(path, classes=["a", "b", "c", "d", "e"], seeds=[1, 2, 3]) as f:
        f["logits"], f["id"] = logits, np.array([f"test/{i:06d}" for i in range(20)], "S")
    return path


def _adapter(folder: Path) -> Path:
    task, path = few_shot_data.task(), folder / "a.safetensors"
    write_adapter(train("nearest_mean", task)["plain"], task, path, "nearest_mean", "plain")
    return path


def _clouds(folder: Path) -> Path:
    with store.new_h5(folder / "clouds.h5", up="y") as f:
        f["points"] = np.random.default_rng(0).normal(size=(6, 64, 3)).astype(np.float32) / 3
        f["id"] = np.array([f"test/{i:06d}" for i in range(6)], "S")
    return folder / "clouds.h5"


def _depth(folder: Path) -> Path:
    projection = get_projection("pointclip_zs")
    project(_clouds(folder), projection, folder / "depth.h5", threads=1)
    return folder / "depth.h5"


def _pairs(folder: Path) -> Path:
    frame_stages.table_of_pairs(_entry(folder)).pipe(store.write_parquet, folder / "p.parquet")
    return folder / "p.parquet"


def _frames(folder: Path) -> Path:
    entry = _entry(folder)
    frame_stages.write_frames(frame_stages.table_of_pairs(entry), entry, folder / "frames.h5")
    return folder / "frames.h5"


def _entry(folder: Path) -> dict[str, Any]:
    scene = write_scene(folder / "room", [pose(), pose(6, (0.15, 0, 0.1))])
    return {**SETTINGS["indoor"], **PAIRS, "path": str(scene)}


def _matches(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    with store.new_h5(folder / "poses.h5", solver={"name": "kabsch"}) as f:
        for pair in ("room/0-1", "room/1-0"):
            group = f.create_group(pair)
            group["matches"] = rng.integers(0, 99, (40, 2)).astype(np.int32)
            group["pose"], group.attrs["seconds"] = np.eye(4), 0.2
    return folder / "poses.h5"


KINDS: dict[str, Callable[[Path], Path]] = {
    **{"clouds": _clouds, "depth maps": _depth, "logits": _logits, "adapters": _adapter},
    **{"features": partial(_few_shot, "test_features"), "text": partial(_few_shot, "text")},
    **{"labels": partial(_few_shot, "test_labels"), "shots": partial(_few_shot, "shots")},
    **{"augmented features": partial(_few_shot, "augmented"), "logits of seeds": _few_shot_logits},
    **{"pairs": _pairs, "frames": _frames, "matches and poses": _matches},
}
SUITES: dict[str, Suite] = {
    f"one flipped bit: {name}": partial(flips, make) for name, make in KINDS.items()
}
