"""Functions compiled to machine code by numba."""

import inspect
from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` at its first call, keep the code for later runs, run it without the lock.

    The kept code is made anew when the function's own file changes, not when another one does:
    what a compiled function calls must live in the same file.
    """
    plain = inspect.unwrap(function)  # tests wrap every function to check shapes
    try:
        return njit(plain, cache=True, nogil=True)
    except RuntimeError:  # there is no folder that code could be kept in
        return njit(plain, nogil=True)
