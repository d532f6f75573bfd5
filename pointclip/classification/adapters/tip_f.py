"""Tip-Adapter-F for many views: the cache of Tip-Adapter with its keys trained."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F

from pointclip.catalog.adapters import TipF
from pointclip.classification.adapters import tip
from pointclip.classification.adapters.task import FewShotTask, State, concatenate_views
from pointclip.classification.few_shot.schedule import epoch_batches, make_generators


logits = tip.logits
tune = tip.tune


def fit(task: FewShotTask, p: TipF) -> Iterator[State]:
    """Train the keys on augmented shots with AdamW and a cosine over all steps."""
    state = tip.make_cache(task, p.alpha, p.beta)
    keys = state["keys"].requires_grad_()
    generators = make_generators(task.seeds, keys.device)
    optimiser = torch.optim.AdamW([keys], lr=p.lr, eps=1e-4, weight_decay=p.weight_decay)
    steps = p.epochs * max(1, task.shots // p.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(p.epochs):
        for features, labels in epoch_batches(task, generators, p.batch):
            shapes = concatenate_views(features)
            text = tip.zero_shot(shapes, task.prototypes, task.logit_scale)
            scores = tip.add_cache(state, shapes @ keys.transpose(1, 2), text)
            # Summed over seeds, averaged over each one's batch: seeds do not mix.
            loss = F.cross_entropy(scores.transpose(1, 2), labels, reduction="none").mean(1).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        yield {name: tensor.detach() for name, tensor in state.items()}
