"""ZS-LP: a linear probe of cosines that starts at the text; CLAP without its penalty."""

from collections.abc import Iterator

from pointclip.catalog.adapters import ZsLp
from pointclip.classification.adapters import clap
from pointclip.classification.adapters.task import FewShotTask, State


logits = clap.logits


def fit(task: FewShotTask, p: ZsLp) -> Iterator[State]:
    """Train from the text, with nothing that holds the weights there."""
    yield from clap.train(task, p, penalised=False)
