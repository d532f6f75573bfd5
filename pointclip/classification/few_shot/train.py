"""What a number means: `plain` and `validation` never see a test label, `released` does.

`train` has no place for test shapes: it learns and chooses from train shapes alone.
`train_released` is the release's own selection on test labels, apart from all else. (Zero-shot has
nothing but view weights to choose: see `view_weights`.)
"""

import inspect
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from pointclip.classification.adapters import METHODS, FewShotTask, State
from pointclip.core.errors import UserError, choose


log = logging.getLogger(__name__)
RELEASED = ("inter_view",)  # few-shot methods whose release selects on test labels


def train(method: str, task: FewShotTask, **parameters: Any) -> dict[str, State]:
    """Train once; return what `plain` and, where shapes are held out, `validation` make of it.

    `plain` takes the last epoch and the parameters as given. `validation` takes, per seed, the
    epoch and the hyper-parameters with the highest accuracy on `task.validation`; of equally
    good epochs the later, which has had more of the cooling.
    """
    module, fit, search = _parameters(method, parameters)
    best: State | None = None
    top = np.full(len(task.seeds), -1.0)
    for state in module.states(task, **fit):
        if task.validation is not None:
            now = accuracies(module, state, task, task.validation, task.validation_labels)
            best = _keep(best, state, now >= top)
            top = np.maximum(top, now)
    learned = {"plain": {name: tensor.clone() for name, tensor in state.items()}}
    if task.validation is None:
        log.warning("No shape is held out at these shots: no `validation` for %s.", method)
    elif best is not None:
        if hasattr(module, "choose"):
            best = module.choose(task, best, task.validation, task.validation_labels, **search)
        now = accuracies(module, best, task, task.validation, task.validation_labels)
        log.info("%s: %.2f %% on held-out shapes, mean of %d seeds", method, now.mean(), len(now))
        learned["validation"] = best
    return learned


def train_released(
    method: str,
    task: FewShotTask,
    test_features: Float[Tensor, "shape view channel"],
    test_labels: Int[Tensor, " shape"],
    **parameters: Any,
) -> State:
    """As the release does: keep, per seed, the first epoch of the highest TEST accuracy."""
    choose(method, RELEASED, "few-shot method with a `released` protocol")
    module, fit, search = _parameters(method, parameters)
    best: State | None = None
    top = np.full(len(task.seeds), -1.0)
    for state in module.states(task, **fit):
        now = accuracies(module, state, task, test_features, test_labels)
        best = _keep(best, state, now > top)
        top = np.maximum(top, now)
    assert best is not None
    return module.choose(task, best, test_features, test_labels, **search)


def accuracies(
    module: Any,
    state: State,
    task: FewShotTask,
    features: Float[Tensor, "shape view channel"],
    labels: Int[Tensor, " shape"] | None,
    rows: int = 160,
) -> np.ndarray:
    """Percent correct per seed, at most `rows` shapes at a time, in parts of equal size."""
    assert labels is not None
    right: Tensor | int = 0
    parts = max(1, math.ceil(len(labels) / rows))
    for chunk, truth in zip(features.chunk(parts), labels.chunk(parts), strict=True):
        scores = module.logits(state, chunk, task.prototypes, task.logit_scale)
        right = right + (scores.argmax(-1) == truth).sum(-1)
    return 100 * np.asarray(torch.as_tensor(right).cpu(), dtype=np.float64) / len(labels)


def _keep(best: State | None, state: State, better: np.ndarray) -> State:
    """Copy the seeds that got better from `state`, which training goes on to change."""
    if best is None:
        return {name: tensor.clone() for name, tensor in state.items()}
    for seed in np.flatnonzero(better):
        for name, tensor in state.items():
            best[name][seed] = tensor[seed]
    return best


def _parameters(method: str, given: dict[str, Any]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The method's module, and which of the given parameters train and which search."""
    module = METHODS[choose(method, METHODS, "few-shot method")]
    fit = _keywords(module.states)
    search = _keywords(module.choose) if hasattr(module, "choose") else set()
    for name in given:
        if name not in fit | search:
            allowed: Iterable[str] = sorted(fit | search)
            raise UserError(
                f"Unknown parameter '{name}' of {method}: choose one of "
                f"{', '.join(allowed) or '(it has none)'}."
            )
    for name in ("epochs", "batch"):
        value = given.get(name, 1)
        if not isinstance(value, int) or value < 1:
            raise UserError(f"{method} cannot train with {name} {value}: give 1 or more.")
    return (
        module,
        {name: value for name, value in given.items() if name in fit},
        {name: value for name, value in given.items() if name in search},
    )


def _keywords(function: Callable[..., Any]) -> set[str]:
    parameters: Sequence[inspect.Parameter] = list(inspect.signature(function).parameters.values())
    return {p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
