"""The golden values of `methods.npz`, in double precision."""

import numpy as np
import torch
from places import GOLDEN


_FILE = np.load(GOLDEN / "methods.npz")


def golden(name: str) -> np.ndarray:
    return _FILE[name]


def tensor(name: str) -> torch.Tensor:
    return torch.from_numpy(_FILE[name])


def near(ours: torch.Tensor | np.ndarray, name: str) -> None:
    """Assert equality with a golden value: one part in a million, and a millionth beside zero."""
    np.testing.assert_allclose(np.asarray(ours), _FILE[name], rtol=1e-6, atol=1e-6, err_msg=name)
