"""The sampler against the released steps; latents of networks are tested with the features."""

import numpy as np
import pytest
import torch
from places import GOLDEN


pytest.importorskip("diffusers")

from pointclip.registration.dense.diffusion_latents import make_scheduler
from pointclip.registration.dense.diffusion_settings import Settings


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "freereg.npz") as file:
        return {key: file[key] for key in file.files if key.startswith("ddim/")}


def test_the_sampler_takes_the_released_steps(golden):
    scheduler = make_scheduler()
    scheduler.set_timesteps(20)
    assert scheduler.timesteps.tolist() == golden["ddim/steps_ascending"][::-1].tolist()
    alpha = float(scheduler.alphas_cumprod[150])
    assert alpha == pytest.approx(float(golden["ddim/alphas_cumprod_150"]), rel=1e-5)
    for step, wanted in zip(scheduler.timesteps, golden["ddim/alpha"][::-1], strict=True):
        assert float(scheduler.alphas_cumprod[step]) == pytest.approx(float(wanted), rel=1e-5)
    first = float(golden["ddim/alpha_prev"][0])
    assert float(scheduler.final_alpha_cumprod) == pytest.approx(first, rel=1e-5)
    assert Settings().denoising_steps == 17
    assert scheduler.timesteps[:17].tolist()[-1] == 151


@pytest.mark.parametrize("step", [951, 151, 101, 1])
def test_a_guided_step_is_the_released_one(golden, step):
    scheduler = make_scheduler()
    scheduler.set_timesteps(20)
    x, negative, positive, noise = (
        torch.from_numpy(golden[f"ddim/{name}"]).double()
        for name in ("x", "eps_uncond", "eps_cond", "noise")
    )
    guided = negative + Settings().guidance * (positive - negative)
    found = scheduler.step(guided, step, x, eta=1.0, variance_noise=noise)
    names = {"x_prev": found.prev_sample, "x0": found.pred_original_sample}
    for name, values in names.items():
        np.testing.assert_allclose(values, golden[f"ddim/{name}_t{step}"], rtol=1e-5, atol=1e-4)
