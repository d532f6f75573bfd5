"""Training under the protocols: `plain` and `validation` never see a test label, `released` does.

`train` has no parameter for test shapes: it learns and tunes on train shapes alone.
`train_released` is the release's own selection on test labels, kept apart from it.

Memory: all seeds train at once, each on the `batch` of its method (`catalog/adapters.py`); `batch`
here and in `few_shot/logits.py` is how many shapes are scored at a time.
"""

import logging
import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from pointclip.catalog.protocols import RELEASED_METHODS
from pointclip.classification.adapters.method import load_method, settings_of
from pointclip.classification.adapters.task import Features, FewShotTask, Labels, State
from pointclip.core.errors import choose


log = logging.getLogger(__name__)


def train(
    method: str, task: FewShotTask, spent: list[float] | None = None, **given: Any
) -> dict[str, State]:
    """Train once; return the states of `plain` and, where shapes are held out, of `validation`.

    `plain` takes the last epoch and the hyper-parameters as given. `validation` takes, per seed,
    the epoch and the hyper-parameters with the highest accuracy on `task.validation`; ties go to
    the later epoch.

    Args:
        spent: gets the CPU seconds that every epoch took, of all seeds, without its scoring.
        given: hyper-parameters that differ from the method's defaults.

    Raises:
        UserError: if there is no such method or hyper-parameter, or a value is out of its range.
    """
    p = settings_of(method, given)
    module = load_method(method)
    best: State | None = None
    highest = np.full(len(task.seeds), -1.0)
    for state in _timed(module.fit(task, p), [] if spent is None else spent):
        if task.validation is not None:
            now = accuracies(module, state, task, task.validation, task.validation_labels)
            best = update_best(best, state, now >= highest)
            highest = np.maximum(highest, now)
    learned = {"plain": {name: tensor.clone() for name, tensor in state.items()}}
    if best is None or task.validation is None:
        log.warning("No shape is held out: there is no `validation` for %s.", method)
        return learned
    if hasattr(module, "tune"):
        best = module.tune(task, best, task.validation, task.validation_labels, p)
    now = accuracies(module, best, task, task.validation, task.validation_labels)
    log.info("%s: %.2f %% on held-out shapes, mean of %d seeds", method, now.mean(), len(now))
    return learned | {"validation": best}


def _timed(states: Iterator[State], spent: list[float]) -> Iterator[State]:
    """The same states; `spent` gets the CPU seconds that each took to come."""
    start = time.process_time()
    for state in states:
        spent.append(time.process_time() - start)
        yield state
        start = time.process_time()


def train_released(
    method: str, task: FewShotTask, test_features: Features, test_labels: Labels, **given: Any
) -> State:
    """As the release does: keep, per seed, the first epoch with the highest TEST accuracy.

    An epoch is scored on the shapes that were told wrongly most often first, and for a seed no
    further than until as many are wrong as in its best epoch: it cannot become the best any more.

    Raises:
        UserError: as `train`; or if the method's release selects nothing on test labels.
    """
    choose(method, RELEASED_METHODS, "few-shot method with a `released` protocol")
    p = settings_of(method, given)
    module = load_method(method)
    best: State | None = None
    fewest = np.full(len(task.seeds), len(test_labels) + 1)
    hardness = torch.zeros(len(test_labels), device=task.device)
    for state in module.fit(task, p):
        order = hardness.argsort(descending=True, stable=True)
        shapes = test_features[order], test_labels[order]
        wrong, missed = count_wrong(module, state, task, *shapes, fewest)
        seen = order[: len(missed)]
        hardness[seen] = torch.lerp(hardness[seen], missed, 0.3)
        best = update_best(best, state, wrong < fewest)
        fewest = np.minimum(fewest, wrong)
    assert best is not None
    return module.tune(task, best, test_features, test_labels, p)


@torch.no_grad()
def count_wrong(
    module: Any,
    state: State,
    task: FewShotTask,
    features: Features,
    labels: Labels,
    enough: Int[np.ndarray, " seed"],
    batch: int = 160,
) -> tuple[Int[np.ndarray, " seed"], Float[Tensor, " seen"]]:
    """How many shapes every seed classifies wrongly, counted until there are `enough`.

    Returns:
        The counts; and of the shapes up to the last that was needed, which share of the seeds that
        were still counted was wrong.
    """
    wrong, missed = np.zeros(len(enough), np.int64), []
    counted, of = np.arange(len(enough)), state
    for chunk, truth in zip(features.split(batch), labels.split(batch), strict=True):
        if len(counted) < len(next(iter(of.values()))):
            of = {name: tensor[counted] for name, tensor in state.items()}
        scores = module.logits(of, chunk, task.prototypes, task.logit_scale)
        misses = scores.argmax(-1) != truth
        missed.append(misses.float().mean(0))
        wrong[counted] += misses.sum(-1).cpu().numpy()
        counted = counted[wrong[counted] < enough[counted]]
        if not len(counted):
            break
    return wrong, torch.cat(missed)


def accuracies(
    module: Any,
    state: State,
    task: FewShotTask,
    features: Features,
    labels: Labels | None,
    batch: int = 160,
) -> Float[np.ndarray, " seed"]:
    """Percent correct of every seed.

    Args:
        batch: most shapes in memory at once; all parts have the same size.
    """
    assert labels is not None
    shapes = len(labels)
    size = math.ceil(shapes / max(1, math.ceil(shapes / batch)))
    all_of_them = np.full(len(task.seeds), shapes + 1)
    wrong, _ = count_wrong(module, state, task, features, labels, all_of_them, size)
    return 100 * (shapes - wrong) / shapes


def update_best(best: State | None, state: State, better: np.ndarray) -> State:
    """Copy the seeds that got better from `state`, which training goes on to change."""
    if best is None:
        return {name: tensor.clone() for name, tensor in state.items()}
    for seed in np.flatnonzero(better):
        for name, tensor in state.items():
            best[name][seed] = tensor[seed]
    return best
