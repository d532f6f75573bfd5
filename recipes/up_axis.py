"""Fits the weights of `pointclip.clouds.up_axis` on the train shapes of the embedded set, and says
how often the axis of its test shapes is right.

    python recipes/up_axis.py
"""

import sys

import h5py
import numpy as np
from scipy.optimize import minimize

from pointclip.clouds.up_axis import UP, up_features
from pointclip.core.files import PACKAGE


def main() -> None:
    with h5py.File(PACKAGE / "assets" / "furniture" / "furniture.h5") as f:
        points, split = f["points"][:].astype(np.float64), f["split"].asstr()[:]
    features = np.array([up_features(cloud) for cloud in points])
    train, test = features[split == "train"], features[split == "test"]
    y = list(UP).index("y")
    spread = train.reshape(-1, train.shape[2]).std(0)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = train / spread @ weights
        probability = np.exp(scores - scores.max(1, keepdims=True))
        probability /= probability.sum(1, keepdims=True)
        gradient = (probability[..., None] * train / spread).sum(1) - train[:, y] / spread
        penalty = 0.5 * weights @ weights
        return -np.log(probability[:, y]).sum() + penalty, gradient.sum(0) + weights

    weights = minimize(loss, np.zeros(len(spread)), jac=True, method="L-BFGS-B").x / spread
    scores = test @ weights
    # Of a shape turned to z up, y is what -z was.
    other = scores[:, [list(UP).index("z"), list(UP).index("-z")]]
    two = 1 / (1 + np.exp(other - scores[:, [y]]))
    sure = np.maximum(two, 1 - two) > 0.8
    rows = {
        "weights": ", ".join(f"{w:.3g}" for w in weights),
        "right of six": (scores.argmax(1) == y).mean(),
        "right of y and z": (two > 0.5).mean(),
        "share above 0.8": sure.mean(),
        "right above 0.8": (two > 0.5)[sure].mean(),
    }
    for name, value in rows.items():
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    main()
