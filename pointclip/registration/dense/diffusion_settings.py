"""How diffusion features are taken: the release's numbers and words. Imports no torch."""

import hashlib
from dataclasses import dataclass

from pointclip.core.errors import UserError, choose


MODES = ("released", "fast")
TRAIN_STEPS = 1000
# What the release appends to the config's prompt, and what it guides away from.
ADDED_PROMPT = ", best quality"
NEGATIVE_PROMPT = "lowres, bad anatomy, bad hands, cropped, worst quality"
PROMPTS = {
    "indoor": "a photo of a room, furniture, household items",
    "driving": "a vehicle camera photo of street view, trees, cars, people, house, road, sky",
}


@dataclass(frozen=True)
class Settings:
    """How features are taken; the defaults are the release's.

    Attributes:
        prompt: what the pictures show; `ADDED_PROMPT` follows it.
        layers: 0 for the middle block, k for decoder block k (1-12 for Stable Diffusion 1.5).
        timestep: noise level at which the networks read, of 1000.
        steps: of the full DDIM schedule; `released` runs those above `timestep`.
        guidance: weight of classifier-free guidance in these steps.
    """

    prompt: str = PROMPTS["indoor"]
    layers: tuple[int, ...] = (0, 4, 6)
    timestep: int = 150
    mode: str = "released"
    steps: int = 20
    guidance: float = 5.0

    def __post_init__(self) -> None:
        choose(self.mode, MODES, "mode of the diffusion features")
        if not 0 <= self.timestep < TRAIN_STEPS:
            raise UserError(f"The time-step {self.timestep} is not one of 0-{TRAIN_STEPS - 1}.")

    @property
    def denoising_steps(self) -> int:
        """17 of 20 for time-step 150."""
        return round((TRAIN_STEPS - self.timestep) / (TRAIN_STEPS / self.steps))


def frame_seed(seed: int, *names: str) -> int:
    """A seed for one frame, so that its features do not depend on which came before.

    (The release seeds once: its noise depends on the order of frames.)
    """
    digest = hashlib.sha256("\0".join([str(seed), *names]).encode()).digest()
    return int.from_bytes(digest[:7], "big")
