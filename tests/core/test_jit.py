import numpy as np

from pointclip.core import jit as module
from pointclip.core.jit import compiled


def add(values, more):
    total = more
    for value in values:
        total += value
    return total


def test_a_compiled_function_computes_what_it_says():
    assert compiled(add)(np.arange(4.0), 1.0) == 7.0


def test_compiled_functions_do_without_a_folder_to_keep_their_code_in(monkeypatch):
    def refuses(function, cache=False, nogil=False):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return function

    monkeypatch.setattr(module, "njit", refuses)
    assert compiled(add)([1, 2], 3) == 6
