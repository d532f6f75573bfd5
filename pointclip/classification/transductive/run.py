"""Transductive methods between the files of the DAG. No label of a test shape is read here."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from pointclip.catalog.transductive import TRANSDUCTIVE
from pointclip.classification.transductive.point_cache import point_cache
from pointclip.classification.transductive.stata import Classes, Items, Soft, stata
from pointclip.classification.transductive.stream import stream_order
from pointclip.classification.transductive.tda import tda
from pointclip.classification.transductive.transclip import transclip, transclip_few_shot
from pointclip.classification.transductive.uni_adapter import uni_adapter
from pointclip.classification.transductive.zlap import zlap, zlap_inductive
from pointclip.core import store
from pointclip.core.errors import UserError, choose
from pointclip.data.shots import seeds_of, shot_ids
from pointclip.features.read import Paths, read_features, read_labels, read_prototypes


log = logging.getLogger(__name__)
AT_ONCE: dict[str, Callable[[Items, Classes, float], Soft]] = {
    "stata": stata,
    "transclip": transclip,
    "zlap": lambda items, text, scale: zlap(items, text),
}
STREAMS = {"tda": tda, "point_cache": point_cache, "uni_adapter": uni_adapter}


def write_transductive(
    method: str,
    features: Paths,
    text: str | Path,
    path: str | Path,
    seeds: Sequence[int] = (),
    train: Paths = (),
) -> None:
    """Write the logits (seed, shape, class) of a method that sees the test shapes of `features`.

    Args:
        seeds: of the streams' orders; other methods have one row of logits, without a seed.
        train: features of unlabelled train shapes, for `zlap_inductive`.

    Raises:
        UserError: if there is no such method, or a feature is NaN or infinite.
    """
    about = TRANSDUCTIVE[choose(method, TRANSDUCTIVE, "transductive method")]
    prototypes, scale, classes = read_prototypes(text)
    items, ids = _unit_vectors(features), store.ids_of(features)
    repeated = _repeat(prototypes, items)
    if about.stream:
        found = [
            STREAMS[method](items, repeated, scale, stream_order(len(items), seed))
            for seed in seeds
        ]
    elif about.train:
        found, seeds = [zlap_inductive(items, repeated, _unit_vectors(train))], [-1]
    else:
        found, seeds = [AT_ONCE[method](items, repeated, scale)], [-1]
    _write(path, method, ids, seeds, classes, found)


def write_transductive_few_shot(
    features: Paths,
    text: str | Path,
    path: str | Path,
    sampled: str | Path,
    shots: int,
    labels: str | Path,
    train: Paths,
) -> None:
    """Write the logits of TransCLIP's few-shot form, for the shots of every seed.

    Args:
        sampled: the shots of the data set.
        labels, train: of the TRAIN split.
    """
    prototypes, scale, classes = read_prototypes(text)
    items, ids = _unit_vectors(features), store.ids_of(features)
    repeated = _repeat(prototypes, items)
    frame = store.read_parquet(sampled)
    seeds, found = seeds_of(frame), []
    for chosen in shot_ids(frame, shots):
        own = concatenate(read_features(train, chosen))
        label = read_labels(labels, chosen)
        found.append(transclip_few_shot(items, repeated, scale, own, label))
    _write(path, "transclip", ids, seeds, classes, found)


def on_items(
    method: str,
    features: Float[np.ndarray, "shape view channel"],
    prototypes: Float[np.ndarray, "class channel"],
    scale: float,
) -> Soft:
    """Logits of a method on some shapes; the order of a stream is that of the shapes.

    Raises:
        UserError: if the method reads train shapes or does not exist, or a feature is not finite.
    """
    names = [name for name, about in TRANSDUCTIVE.items() if not about.train]
    choose(method, names, "transductive method")
    items = concatenate(features)
    repeated = _repeat(prototypes, items)
    if method in STREAMS:
        return STREAMS[method](items, repeated, scale, np.arange(len(items)))
    return AT_ONCE[method](items, repeated, scale)


def concatenate(features: Float[np.ndarray, "shape view channel"]) -> Items:
    """All views of a shape as one unit vector in double precision.

    Raises:
        UserError: if a feature is NaN or infinite.
    """
    wide = features.astype(np.float64)
    if not np.isfinite(wide).all():
        broken = np.count_nonzero(~np.isfinite(wide).all((1, 2)))
        raise UserError(
            f"The features of {broken} shapes hold NaN or infinite values: "
            "encode them again, in fp32 if the backbone overflows fp16."
        )
    unit = wide / np.linalg.norm(wide, axis=-1, keepdims=True).clip(1e-12)
    return unit.reshape(len(unit), -1) / features.shape[1] ** 0.5


def _unit_vectors(paths: Paths) -> Items:
    return concatenate(read_features(paths))


def _repeat(prototypes: Float[np.ndarray, "class channel"], items: Items) -> Classes:
    """Prototypes for all views side by side, as the items are."""
    views = items.shape[1] // prototypes.shape[1]
    return concatenate(np.repeat(prototypes[:, None], views, axis=1))


def _write(
    path: str | Path,
    method: str,
    ids: np.ndarray,
    seeds: Sequence[int],
    classes: list[str],
    found: Sequence[Soft],
) -> None:
    about = {"method": method, "protocol": "transductive", "classes": classes}
    with store.new_h5(path, **about) as out:
        out["id"] = ids.astype(object)
        out["seed"] = np.array(seeds, dtype=np.int64)
        out["logits"] = np.stack(found).astype(np.float32)
    log.info("%s: %d shapes, %d rows of logits each", method, len(ids), len(found))
