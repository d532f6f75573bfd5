"""What train shapes tell about zero-shot logits: a prior of the classes, and temperatures.

The prior is the mean probability of each class over all train shapes, of which no label is read;
divided out, it corrects for classes that a model names too readily. The temperatures are fitted on
the held-out train shapes. Neither is part of the protocol `plain`'s other rows.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from pointclip.classification.temperature import fit_temperature
from pointclip.classification.zero_shot import (
    COMBINE,
    combine,
    log_softmax,
    per_view_logits,
    view_similarity,
)
from pointclip.core import store
from pointclip.features.read import Paths, read_features, read_held_out, read_prototypes


log = logging.getLogger(__name__)
PRIOR = "zero_shot_prior"


def write_statistics(
    features: Paths, text: str | Path, shots: str | Path, labels: str | Path, path: str | Path
) -> None:
    """Write the `prior` (class), and as an attribute the temperature of every zero-shot method.

    Args:
        features, labels: of the TRAIN split; of the labels only those of held-out shapes are used.
        shots: says which shapes are held out. Where none is, there are no temperatures.
    """
    prototypes, scale, classes = read_prototypes(text)
    every = combine(per_view_logits(read_features(features), prototypes, scale), None, MEAN)
    prior = np.exp(every).mean(0)
    temperatures: dict[str, float] = {}
    if held_out := read_held_out(shots, labels, features):
        shapes, truth = held_out
        logits, similarity = per_view_logits(shapes, prototypes, scale), view_similarity(shapes)
        found = {name: combine(logits, None, name, similarity) for name in COMBINE}
        found[PRIOR] = divide_out(found[MEAN], prior)
        temperatures = {name: fit_temperature(one, truth) for name, one in found.items()}
    with store.new_h5(path, temperatures=temperatures, classes=classes) as out:
        out["prior"] = prior
    log.info("Prior of %d classes: %.3g to %.3g", len(prior), prior.min(), prior.max())


MEAN = "zero_shot_softmax"  # whose probabilities the prior is the mean of


def divide_out(
    log_probabilities: Float[np.ndarray, "shape class"], prior: Float[np.ndarray, " class"]
) -> Float[np.ndarray, "shape class"]:
    """Log-probabilities with the prior divided out."""
    return log_softmax(log_probabilities - np.log(prior.clip(1e-12)))


def read_statistics(
    path: str | Path,
) -> tuple[Float[np.ndarray, " class"], Mapping[str, float]]:
    """The prior, and the temperatures by zero-shot method."""
    with store.open_h5(path) as f:
        return f["prior"][:], json.loads(f.attrs["temperatures"])
