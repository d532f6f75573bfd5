import pytest
import torch
import torch.nn.functional as F
from few_shot_data import task
from released_methods import golden, near, tensor

from pointclip.catalog.adapters import KernelRidge, Proker
from pointclip.classification.adapters import kernel_ridge, proker


KEYS, TEXT, TEST = (tensor(f"shared/{name}") for name in ("support_vecs", "text", "test"))
MISSING = F.one_hot(tensor("shared/support_vecs_labels"), 6).double() - KEYS @ TEXT.T


@pytest.mark.parametrize("name", ["fixed", "searched"])
def test_logits_are_the_released_ones(name):
    beta, ridge = (float(golden(f"proker/{name}/{what}")) for what in ("beta", "lambda"))
    dual = ridge * proker.dual(KEYS, MISSING, beta, ridge)
    near(dual, f"proker/{name}/dual")
    near(TEST @ TEXT.T + proker.kernel(TEST, KEYS, beta) @ dual, f"proker/{name}/test_logits")
    if name == "fixed":
        near(proker.kernel(KEYS, KEYS, beta), "proker/fixed/K_SS")


def test_the_textbooks_solution_fits_the_shots():
    fitted = proker.kernel(KEYS, KEYS, 1.5) @ proker.dual(KEYS, MISSING, 1.5, 1e-9)
    torch.testing.assert_close(fitted, MISSING, rtol=0, atol=1e-4)


def test_the_release_shrinks_the_correction_by_the_ridge():
    one = task(seeds=(1, 2))
    (released,) = proker.fit(one, Proker(beta=2.0, ridge=0.3))
    (textbook,) = kernel_ridge.fit(one, KernelRidge(beta=2.0, ridge=0.3))
    torch.testing.assert_close(released["dual"], 0.3 * textbook["dual"])


def test_numbers_follow_the_shots():
    (few,) = proker.fit(task(seeds=(1,), shots=1), Proker())
    (more,) = proker.fit(task(seeds=(1,), shots=8), Proker())
    assert (few["beta"], more["beta"]) == (3.0, pytest.approx(1.66))
    one = task(seeds=(1,), shots=4)
    (own,), (given,) = (kernel_ridge.fit(one, KernelRidge(ridge=r)) for r in (None, 0.25))
    torch.testing.assert_close(own["dual"], given["dual"])


@pytest.mark.parametrize("method, cls", [(proker, Proker), (kernel_ridge, KernelRidge)])
def test_search_finds_what_a_direct_solution_gives(method, cls):
    one = task(seeds=(1, 2))
    (state,) = method.fit(one, cls())
    validation = one.validation, one.validation_labels
    found = method.tune(one, state, *validation, cls(betas=(2.0,), ridges=(0.3,)))
    (direct,) = method.fit(one, cls(beta=2.0, ridge=0.3))
    torch.testing.assert_close(found["dual"], direct["dual"], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found["beta"], direct["beta"])
