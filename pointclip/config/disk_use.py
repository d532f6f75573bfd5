"""How much disk a whole run of a config takes, kind by kind, from sizes that were measured once."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from pointclip.config import experiments, targets
from pointclip.config.resolve import Config
from pointclip.encoders.weights import ASSETS


class Known(NamedTuple):
    """A published archive: bytes of it and of what is read from it; shapes by split; classes."""

    archive: float
    unpacked: float
    train: int
    test: int
    classes: int


# By reader and variant. Shapes as published; what archives unpack to is rounded up.
DATASETS = {
    ("modelnet_h5", "modelnet40"): Known(435e6, 0.6e9, 9840, 2468, 40),
    ("modelnet_h5", "modelnet10"): Known(0.2e9, 0.3e9, 3991, 908, 10),
    ("folder", "modelnet10"): Known(473.4e6, 2.5e9, 3991, 908, 10),
    ("scanobjectnn_h5", "obj_only"): Known(13.1e9, 2e9, 2309, 581, 15),
    ("scanobjectnn_h5", "obj_bg"): Known(13.1e9, 2e9, 2309, 581, 15),
    ("scanobjectnn_h5", "pb_t50_rs"): Known(13.1e9, 2e9, 11416, 2882, 15),
    ("furniture", "furniture"): Known(0, 0, 92, 264, 23),
}
# Bytes of a shape's compressed depth maps and its views, as drawn of ModelNet10 (1,024 points).
DEPTH = {
    "pointclip_zs": (10_300, 6),
    "pointclip_fs": (27_400, 10),
    "pointclip_v2": (63_600, 10),
    "contour": (74_700, 10),
    "elevated_ring": (65_000, 10),
}
HALF, SINGLE = 2, 4  # bytes of a float


def estimate(config: Config, entries: Mapping[str, Any]) -> dict[str, float]:
    """Kind of file -> bytes that a whole run writes, estimated from above.

    Data sets that are not among the published ones count as nothing: their size is not known.
    """
    found = dict.fromkeys(
        ("downloads", "weights", "clouds", "depth", "features", "bank", "adapters", "logits"), 0.0
    )
    runs, seeds = experiments.all_runs(config), len(config["sampling"]["seeds"])
    copies, draws = targets.bank_copies(config), targets.banked_draws(config)

    def banked(dataset: str, projection: str, file: str) -> int:
        """Shapes in a bank, times their copies."""
        # One nested draw of the most shots, and the release's own draw for every number.
        nested = [shots for protocol, shots in draws[dataset] if protocol != "released"]
        released = [shots for protocol, shots in draws[dataset] if protocol == "released"]
        per_class = (max(nested, default=0) + sum(released)) * seeds
        data = known(entries, dataset)
        most = min(data.train, per_class * data.classes)
        projection = entries["projections"][projection]["source"]
        return most * copies[dataset][projection][file.removesuffix(".h5")]

    for name in {entries["datasets"][run["dataset"]]["fetched"] for run in runs} - {""}:
        archive = known(entries, name)
        # The archive goes once it is unpacked, but for a while both are there.
        found["downloads"] += archive.archive + archive.unpacked
    for name in {entries["backbones"][run["backbone"]]["fetched"] for run in runs} - {""}:
        found["weights"] += entries["backbones"][name]["entry"]["size"] or 0
    for file in targets.intermediates(config, entries):
        kind, dataset, *rest = file.split("/")
        if kind in ("depth", "features", "bank"):
            found[kind] += _array(kind, known(entries, dataset), rest, entries) * (
                banked(dataset, *rest) if kind == "bank" else 1
            )
    for dataset in {run["dataset"] for run in runs}:
        data, points = known(entries, dataset), entries["datasets"][dataset]["entry"].get("points")
        found["clouds"] += (data.train + data.test) * (points or 2048) * 3 * SINGLE
    for run in runs:
        logits, adapter = _learned(run, seeds, entries)
        found["logits"] += logits
        found["adapters"] += adapter
    return found


def _array(kind: str, data: Known, rest: list[str], entries: Mapping[str, Any]) -> int:
    """Bytes of a file of depth maps or features; of a bank's, bytes for one shape."""
    stored, views = drawn(entries, rest[0])
    shapes = 1 if kind == "bank" else data.train if rest[-1].startswith("train") else data.test
    if kind == "depth":
        return shapes * stored
    return shapes * views * channels(entries, rest[1].removesuffix(".h5")) * HALF


def _learned(run: Mapping[str, Any], seeds: int, entries: Mapping[str, Any]) -> tuple[int, int]:
    """Bytes of the logits and of the adapters of one experiment."""
    data, few = known(entries, run["dataset"]), run["kind"] == "few_shot"
    views = len(entries["projections"][run["projection"]]["views"])
    views = views or drawn(entries, run["projection"])[1]
    logits = data.test * (seeds if few else views) * data.classes * SINGLE
    if not few:
        return logits, 0
    wide = channels(entries, run["backbone"])
    size = {"inter_view": (2 * views + 1) * wide**2}
    size |= dict.fromkeys(("tip", "tip_f"), views * wide * run["shots"] * data.classes)
    method = entries["adapters"][run["adapter"]]["method"]
    return logits, seeds * size.get(method, views * wide * data.classes) * SINGLE


def known(entries: Mapping[str, Any], dataset: str) -> Known:
    """What is known of a data set, by the archive that it is read from."""
    resolved = entries["datasets"][dataset]
    entry, name = resolved["entry"], resolved["fetched"] or dataset
    variant = entry.get("variant", name)
    return DATASETS.get((entry["reader"], variant), Known(0, 0, 0, 0, 0))


def drawn(entries: Mapping[str, Any], projection: str) -> tuple[int, int]:
    """Bytes of a shape's depth maps, and how many views it has."""
    entry = entries["projections"][projection]["entry"]
    stored, views = DEPTH.get(entry["base"], DEPTH["pointclip_v2"])
    chosen = entry.get("views")
    if isinstance(chosen, list):
        return stored * len(chosen) // views, len(chosen)
    if isinstance(chosen, str) and chosen.rpartition("-")[2].isdecimal():  # ring-12
        return stored * int(chosen.rpartition("-")[2]) // views, int(chosen.rpartition("-")[2])
    return stored, views


def channels(entries: Mapping[str, Any], backbone: str) -> int:
    """The length of a backbone's features."""
    entry = entries["backbones"][backbone]["entry"]
    return _embedding(entry["model"], entry["model_config"])


@cache
def _embedding(model: str, own: str | None) -> int:
    """What open_clip's description of a model, or its own one, says; importing it takes seconds."""
    spec = find_spec("open_clip")
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or []]
    candidates = [Path(own), ASSETS / own] if own else []
    candidates += [folder / "model_configs" / f"{model}.json" for folder in folders]
    file = next((path for path in candidates if path.is_file()), None)
    return int(json.loads(file.read_text(encoding="utf-8"))["embed_dim"]) if file else 1024
