"""What a few-shot method offers, and how it is found by its name.

A new method is a dataclass of hyper-parameters in `catalog/adapters.py` and the module of its name
beside this one.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from pointclip.catalog.adapters import METHODS
from pointclip.classification.adapters.task import Features, FewShotTask, Logits, Prototypes, State
from pointclip.core.errors import choose


@runtime_checkable
class Method(Protocol):
    """The functions of a method's module; `p` is its dataclass of hyper-parameters.

    A method that has something to tune on labelled shapes also offers
    `tune(task, state, features, labels, p)`, which returns the state with what it found.
    """

    def fit(self, task: FewShotTask, p: Any) -> Iterator[State]:
        """Yield what is learned, once or after every epoch; the last state is the result."""

    def logits(
        self,
        state: State,
        features: Features,
        prototypes: Prototypes,
        logit_scale: float,
    ) -> Logits:
        """Apply what every seed has learned to the same shapes."""


def load_method(name: str) -> Any:
    """The module of the few-shot method `name`, a `Method`.

    It is imported at run time, so that the hash of a training job's code covers this method alone
    (see `config.code_hash`).

    Raises:
        UserError: if there is no such method.
    """
    choose(name, METHODS, "few-shot method")
    return import_module(f"pointclip.classification.adapters.{name}")
