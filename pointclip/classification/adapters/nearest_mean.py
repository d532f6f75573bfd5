"""The simplest learner: cosine with the mean feature of each class's shots."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor

from pointclip.classification.adapters.task import FewShotTask, State


def concatenated(features: Float[Tensor, "*axes view channel"]) -> Float[Tensor, "*axes feature"]:
    """All views of a shape as one unit vector: its products are the mean cosine over views."""
    unit = F.normalize(features.float(), dim=-1) / features.shape[-2] ** 0.5
    return rearrange(unit, "... view channel -> ... (view channel)")


def states(task: FewShotTask) -> Iterator[State]:
    """Average the shots of each class."""
    shots = concatenated(task.clean)[task.rows]  # (seed, shot, feature)
    member = F.one_hot(task.labels, len(task.prototypes)).float()
    means = torch.einsum("snf,snk->skf", shots, member)
    # Without the mean of all classes, which is most of a CLIP feature, cosines differ more.
    centre = reduce(F.normalize(means, dim=-1), "seed label feature -> seed feature", "mean")
    yield {"means": F.normalize(means, dim=-1), "centre": centre}


def logits(
    state: State,
    features: Float[Tensor, "shape view channel"],
    prototypes: Float[Tensor, "label channel"],
    logit_scale: float,
) -> Float[Tensor, "seed shape label"]:
    """Cosines with the class means, both seen from the mean of all classes."""
    centre = rearrange(state["centre"], "seed feature -> seed 1 feature")
    means = F.normalize(state["means"] - centre, dim=-1)
    shapes = F.normalize(concatenated(features) - centre, dim=-1)
    return logit_scale * torch.einsum("snf,skf->snk", shapes, means)
