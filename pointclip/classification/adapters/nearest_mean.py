"""The simplest learner: cosine with the mean feature of each class's shots."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import rearrange

from pointclip.catalog.adapters import NearestMean
from pointclip.classification.adapters.task import (
    Features,
    FewShotTask,
    Logits,
    Prototypes,
    State,
    concatenate_views,
)


def fit(task: FewShotTask, p: NearestMean) -> Iterator[State]:
    """Average the shots of each class."""
    shots = concatenate_views(task.features)[task.shot_index]  # (seed, shot, feature)
    member = F.one_hot(task.labels, len(task.prototypes)).float()
    means = torch.einsum("snf,snk->skf", shots, member)
    # Without the mean of all classes, which is most of a CLIP feature, cosines differ more.
    centre = F.normalize(means, dim=-1).mean(1)
    yield {"means": F.normalize(means, dim=-1), "centre": centre}


def logits(state: State, features: Features, prototypes: Prototypes, logit_scale: float) -> Logits:
    """Cosines with the class means, after the mean of all classes is subtracted from both."""
    centre = rearrange(state["centre"], "seed feature -> seed 1 feature")
    means = F.normalize(state["means"] - centre, dim=-1)
    shapes = F.normalize(concatenate_views(features) - centre, dim=-1)
    return logit_scale * torch.einsum("snf,skf->snk", shapes, means)
