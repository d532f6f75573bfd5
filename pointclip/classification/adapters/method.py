"""What a few-shot method offers, and how it is found by its name.

A new method is a dataclass of hyper-parameters in `catalog/adapters.py` and the module of its name
beside this one; or a file of the user's with `fit`, `logits` and the dataclass `HyperParameters`.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from pointclip.catalog.adapters import METHODS, hyper_parameters
from pointclip.classification.adapters.task import Features, FewShotTask, Logits, Prototypes, State
from pointclip.core.errors import UserError, choose
from pointclip.core.own_module import is_own, load_own


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
    """The module of the few-shot method `name` (or of a user's file), a `Method`.

    It is imported at run time, so that the hash of a training job's code covers this method alone
    (see `config.code_hash`).

    Raises:
        UserError: if there is no such method.
    """
    if is_own(name):
        return load_own(name, "fit", "logits")
    choose(name, METHODS, "few-shot method")
    return import_module(f"pointclip.classification.adapters.{name}")


def settings_of(name: str, given: Mapping[str, Any]) -> Any:
    """The dataclass of a method's hyper-parameters, filled with what is given.

    Raises:
        UserError: if there is no such method or hyper-parameter, or a value is out of its range.
    """
    if not is_own(name):
        return hyper_parameters(name, given)
    try:
        return load_own(name, "HyperParameters").HyperParameters(**given)
    except TypeError as error:
        raise UserError(f"The method '{name}' cannot be set up: {error}.") from error
