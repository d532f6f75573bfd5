"""The few-shot methods and their hyper-parameters: a dataclass a method, plain data.

A new method is one dataclass here and the module of its name in `classification/adapters/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pointclip.catalog.ranges import fill, flag, number, numbers
from pointclip.core.errors import choose


@dataclass(frozen=True)
class InterView:
    """PointCLIP's inter-view adapter; defaults as released (SPEC §1.6)."""

    ratio: float = number(0.6, 0, 1)
    dropout: float = number(0.075, 0, 0.99)
    smoothing: float = number(0.2, 0, 0.99)
    epochs: int = number(250, 1, 100_000)
    batch: int = number(32, 1, 100_000)
    lr: float = number(0.01, 0, 100)
    momentum: float = number(0.9, 0, 0.9999)
    weight_decay: float = number(5e-4, 0, 10)
    norm: float | None = number(None, 1e-6, 1e6)
    scale: float = number(100.0, 1e-3, 1e6)
    search_views: bool = flag(False)


@dataclass(frozen=True)
class LinearProbe:
    """Logistic regression on concatenated views; `grid` is what `validation` tries for `c`."""

    c: float = number(100.0, 1e-9, 1e9)
    grid: tuple[float, ...] = numbers((0.1, 1.0, 10.0, 100.0, 1e3, 1e4), 1e-9, 1e9)


@dataclass(frozen=True)
class NearestMean:
    """The class whose mean feature is nearest; nothing to set."""


@dataclass(frozen=True)
class Tip:
    """Tip-Adapter without training; `search_*` are the ranges and steps of `validation`."""

    alpha: float = number(1.17, 0, 1e6)
    beta: float = number(1.0, 0, 1e6)
    search_scale: tuple[float, ...] = numbers((7.0, 3.0), 1e-6, 1e6, count=2)
    search_steps: tuple[int, ...] = numbers((200, 20), 1, 10_000, count=2)


@dataclass(frozen=True)
class TipF(Tip):
    """Tip-Adapter-F: the cache's keys are trained."""

    epochs: int = number(20, 1, 100_000)
    batch: int = number(256, 1, 100_000)
    lr: float = number(1e-3, 0, 100)
    weight_decay: float = number(0.01, 0, 10)


@dataclass(frozen=True)
class Blend(LinearProbe):
    """Zero-shot and linear probe, blended; `steps` is how many weights `validation` tries."""

    blend_weight: float = number(0.8, 0, 1)
    steps: int = number(20, 1, 10_000)


@dataclass(frozen=True)
class Gda:
    """Gaussian discriminant analysis; `grid` is what `validation` tries for `alpha`."""

    alpha: float = number(1.0, 0, 1e6)
    grid: tuple[float, ...] = numbers((1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0), 0, 1e6)


@dataclass(frozen=True)
class Timo:
    """TIMO; `search` makes it TIMO-S under `validation`, which tries `gammas` and `grid`."""

    alpha: float = number(100.0, 0, 1e6)
    gamma: float = number(50.0, 0, 1e6)
    search: bool = flag(False)
    grid: tuple[float, ...] = numbers(tuple(10.0**k for k in range(-4, 5)), 0, 1e6)
    gammas: tuple[float, ...] = numbers(tuple(5.0 * k for k in range(1, 21)), 0, 1e6)


@dataclass(frozen=True)
class LpPlusPlus:
    """LP++; `accumulate` repeats the release's slip in the gradients of its text weights."""

    epochs: int = number(300, 1, 100_000)
    accumulate: bool = flag(False)


@dataclass(frozen=True)
class ZsLp:
    """ZS-LP: a linear probe that starts at the text."""

    epochs: int = number(300, 1, 100_000)
    batch: int = number(256, 1, 100_000)
    lr: float = number(0.1, 0, 100)


@dataclass(frozen=True)
class Clap(ZsLp):
    """CLAP: ZS-LP with a penalty that holds each class at its text."""


# The release's grid for Caltech: 20 values of beta, 10 of the ridge.
_BETAS = tuple(0.5 + 2.5 * k / 19 for k in range(20))
_RIDGES = tuple(0.001 + 0.999 * k / 9 for k in range(10))


@dataclass(frozen=True)
class Proker:
    """ProKeR; without numbers of its own those that the release found on ImageNet."""

    beta: float | None = number(None, 1e-6, 1e6)
    ridge: float | None = number(None, 1e-9, 1e6)
    betas: tuple[float, ...] = numbers(_BETAS, 1e-6, 1e6)
    ridges: tuple[float, ...] = numbers(_RIDGES, 1e-9, 1e6)


@dataclass(frozen=True)
class KernelRidge:
    """Kernel ridge regression beside zero-shot; without a `ridge` it is 1 / shots."""

    beta: float = number(1.0, 1e-6, 1e6)
    ridge: float | None = number(None, 1e-9, 1e6)
    betas: tuple[float, ...] = numbers(_BETAS, 1e-6, 1e6)
    ridges: tuple[float, ...] = numbers(_RIDGES, 1e-9, 1e6)


@dataclass(frozen=True)
class Ape:
    """APE without training; start values as for ImageNet, `search_*` as in the release, coarser."""

    alpha: float = number(2.0, 0, 1e6)
    beta: float = number(1.0, 0, 1e6)
    gamma: float = number(0.1, 0, 1e6)
    fraction: float = number(0.5, 1e-6, 1)
    similarity_weight: float = number(0.5, 0, 1e6)
    variance_weight: float = number(0.5, 0, 1e6)
    search_scale: tuple[float, ...] = numbers((7.0, 7.0, 1.0), 1e-6, 1e6, count=3)
    search_steps: tuple[int, ...] = numbers((20, 20, 10), 1, 10_000, count=3)


METHODS: dict[str, type] = {
    "inter_view": InterView,
    "tip": Tip,
    "tip_f": TipF,
    "linear_probe": LinearProbe,
    "nearest_mean": NearestMean,
    "blend": Blend,
    "gda": Gda,
    "timo": Timo,
    "lp_plus_plus": LpPlusPlus,
    "zs_lp": ZsLp,
    "clap": Clap,
    "proker": Proker,
    "kernel_ridge": KernelRidge,
    "ape": Ape,
}


# Those that learn from the shots as they are; the others from augmented copies of them.
WITHOUT_COPIES = (
    *("linear_probe", "nearest_mean", "blend"),
    *("lp_plus_plus", "proker", "kernel_ridge"),
)


def hyper_parameters(method: str, given: Mapping[str, Any]) -> Any:
    """The method's dataclass, filled with what is given.

    Raises:
        UserError: if there is no such method or hyper-parameter, or a value is out of its range.
    """
    return fill(METHODS[choose(method, METHODS, "few-shot method")], method, given)
