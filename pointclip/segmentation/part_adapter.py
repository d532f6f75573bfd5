"""A file of what few-shot part segmentation learned, so that it can be used again by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from pointclip.core.errors import UserError, choose
from pointclip.core.tensors import read_tensors, write_tensors
from pointclip.segmentation.few_shot_parts import PartProbe


KIND = "parts"
_FIELDS = [field.name for field in fields(PartProbe)]


@dataclass(frozen=True)
class PartAdapter:
    """One seed of a file.

    Attributes:
        probes: class -> what was learned.
        parts: class -> names of its parts.
        features: what the probes read: `patch`, `geometry` or `both`.
        trained_with: projection, backbone and patches, as entries of the config.
    """

    file: Path
    probes: dict[str, PartProbe]
    parts: dict[str, list[str]]
    features: str
    trained_with: dict[str, Any]

    def probe(self, name: str | None) -> tuple[str, PartProbe]:
        """The class (which may be left out where there is one) and its probe.

        Raises:
            UserError: if the file knows several classes and none is named, or not this one.
        """
        if name is None and len(self.probes) > 1:
            known = ", ".join(self.probes)
            raise UserError(f"{self.file} knows the parts of {known}: say which class it is.")
        name = name or next(iter(self.probes))
        return choose(name, self.probes, "class"), self.probes[name]


def write_part_adapter(
    path: str | Path,
    probes: Mapping[int, Mapping[str, PartProbe]],
    parts: Mapping[str, list[str]],
    features: str,
    trained_with: Mapping[str, Any],
) -> None:
    """Write all seeds: seed -> class -> probe."""
    tensors = {
        f"{seed}/{name}/{field}": torch.from_numpy(getattr(probe, field).copy())
        for seed, of in probes.items()
        for name, probe in of.items()
        for field in _FIELDS
    }
    about = {"kind": KIND, "seeds": list(probes), "parts": dict(parts), "features": features}
    write_tensors(tensors, path, **about, trained_with=dict(trained_with))


def read_part_adapter(path: str | Path, seed: int | None = None) -> PartAdapter:
    """Read one seed; None takes the first.

    Raises:
        UserError: if it is no such file, is damaged, or holds no such seed.
    """
    tensors, about = read_tensors(path)
    if not isinstance(about, dict) or about.get("kind") != KIND:
        raise UserError(f"{path} is no adapter for parts: it does not say that it is one.")
    try:
        seeds, parts = list(about["seeds"]), dict(about["parts"])
        seed = seeds[0] if seed is None else seed
        if seed not in seeds:
            known = ", ".join(map(str, seeds))
            raise UserError(f"{path} has no seed {seed}: choose one of {known}.")
        probes = {
            name: PartProbe(*(tensors[f"{seed}/{name}/{field}"].numpy() for field in _FIELDS))
            for name in parts
            if f"{seed}/{name}/bias" in tensors
        }
        for name, probe in probes.items():
            _check(probe, len(parts[name]))
        features, trained_with = str(about["features"]), dict(about["trained_with"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} does not hold what an adapter for parts needs ({error})."
        ) from error
    return PartAdapter(Path(path), probes, parts, features, trained_with)


def _check(probe: PartProbe, parts: int) -> None:
    rows, channels = probe.weight.shape
    if probe.bias.shape != (rows,) or probe.parts.shape != (rows,):
        raise ValueError("its tensors do not fit each other")
    if probe.centre.shape != (channels,) or probe.scale.shape != (channels,):
        raise ValueError("its tensors do not fit each other")
    if rows and not 0 <= probe.parts.min() <= probe.parts.max() < parts:
        raise ValueError("it predicts a part that has no name")
