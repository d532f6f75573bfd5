"""Uni-Adapter: cluster centres a class, kept along a stream and smoothed over a graph.

Tamjidi et al., AAAI 2026 (arXiv 2511.15311); numbers are the release's for ModelNet. The two
predictions are softmaxes of plain cosines, as in the release.
"""

import numpy as np
from jaxtyping import Float, Int

from pointclip.classification.transductive.stata import Classes, Items, Soft
from pointclip.classification.transductive.stream import check_order, probabilities


CENTRES = 30  # a class
SHARPNESS = 150.0  # of confidence in entropy
THRESHOLD = 0.5  # cosine from which two centres are joined
KEEP = 0.11  # weight of a centre's own probabilities against the graph
TOLERANCE, MOST_STEPS = 1e-6, 100  # of conjugate gradients


def uni_adapter(
    items: Items, text: Classes, logit_scale: float, order: Int[np.ndarray, " place"]
) -> Soft:
    """Log-scores in the order of `items`; an item's depend on itself and on those before it."""
    check_order(order, len(items))
    cosine = items @ text.T
    p, entropy = probabilities(logit_scale * cosine)
    own, own_entropy = probabilities(cosine)
    centres = Centres(text, logit_scale, len(items))
    result = np.empty(p.shape)
    for i in order:
        centres.add(items[i], p[i], float(entropy[i]))
        found, found_entropy = probabilities(centres.logits(items[i])[None])
        mixed = own[i] / own_entropy[i].clip(1e-12) + found[0] / found_entropy[0].clip(1e-12)
        result[i] = np.log(mixed / mixed.sum())
    return result


class Centres:
    """Up to thirty centres a class, each a confidence-weighted mean of the items nearest to it."""

    def __init__(self, text: Classes, logit_scale: float, most: int):
        classes, features = text.shape
        room = min(CENTRES * classes, most)
        self.text, self.scale, self.count = text, logit_scale, 0
        self.keys = np.zeros((room, features))
        self.label = np.full(room, -1)  # the class that the items were taken for
        self.items = np.zeros(room)
        self.confidence = np.zeros(room)
        self.probabilities = np.zeros((room, classes))
        self.smoothed = np.zeros((room, classes))
        self.joined = np.zeros((room, room))

    def add(
        self, item: Float[np.ndarray, " feature"], p: Float[np.ndarray, " class"], entropy: float
    ) -> None:
        """A new centre of the predicted class or, if that has thirty, part of its nearest one."""
        label = int(p.argmax())
        members = np.flatnonzero(self.label[: self.count] == label)
        if len(members) < CENTRES:
            slot, self.count = self.count, self.count + 1
            self.smoothed[slot] = p
        else:
            slot = int(members[(self.keys[members] @ item).argmax()])
            mixed = self.confidence[slot] * self.items[slot] * self.keys[slot]
            item = mixed + self._confidence(entropy) * item
            item = item / max(float(np.linalg.norm(item)), 1e-12)
            now, later = probabilities(self.scale * (item @ self.text.T)[None])
            p, entropy = now[0], float(later[0])
        self.keys[slot], self.label[slot], self.probabilities[slot] = item, label, p
        self.confidence[slot] = self._confidence(entropy)
        self.items[slot] += 1
        cosine = self.keys[: self.count] @ item
        cosine[cosine < THRESHOLD] = 0
        self.joined[slot, : self.count] = self.joined[: self.count, slot] = cosine
        self._smooth()

    def logits(self, item: Float[np.ndarray, " feature"]) -> Float[np.ndarray, " class"]:
        """Mean cosine with the centres of each class; 0 for a class without one."""
        label = self.smoothed[: self.count].argmax(1)
        classes = len(self.text)
        total = np.bincount(label, self.keys[: self.count] @ item, minlength=classes)
        return total / np.maximum(np.bincount(label, minlength=classes), 1)

    def _confidence(self, entropy: float) -> float:
        return float(np.exp(-SHARPNESS * entropy / max(np.log2(len(self.text)), 1e-12)))

    def _smooth(self) -> None:
        """Solve (L + 2 keep I) Z = 2 keep P with the graph's normalised Laplacian L.

        Conjugate gradients begin at the last solution, from which one item moves it little.
        """
        joined = self.joined[: self.count, : self.count]
        degree = 1 / np.sqrt(np.maximum(joined.sum(1), 1e-12))[:, None]

        def product(z: np.ndarray) -> np.ndarray:
            return (1 + 2 * KEEP) * z - degree * (joined @ (degree * z))

        z = self.smoothed[: self.count].copy()
        residual = 2 * KEEP * self.probabilities[: self.count] - product(z)
        direction, error = residual.copy(), (residual**2).sum(0)
        for _ in range(MOST_STEPS):
            if error.max() < TOLERANCE**2:
                break
            moved = product(direction)
            step = error / np.maximum((direction * moved).sum(0), 1e-30)
            z += step * direction
            residual -= step * moved
            last, error = error, (residual**2).sum(0)
            direction = residual + error / np.maximum(last, 1e-30) * direction
        self.smoothed[: self.count] = z
