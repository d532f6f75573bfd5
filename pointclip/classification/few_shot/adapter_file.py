"""Adapter files: what training has learned, written, and read back to be applied.

A file holds the state of all seeds and the prototypes as safetensors, and its metadata says what
they are. It may come from a stranger: what it holds is checked before anything is computed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from pointclip.catalog.adapters import METHODS
from pointclip.catalog.protocols import PROTOCOLS
from pointclip.classification.adapters.method import load_method
from pointclip.classification.adapters.task import Features, FewShotTask, Logits, Prototypes, State
from pointclip.classification.temperature import HIGHEST, LOWEST, fit_temperature
from pointclip.core.errors import UserError, choose
from pointclip.core.own_module import is_own
from pointclip.core.tensors import read_tensors, write_tensors


@dataclass(frozen=True)
class Adapter:
    """What an adapter file holds.

    Attributes:
        state: what was learned; every tensor leads with the seed axis.
        prototypes: the text features that it works with.
        temperatures: of each seed's logits, fitted on held-out train shapes; empty where there were
            none.
        unchecked_parts: projection, backbone and prompts as the file states them; to be used only
            as `trained_with.check` returns them.
    """

    file: Path
    method: str
    protocol: str
    seeds: list[int]
    classes: list[str]
    views: int
    logit_scale: float
    state: State
    prototypes: Prototypes
    temperatures: list[float] = field(default_factory=list)
    unchecked_parts: Any = field(default_factory=dict)

    def logits(self, features: Features) -> Logits:
        """Logits of every seed, from all views together.

        Raises:
            UserError: if the state is not one of its method.
        """
        method = load_method(self.method)
        try:
            return method.logits(self.state, features, self.prototypes, self.logit_scale)
        except (KeyError, IndexError, RuntimeError, TypeError, ValueError) as error:
            reason = (str(error).splitlines() or ["no reason given"])[0]
            raise UserError(
                f"The adapter {self.file} does not hold what {self.method} needs ({reason}): "
                "it is damaged, or was made by another version; train it again."
            ) from error

    def only(self, seed: int | None) -> "Adapter":
        """The adapter of one seed; None takes the first.

        Raises:
            UserError: if the file holds no such seed.
        """
        if not self.seeds:
            raise UserError(
                f"{self.file} holds no adapter: its protocol does not exist for that data set."
            )
        if seed is not None and seed not in self.seeds:
            known = ", ".join(map(str, self.seeds))
            raise UserError(f"{self.file} has no seed {seed}: choose one of {known}.")
        row = 0 if seed is None else self.seeds.index(seed)
        state = {name: tensor[row : row + 1] for name, tensor in self.state.items()}
        temperatures = self.temperatures[row : row + 1]
        return replace(self, seeds=[self.seeds[row]], state=state, temperatures=temperatures)

    def to(self, device: torch.device | str) -> "Adapter":
        """The same adapter with its tensors on `device`."""
        state = {name: tensor.to(device) for name, tensor in self.state.items()}
        return replace(self, state=state, prototypes=self.prototypes.to(device))


def write_adapter(
    state: State | None,
    task: FewShotTask,
    path: str | Path,
    method: str,
    protocol: str,
    parts: Mapping[str, Any] | None = None,
) -> None:
    """Write what was learned, with the prototypes it works with.

    Args:
        state: None, where the protocol does not exist, writes a file of no seed.
        parts: projection, backbone and prompts, as `trained_with.describe` gives them.
    """
    write_tensors(
        {**(state or {}), "prototypes": task.prototypes},
        path,
        method=method,
        protocol=protocol,
        seeds=task.seeds if state else [],
        classes=task.classes,
        views=task.augmented.shape[2],
        logit_scale=task.logit_scale,
        temperatures=_temperatures(method, state, task),
        trained_with=dict(parts or {}),
    )


def _temperatures(method: str, state: State | None, task: FewShotTask) -> list[float]:
    """The temperature of every seed's logits that suits the held-out train shapes best."""
    if state is None or task.validation is None or task.validation_labels is None:
        return []
    scores = load_method(method).logits(state, task.validation, task.prototypes, task.logit_scale)
    labels = task.validation_labels.cpu().numpy()
    return [fit_temperature(logits.cpu().numpy(), labels) for logits in scores]


def read_adapter(path: str | Path, own: bool = False) -> Adapter:
    """Read an adapter file. Nothing that it names is loaded or fetched, unless it was made here
    (`own`): then its method may be a user's module.

    Raises:
        UserError: if it is no adapter, says more than an adapter does, or its tensors do not fit.
    """
    tensors, about = read_tensors(path)
    if not isinstance(about, dict) or any(
        name not in about or not accepts(about[name]) for name, accepts in _METADATA.items()
    ):
        raise UserError(f"{path} is not an adapter of pointclip: it does not say what it is.")
    for key in about:
        choose(key[:80], (*_METADATA, *_OPTIONAL), f"key in the metadata of {path}")
    if not (own and is_own(about["method"])):
        choose(about["method"][:80], METHODS, f"few-shot method in {path}")
    choose(about["protocol"][:80], PROTOCOLS, f"protocol in {path}")
    seeds, classes = len(about["seeds"]), len(about["classes"])
    prototypes = tensors.pop("prototypes", torch.empty(0))
    fits = {name: tensor.ndim > 0 and len(tensor) == seeds for name, tensor in tensors.items()}
    fits["prototypes"] = prototypes.ndim == 2 and len(prototypes) == classes
    if wrong := [name for name in fits if not fits[name]]:
        raise UserError(
            f"The tensor '{wrong[0]}' in the adapter {path} does not fit {seeds} seeds and "
            f"{classes} classes: the file is damaged."
        )
    return Adapter(
        file=Path(path),
        state=tensors,
        prototypes=prototypes.float(),
        unchecked_parts=about.get("trained_with", {}),
        **{name: about[name] for name in _METADATA if name != "logit_scale"},
        temperatures=_checked_temperatures(path, about.get("temperatures", []), seeds),
        logit_scale=float(about["logit_scale"]),
    )


def _checked_temperatures(path: str | Path, given: Any, seeds: int) -> list[float]:
    numbers = isinstance(given, list) and all(
        isinstance(t, int | float) and not isinstance(t, bool) and LOWEST <= t <= HIGHEST
        for t in given
    )
    if not numbers or len(given) not in (0, seeds):
        raise UserError(
            f"The temperatures in the adapter {path} are not {seeds} numbers from {LOWEST:g} to "
            f"{HIGHEST:g}: the file is damaged."
        )
    return [float(t) for t in given]


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _names(value: Any) -> bool:
    each = isinstance(value, list) and value and all(isinstance(name, str) for name in value)
    return bool(each) and len(set(value)) == len(value)


_OPTIONAL = ("temperatures", "trained_with")
# What the metadata has to say -> whether a value will do.
_METADATA: dict[str, Callable[[Any], bool]] = {
    "method": lambda value: isinstance(value, str),
    "protocol": lambda value: isinstance(value, str),
    "seeds": lambda value: (
        isinstance(value, list) and all(_whole(seed, -(2**63), 2**63 - 1) for seed in value)
    ),
    "classes": _names,
    "views": lambda value: _whole(value, 1, 999),
    "logit_scale": lambda value: isinstance(value, int | float) and 0 < value <= 1e6,
}
