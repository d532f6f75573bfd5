"""Which train shapes a classifier may see: held-out shapes, nested seeded shots, v1's own sampler.

A sample depends on the class and the seed alone, never on which experiments a config lists. How
many shapes are held out, and the seeds: `samplings` of the config, by default SAMPLING in
`catalog/protocols.py`.
"""

import logging
import random
from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Int, Shaped

from pointclip.catalog.protocols import SAMPLING
from pointclip.core.errors import UserError


log = logging.getLogger(__name__)
COLUMNS = ["protocol", "seed", "class", "rank", "id"]
Ids = Shaped[np.ndarray, "seed shot"]


def sample_shots(
    labels: pd.DataFrame,
    seeds: Sequence[int],
    validation_per_class: int = SAMPLING["validation_per_class"],
    validation_seed: int = SAMPLING["validation_seed"],
) -> pd.DataFrame:
    """Hold out some shapes of every class, then rank the others of the class once per seed.

    Rows of protocol `validation` are held out: `validation_per_class` of a class, but at most a
    quarter of it. Rows `plain` rank all other shapes of the class: k shots are the first k ranks,
    so that the shots of a seed are nested. Both protocols train on `plain` rows.

    Args:
        labels: `id`, `label` and `class` of the train split; `attrs["classes"]`, if there, names
            all classes in label order.

    Raises:
        UserError: if a seed is listed twice, or a class has no shape.
    """
    names = list(labels.attrs.get("classes") or labels.sort_values("label")["class"].unique())
    _check(names, labels, seeds)
    ids = labels["id"].to_numpy(dtype=object)
    label = labels["label"].to_numpy(dtype=np.int64)
    rows: list[tuple] = []
    for position, name in enumerate(names):
        members = np.flatnonzero(label == position)
        spare = min(validation_per_class, len(members) // 4)
        order = np.random.default_rng([validation_seed, position]).permutation(members)
        held_out, pool = order[:spare], np.sort(order[spare:])
        rows += [("validation", validation_seed, name, r, ids[i]) for r, i in enumerate(held_out)]
        for seed in seeds:
            ranked = np.random.default_rng([seed, position]).permutation(pool)
            rows += [("plain", seed, name, r, ids[i]) for r, i in enumerate(ranked)]
    if validation_per_class and not any(row[0] == "validation" for row in rows):
        log.warning("No class has four train shapes: none is held out for `validation`.")
    return pd.DataFrame(rows, columns=COLUMNS)


def released_rows(
    labels: Int[np.ndarray, " shape"], shots: int, seed: int
) -> Int[np.ndarray, " shot"]:
    """Row numbers that v1's sampler takes: class by class in order of first appearance."""
    generator = random.Random(seed)
    members: dict[int, list[int]] = {}
    for row, label in enumerate(labels.tolist()):
        members.setdefault(label, []).append(row)
    chosen: list[int] = []
    for rows in members.values():
        enough = len(rows) >= shots
        chosen += generator.sample(rows, shots) if enough else generator.choices(rows, k=shots)
    return np.array(chosen, dtype=np.int64)


def seeds_of(sampled: pd.DataFrame) -> list[int]:
    """The seeds in the order of the config."""
    return [int(seed) for seed in sampled.loc[sampled["protocol"] == "plain", "seed"].unique()]


def shot_ids(sampled: pd.DataFrame, shots: int | None) -> Ids:
    """Ids of the first `shots` of every class, or of all that are not held out, one row a seed.

    A class with fewer shapes gives them again from the first rank on, and the log says so.
    """
    plain = sampled[sampled["protocol"] == "plain"]
    found = []
    for seed, rows in plain.groupby("seed", sort=False):
        parts = []
        for name, members in rows.groupby("class", sort=False)["id"]:
            if shots and len(members) < shots and seed == plain["seed"].iloc[0]:
                sentence = "Class '%s' has %d train shapes for %d shots: shapes are repeated."
                log.warning(sentence, name, len(members), shots)
            ranked = members.to_numpy(dtype=object)
            parts.append(np.resize(ranked, shots) if shots else ranked)
        found.append(np.concatenate(parts))
    return np.stack(found)


def released_ids(labels: pd.DataFrame, shots: int, seeds: Sequence[int]) -> Ids:
    """Ids that v1's sampler takes from the train labels, one row a seed."""
    ids, label = labels["id"].to_numpy(dtype=object), labels["label"].to_numpy(dtype=np.int64)
    return np.stack([ids[released_rows(label, shots, seed)] for seed in seeds])


def validation_ids(sampled: pd.DataFrame) -> np.ndarray:
    """Ids of the held-out train shapes; empty where nothing could be held out."""
    return sampled.loc[sampled["protocol"] == "validation", "id"].to_numpy(dtype=object)


def distinct_shot_ids(
    sampled: pd.DataFrame,
    labels: pd.DataFrame,
    shots: int | None,
    released_shots: Sequence[int] = (),
) -> np.ndarray:
    """Ids of all shapes that are a shot, each once.

    Args:
        shots: the largest number of shots; None for all shapes that are not held out.
        released_shots: the numbers of shots that the release's sampler takes, which are not nested.
    """
    found = [shot_ids(sampled, shots)] if shots != 0 else []
    found += [released_ids(labels, count, seeds_of(sampled)) for count in released_shots]
    return np.unique(np.concatenate([ids.reshape(-1) for ids in found]).astype(str)).astype(object)


def _check(names: list[str], labels: pd.DataFrame, seeds: Sequence[int]) -> None:
    twice = sorted({seed for seed in seeds if list(seeds).count(seed) > 1})
    if twice:
        raise UserError(f"Seed {twice[0]} is listed twice: every seed must differ.")
    empty = sorted(set(range(len(names))) - set(labels["label"].tolist()))
    if empty:
        raise UserError(
            "No train shape of class "
            + ", ".join(f"'{names[i]}'" for i in empty)
            + ": few-shot needs at least one of every class."
        )
