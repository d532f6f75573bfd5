"""The stages of the DAG that depend on a pair: matches and poses. The truth is not read here."""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pointclip.catalog.registration import RANDOM_MATCHES
from pointclip.core.errors import UserError
from pointclip.core.job import progress
from pointclip.core.store import new_h5
from pointclip.registration.match import match
from pointclip.registration.pose.solve import check_library, solve
from pointclip.registration.register import make_side
from pointclip.registration.side import Side
from pointclip.registration.side_file import group_name, problem_of, read_keypoints, read_surface


class PairReader:
    """Reads the sides of pairs; a frame in many pairs is read once.

    Args:
        features: files of the families that are fused. weights: of each.
        dimensions: for a file of diffusion layers, to how many the axes of a pair reduce them.
    """

    def __init__(
        self,
        frames: Any,
        features: Sequence[Any],
        weights: Sequence[float | int],
        dimensions: Sequence[int] = (),
        keep: int = 64,
    ):
        self.frames, self.features, self.weights = frames, features, weights
        self.dimensions = dimensions or [0] * len(features)
        self.sides: dict[str, Side] = {}
        self.keep = keep

    def problem(self, names: Sequence[str]) -> str:
        """Why a pair cannot be registered; empty if it can."""
        sentences = (problem_of(file, names) for file in (self.frames, *self.features))
        return next((sentence for sentence in sentences if sentence), "")

    def pair(self, names: tuple[str, str]) -> tuple[Side, Side]:
        """Both sides of a pair. Layers, which hold no features yet, get them by the pair's axes."""
        if not any(self.dimensions):
            return self.side(names[0]), self.side(names[1])
        # Only this family needs torch.
        from pointclip.registration.layer_stages import pair_features

        keypoints = [read_keypoints(self.frames, name) for name in names]
        both = [
            pair_features(file, names, (keypoints[0], keypoints[1]), dimensions)
            if dimensions
            else tuple(file[name]["features"][:] for name in names)
            for file, dimensions in zip(self.features, self.dimensions, strict=True)
        ]
        query, target = (
            make_side(
                keypoints[index],
                [parts[index] for parts in both],
                self.weights,
                read_surface(self.frames, name),
                is_query=index == 0,
            )
            for index, name in enumerate(names)
        )
        return query, target

    def side(self, name: str) -> Side:
        """One side with all that matching and solving need."""
        if name not in self.sides:
            while len(self.sides) >= self.keep:  # memory stays flat, however many frames there are
                self.sides.pop(next(iter(self.sides)))
            keypoints = read_keypoints(self.frames, name)
            parts = [file[name]["features"][:] for file in self.features] or [
                np.ones((len(keypoints.uv), 1), np.float32)
            ]
            surface = read_surface(self.frames, name)
            is_query = name.startswith("query/")
            self.sides[name] = make_side(keypoints, parts, self.weights, surface, is_query)
        return self.sides[name]


def names_of(row: Any) -> tuple[str, str]:
    """The groups of a pair's two sides."""
    query = group_name("query", row.scene, row.query)
    return query, group_name("target", row.scene, row.target)


def write_matches(
    pairs: pd.DataFrame, reader: PairReader, path: str | Path, random: bool = False
) -> None:
    """The matches of every pair, or so many random ones; and the CPU seconds of matching."""

    def matches(index: int, query: Side, target: Side) -> np.ndarray:
        if not random:
            return match(query.features, target.features, query.valid, target.valid)
        rng = np.random.default_rng(index)
        ends = [np.flatnonzero(side.keypoints.known) for side in (query, target)]
        if not all(map(len, ends)):
            return np.empty((0, 2), dtype=np.int64)
        return np.stack([rng.choice(end, RANDOM_MATCHES) for end in ends], axis=-1)

    with new_h5(path) as file:
        for index, row, group in _each_pair(pairs, reader, file):
            query, target = reader.pair(names_of(row))
            start = time.process_time()
            found = matches(index, query, target)
            group.attrs["seconds"] = time.process_time() - start
            group["matches"] = found.astype(np.int32)


def write_poses(
    pairs: pd.DataFrame,
    reader: PairReader,
    matches: Any,
    solver: Mapping[str, Any],
    unit: float,
    path: str | Path,
) -> None:
    """The pose of every pair (query's camera to target's), its inliers, and the CPU seconds.

    Raises:
        UserError: if the solver's library is missing.
    """
    check_library(solver)
    with new_h5(path, solver=dict(solver)) as file:
        _compile(pairs, reader, matches, solver, unit)
        for index, row, group in _each_pair(pairs, reader, file):
            query, target = reader.pair(names_of(row))
            chosen = matches[row.pair]["matches"][:].astype(np.int64)
            start = time.process_time()
            try:
                found = solve(query, target, chosen, solver, unit, seed=index)
            except UserError as error:
                group.attrs["problem"] = str(error)
                continue
            group.attrs["seconds"] = time.process_time() - start
            group["inliers"] = found.inliers
            if found.pose is None:
                group.attrs["problem"] = f"No pose follows from {len(chosen)} matches."
            else:
                group["pose"] = found.pose


def _compile(
    pairs: pd.DataFrame, reader: PairReader, matches: Any, solver: Mapping[str, Any], unit: float
) -> None:
    """Solve the first pair once before time is taken: numba compiles at the first call."""
    for row in pairs.itertuples(index=False):
        if not reader.problem(names_of(row)) and "matches" in matches[row.pair]:
            query, target = reader.pair(names_of(row))
            chosen = matches[row.pair]["matches"][:].astype(np.int64)
            with contextlib.suppress(UserError):
                solve(query, target, chosen, solver, unit)
            return


def _each_pair(
    pairs: pd.DataFrame, reader: PairReader, file: Any
) -> Iterator[tuple[int, Any, Any]]:
    """(index, row, new group) of every pair; those with a problem only get its sentence."""
    rows = list(enumerate(pairs.itertuples(index=False)))
    for index, row in progress(rows, len(rows), unit="pair"):
        group = file.create_group(row.pair)
        if sentence := reader.problem(names_of(row)):
            group.attrs["problem"] = sentence
        else:
            yield index, row, group
