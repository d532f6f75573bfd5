"""Tip-Adapter-F for many views: the cache of Tip-Adapter with its keys trained."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F

from pointclip.classification.adapters import tip
from pointclip.classification.adapters.nearest_mean import concatenated
from pointclip.classification.adapters.task import FewShotTask, State
from pointclip.classification.few_shot.training import epoch_batches, generators


logits = tip.logits
choose = tip.choose


def states(
    task: FewShotTask,
    *,
    alpha: float = 1.17,
    beta: float = 1.0,
    epochs: int = 20,
    batch: int = 256,
    lr: float = 1e-3,
    weight_decay: float = 0.01,
) -> Iterator[State]:
    """Train the keys on augmented shots with AdamW and a cosine over all steps."""
    state = tip.cache(task, alpha, beta)
    keys = state["keys"].requires_grad_()
    draws = generators(task.seeds, keys.device)
    optimiser = torch.optim.AdamW([keys], lr=lr, eps=1e-4, weight_decay=weight_decay)
    steps = epochs * max(1, task.shots // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(epochs):
        for features, labels in epoch_batches(task, draws, batch):
            shapes = concatenated(features)
            text = tip.zero_shot(shapes, task.prototypes, task.logit_scale)
            scores = tip.blended(state, shapes @ keys.transpose(1, 2), text)
            # Summed over seeds, averaged over each one's batch: seeds do not mix.
            loss = F.cross_entropy(scores.transpose(1, 2), labels, reduction="none").mean(1).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        yield {name: tensor.detach() for name, tensor in state.items()}
