"""Which train shapes a classifier may see: nested seeded shots, held-out shapes, v1's own draw."""

import logging
import random
from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Int

from pointclip.core.errors import UserError


log = logging.getLogger(__name__)
COLUMNS = ["protocol", "shots", "seed", "class", "rank", "id"]


def draw_shots(
    labels: pd.DataFrame,
    shots: Sequence[int],
    seeds: Sequence[int],
    validation_per_class: int = 4,
    validation_seed: int = 0,
) -> pd.DataFrame:
    """Draw every shot and every held-out shape of a data set from its train labels alone.

    Rows of protocol `plain` serve `plain` and `validation`: per seed the shots are nested (the
    4-shot set begins the 8-shot set). Rows `released` follow v1's sampler. Rows `validation`
    (shots 0) are held out from every `plain` draw: `validation_per_class` a class, or what the
    largest number of shots leaves.

    Args:
        labels: `id`, `label` and `class` in the data set's own order; `attrs["classes"]`, if
            there, names all classes in label order.
    """
    names = list(labels.attrs.get("classes") or labels.sort_values("label")["class"].unique())
    _check(names, labels, shots, seeds)
    ids = labels["id"].to_numpy(dtype=object)
    label = labels["label"].to_numpy(dtype=np.int64)
    rows: list[tuple] = []
    for position, name in enumerate(names):
        members = np.flatnonzero(label == position)
        if len(members) < max(shots):
            log.warning(
                "Class '%s' has %d train shapes for %d shots: shapes are drawn repeatedly.",
                name,
                len(members),
                max(shots),
            )
        spare = max(0, min(validation_per_class, len(members) - max(shots)))
        order = np.random.default_rng([validation_seed, position]).permutation(members)
        held_out, pool = order[:spare], np.sort(order[spare:])
        rows += [
            ("validation", 0, validation_seed, name, r, ids[i]) for r, i in enumerate(held_out)
        ]
        for seed in seeds:
            drawn = np.random.default_rng([seed, position]).permutation(pool)
            drawn = np.resize(drawn, max(shots))  # starts over if the class is too small
            for k in shots:
                rows += [("plain", k, seed, name, r, ids[i]) for r, i in enumerate(drawn[:k])]
    for k in shots:
        for seed in seeds:
            for index, i in enumerate(released_draw(label, k, seed)):
                rows.append(("released", k, seed, names[label[i]], index % k, ids[i]))
    if not any(row[0] == "validation" for row in rows):
        log.warning(
            "No train shape is left to hold out at %d shots: there is no `validation` protocol.",
            max(shots),
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def released_draw(
    labels: Int[np.ndarray, " shape"], shots: int, seed: int
) -> Int[np.ndarray, " shot"]:
    """Row numbers that v1's sampler draws: class by class in order of first appearance."""
    draw = random.Random(seed)
    members: dict[int, list[int]] = {}
    for row, label in enumerate(labels.tolist()):
        members.setdefault(label, []).append(row)
    chosen: list[int] = []
    for rows in members.values():
        enough = len(rows) >= shots
        chosen += draw.sample(rows, shots) if enough else draw.choices(rows, k=shots)
    return np.array(chosen, dtype=np.int64)


def seeds_of(frame: pd.DataFrame, protocol: str, shots: int) -> list[int]:
    """The seeds drawn for a protocol and number of shots, in the order of the config."""
    rows = frame[(frame["protocol"] == protocol) & (frame["shots"] == shots)]
    return [int(seed) for seed in rows["seed"].unique()]


def shot_ids(frame: pd.DataFrame, protocol: str, shots: int) -> np.ndarray:
    """Ids of the shots as (seed, shot), seeds as `seeds_of` lists them."""
    rows = frame[(frame["protocol"] == protocol) & (frame["shots"] == shots)]
    if rows.empty:
        known = sorted(frame.loc[frame["protocol"] == protocol, "shots"].unique().tolist())
        raise UserError(f"No {shots}-shot draw for protocol '{protocol}': there are {known}.")
    groups = [group["id"].to_numpy(dtype=object) for _, group in rows.groupby("seed", sort=False)]
    return np.stack(groups)


def validation_ids(frame: pd.DataFrame) -> np.ndarray:
    """Ids of the held-out train shapes; empty where nothing could be held out."""
    return frame.loc[frame["protocol"] == "validation", "id"].to_numpy(dtype=object)


def bank_ids(frame: pd.DataFrame, draws: Sequence[tuple[str, int]] | None = None) -> np.ndarray:
    """Ids of all shapes that are a shot, each once: what a bank has to hold.

    Args:
        draws: protocol and number of shots of the draws that count; None for all. The released
            draws are not nested: without them a bank is little more than half as large.
    """
    shots = frame[frame["protocol"] != "validation"]
    if draws is not None:
        wanted = {("plain" if name == "validation" else name, count) for name, count in draws}
        pairs = zip(shots["protocol"], shots["shots"], strict=True)
        shots = shots[[pair in wanted for pair in pairs]]
    return np.sort(shots["id"].unique().astype(object))


def _check(
    names: list[str], labels: pd.DataFrame, shots: Sequence[int], seeds: Sequence[int]
) -> None:
    twice = sorted({seed for seed in seeds if list(seeds).count(seed) > 1})
    if twice:
        raise UserError(f"Seed {twice[0]} is listed twice: every seed must differ.")
    if not shots or min(shots) < 1:
        raise UserError(f"Shots {list(shots)} cannot be drawn: each must be 1 or more.")
    empty = sorted(set(range(len(names))) - set(labels["label"].tolist()))
    if empty:
        raise UserError(
            "No train shape of class "
            + ", ".join(f"'{names[i]}'" for i in empty)
            + ": few-shot needs at least one of every class."
        )
