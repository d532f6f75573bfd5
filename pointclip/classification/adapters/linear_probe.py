"""Linear probe: multinomial logistic regression on the concatenated views."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from pointclip.catalog.adapters import LinearProbe
from pointclip.classification.adapters.task import (
    Features,
    FewShotTask,
    Labels,
    Logits,
    Prototypes,
    State,
    concatenate_views,
)
from pointclip.core.extras import require


def fit(task: FewShotTask, p: LinearProbe) -> Iterator[State]:
    """Fit with inverse regularisation `c`, as in scikit-learn."""
    fits = [_fit(*shots, [p.c], len(task.prototypes))[0] for shots in _shots(task)]
    yield _state(fits, [p.c] * len(fits), task)


def tune(
    task: FewShotTask, state: State, features: Features, labels: Labels, p: LinearProbe
) -> State:
    """Per seed the `c` of the grid with the highest accuracy; ties go to the smallest."""
    shapes, truth = concatenate_views(features).cpu().numpy(), labels.cpu().numpy()
    grid = sorted(p.grid)
    fits, found = [], []
    for shots in _shots(task):
        path = _fit(*shots, grid, len(task.prototypes))
        correct = [((shapes @ w.T + b).argmax(1) == truth).mean() for w, b in path]
        best = int(np.argmax(correct))
        fits.append(path[best])
        found.append(grid[best])
    return _state(fits, found, task)


def logits(state: State, features: Features, prototypes: Prototypes, logit_scale: float) -> Logits:
    """Log-odds of the regression; the prototypes are not used."""
    shapes = concatenate_views(features)
    return torch.einsum("nf,skf->snk", shapes, state["weight"]) + state["bias"].unsqueeze(1)


def _shots(task: FewShotTask) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for index, labels in zip(task.shot_index, task.labels, strict=True):
        yield concatenate_views(task.features[index]).cpu().numpy(), labels.cpu().numpy()


def _fit(
    x: np.ndarray, labels: np.ndarray, grid: Sequence[float], classes: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights and bias for each `c` of a grid; each fit starts from the one before."""
    require("sklearn", "workflow", "A linear probe")
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if classes < 2:
        return [(np.zeros((classes, x.shape[1])), np.zeros(classes)) for _ in grid]
    # The solution lies in the span of the (centred) shots: the same fit in as many dimensions
    # as there are shots, not views * channels.
    centre = x.mean(0, dtype=np.float64)
    _, _, basis = np.linalg.svd(x - centre, full_matrices=False)
    low = (x - centre) @ basis.T
    model = LogisticRegression(max_iter=1000, warm_start=True)
    found = []
    for c in grid:
        model.set_params(C=c)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(low, labels)
        weight, bias = np.zeros((classes, x.shape[1])), np.full(classes, -np.inf)
        coefficients, intercept = model.coef_, model.intercept_
        if len(model.classes_) == 2:  # scikit-learn keeps one row of log-odds for two classes
            coefficients = np.concatenate([-coefficients, coefficients]) / 2
            intercept = np.concatenate([-intercept, intercept]) / 2
        weight[model.classes_] = coefficients @ basis
        bias[model.classes_] = intercept - weight[model.classes_] @ centre
        found.append((weight, bias))
    return found


def _state(
    fits: list[tuple[np.ndarray, np.ndarray]], c: Sequence[float], task: FewShotTask
) -> State:
    arrays = {
        "weight": np.stack([weight for weight, _ in fits]),
        "bias": np.stack([bias for _, bias in fits]),
        "c": np.array(c),
    }
    return {
        name: torch.from_numpy(array.astype(np.float32)).to(task.device)
        for name, array in arrays.items()
    }
