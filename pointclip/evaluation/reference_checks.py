"""Two published values that leave nothing open, beside ours: pass, fail, or what is missing.

Both are of ModelNet40's official HDF5 files (2,468 test shapes, the first 1,024 points):

- 19.33: v1's zero-shot as released, RN50, no search of view weights. Nothing in it is random.
- 86.71: v1's 16-shot adapter, RN101, with the weights that its authors published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from pointclip.classification.adapters import inter_view
from pointclip.classification.adapters.task import State
from pointclip.config.experiments import Run
from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.encoders.tensors import read_tensors, tensors_beside
from pointclip.evaluation.score import predictions, summary
from pointclip.features.read import read_labelled, read_prototypes


# The release runs in half precision, where near ties fall either way; we run in single precision.
TOLERANCE_SHAPES = 5
RATIO, LOGIT_SCALE = 0.6, 100.0  # v1's, which its checkpoint does not hold
CHECKPOINT = "https://drive.google.com/file/d/1hFswVidomLdYaWZZga6RpWRJW9-JJbHZ"


@dataclass(frozen=True)
class Target:
    """A published accuracy in percent; `score` is ours, of `shapes` test shapes, if there is one.

    Attributes:
        missing: what to do to get a score, a sentence.
    """

    name: str
    published: float
    score: float | None = None
    shapes: int = 0
    missing: str = ""

    @property
    def verdict(self) -> str:
        if self.score is None:
            return "missing"
        return "pass" if self.apart <= TOLERANCE_SHAPES else "fail"

    @property
    def apart(self) -> int:
        """By how many test shapes the two differ."""
        return round(abs((self.score or 0.0) - self.published) / 100 * self.shapes)


def report(targets: Sequence[Target]) -> str:
    """The verdicts as Markdown, the worst one first."""
    verdicts = [target.verdict for target in targets]
    whole = next(verdict for verdict in ("fail", "missing", "pass") if verdict in verdicts)
    lines = [f"# The released values: {whole}", ""]
    lines += ["| experiment | published % | ours % | verdict |", "| --- | ---: | ---: | --- |"]
    for target in targets:
        ours = "" if target.score is None else f"{target.score:.2f}"
        lines.append(f"| {target.name} | {target.published:.2f} | {ours} | {target.verdict} |")
    lines.append("")
    for target in targets:
        if target.score is None:
            lines.append(f"- **missing**: {target.name}. {target.missing}")
        else:
            lines.append(
                f"- **{target.verdict}**: {target.name}. Ours differs by {target.apart} of "
                f"{target.shapes} test shapes; up to {TOLERANCE_SHAPES} pass, since the release "
                "runs in half precision, where near ties fall either way."
            )
    return "\n".join(lines) + "\n"


def zero_shot_target(
    logits: Sequence[str | Path], labels: Sequence[str | Path], wanted: Run
) -> Target:
    """19.33, from the logits of that experiment, if any; `wanted` says which config makes them."""
    name = "v1 zero-shot, RN50, ModelNet40, no search of view weights"
    if not logits:
        cure = "Add an experiment to the config: "
        return Target(name, 19.33, missing=cure + ", ".join(f"{k} {v}" for k, v in wanted.items()))
    scored = summary(predictions(logits[0], store.read_parquet(labels[0]), ["zero_shot"]))
    return Target(name, 19.33, float(scored["accuracy"]), int(scored["n"]))


def checkpoint_target(
    place: str | Path,
    features: Sequence[str | Path] = (),
    labels: str | Path = "",
    text: str | Path = "",
) -> Target:
    """86.71, by the authors' adapter on our features of the test split.

    Args:
        place: where the checkpoint lies or should lie.
        features, labels, text: of ModelNet40's test split in v1's ten views, encoded by RN101;
            without features there is no score.
    """
    name = "v1 16-shot, RN101, ModelNet40, the authors' checkpoint"
    if not features:
        cure = f"Put {CHECKPOINT} (a file model-best.pth.tar) at {place}"
        if Path(place).is_file():
            cure = "Use RN101, pointclip_fs and v1_few_shot on modelnet40 in the config"
        return Target(name, 86.71, missing=f"{cure}, and run this check again.")
    state = read_checkpoint(place)
    shapes, truth = map(torch.from_numpy, read_labelled(features, labels))
    prototypes = torch.from_numpy(read_prototypes(text)[0])
    if tuple(state["view_f.0.weight"].shape[1:]) != (shapes.shape[-1],) * 2:
        raise UserError(f"{place} is no adapter for features of {shapes.shape[-1]} channels.")
    logits = inter_view.logits(state, shapes, prototypes, LOGIT_SCALE)[0]
    right = (logits.argmax(-1) == truth).double().mean()
    return Target(name, 86.71, 100 * float(right), len(truth))


def read_checkpoint(path: str | Path) -> State:
    """The authors' adapter as a state of `inter_view` with one seed.

    Raises:
        UserError: if it holds anything but tensors, or not those of the adapter.
    """
    given = tensors_beside(read_tensors(Path(path)), "fusion_ratio")
    views = given["fusion_ratio"].numel() if given else 0
    extra = {"ratio": RATIO, "epoch": -1.0, "norm": 0.0, "scale": LOGIT_SCALE}
    state = {name: torch.full((1,), value) for name, value in extra.items()}
    state["view_weights"] = torch.ones(1, views)
    statistics = [f"global_f.{n}.running_{of}" for n in ("0.bn", "4") for of in ("mean", "var")]
    for name in [*inter_view.TRAINED, *statistics]:
        if name not in given:
            raise UserError(f"{path} is not PointCLIP's adapter: it has no '{name}'.")
        state[name] = given[name].float()[None]
    return state
