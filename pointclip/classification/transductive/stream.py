"""What the stream methods share: the order of the test shapes, entropies, a cache a class."""

import numpy as np
from jaxtyping import Float, Int

from pointclip.classification.transductive.stata import log_softmax
from pointclip.core.errors import UserError


def stream_order(count: int, seed: int) -> Int[np.ndarray, " shape"]:
    """The order in which a seed's stream shows the test shapes."""
    return np.random.default_rng([seed, count]).permutation(count)


def check_order(order: Int[np.ndarray, " place"], count: int) -> None:
    """See that an order shows every shape once.

    Raises:
        UserError: if it does not.
    """
    if len(order) != count or not np.array_equal(np.sort(order), np.arange(count)):
        raise UserError(
            f"The order of a stream of {count} shapes must hold each number from 0 to {count - 1} "
            "once."
        )


def probabilities(
    logits: Float[np.ndarray, "shape class"],
) -> tuple[Float[np.ndarray, "shape class"], Float[np.ndarray, " shape"]]:
    """Softmax and its entropy in nats."""
    log_p = log_softmax(logits)
    p = np.exp(log_p)
    return p, -(p * log_p).sum(1)


class Cache:
    """For each class the few items of lowest entropy.

    Attributes:
        keys: features (class, slot, feature); zeros where a slot is free.
        values: what a slot adds to the logits (class, slot, class); zeros where it is free.
        entropy: (class, slot); infinite where a slot is free.
    """

    def __init__(self, classes: int, slots: int, features: int):
        self.keys = np.zeros((classes, slots, features))
        self.values = np.zeros((classes, slots, classes))
        self.entropy = np.full((classes, slots), np.inf)

    def append(
        self,
        label: int,
        key: Float[np.ndarray, " feature"],
        value: Float[np.ndarray, " class"],
        entropy: float,
    ) -> None:
        """Take the first free slot; nothing happens if there is none."""
        used = np.isfinite(self.entropy[label])
        if not used.all():
            self._write(label, int(used.sum()), key, value, entropy)

    def insert(
        self,
        label: int,
        key: Float[np.ndarray, " feature"],
        value: Float[np.ndarray, " class"],
        entropy: float,
    ) -> None:
        """Take a free slot, or the last one if its entropy is higher; then sort by entropy."""
        if not np.isfinite(self.entropy[label, -1]):
            self.append(label, key, value, entropy)
        elif entropy < self.entropy[label, -1]:
            self._write(label, -1, key, value, entropy)
        order = np.argsort(self.entropy[label], kind="stable")
        for array in (self.keys, self.values, self.entropy):
            array[label] = array[label, order]

    def _write(
        self, label: int, slot: int, key: np.ndarray, value: np.ndarray, entropy: float
    ) -> None:
        self.keys[label, slot] = key
        self.values[label, slot] = value
        self.entropy[label, slot] = entropy

    def logits(self, item: Float[np.ndarray, " feature"], beta: float) -> np.ndarray:
        """Sum over slots of exp(-beta (1 - cosine)) times the slot's value."""
        used = np.isfinite(self.entropy)
        near = np.exp(beta * (self.keys[used] @ item - 1))
        return near @ self.values[used]
