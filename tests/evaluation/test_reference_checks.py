from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from places import GOLDEN

from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.core.tensors import write_tensors
from pointclip.evaluation.reference_checks import (
    Target,
    checkpoint_target,
    read_checkpoint,
    report,
    zero_shot_target,
)


RELEASED = np.load(GOLDEN / "adapter.npz")
STATE = {
    name.removeprefix("state/"): torch.from_numpy(np.asarray(RELEASED[name]))
    for name in RELEASED.files
    if name.startswith("state/")
}
WANTED = {
    "kind": "zero_shot",
    "dataset": "modelnet40",
    "projection": "pointclip_zs",
    "prompts": "v1_zero_shot",
    "backbone": "rn50",
    "protocol": "plain",
}


def write_files(folder: Path, right: int) -> tuple[Path, Path]:
    """Logits by which so many shapes are told rightly, and all of them by views' probabilities."""
    ids = np.array([f"test/{row:06d}" for row in range(2468)], dtype=object)
    per_view = np.zeros((2468, 3, 2), np.float32)
    per_view[:, :2, 0] = 4
    per_view[:, 2, 1] = np.where(np.arange(2468) < right, 7, 9)
    logits = folder / "logits.h5"
    with store.new_h5(logits) as f:
        f["logits"], f["weights"], f["id"] = per_view, np.ones(3), ids
    labels = folder / "labels" / "modelnet40" / "test.parquet"
    store.write_parquet(pd.DataFrame({"id": ids, "label": 0}), labels)
    return logits, labels


@pytest.mark.parametrize(
    ("right", "verdict"), [(477, "pass"), (482, "pass"), (483, "fail"), (471, "fail")]
)
def test_a_handful_of_shapes_may_differ(tmp_path: Path, right: int, verdict: str) -> None:
    logits, labels = write_files(tmp_path, right)
    target = zero_shot_target([logits], [labels], WANTED)
    assert target.verdict == verdict
    page = report([target])
    assert page.startswith(f"# The released values: {verdict}\n")
    assert f"Ours differs by {abs(right - 477)} of 2468 test shapes" in page


def test_what_is_missing_is_said() -> None:
    page = report([zero_shot_target([], [], WANTED), checkpoint_target("resources/x.pth.tar")])
    assert page.startswith("# The released values: missing")
    assert "Add an experiment to the config: kind zero_shot, dataset modelnet40, proj" in page
    assert "Put https://drive.google.com/" in page and "at resources/x.pth.tar, and run" in page


def test_a_checkpoint_without_an_experiment_names_what_it_needs(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "there.pth.tar")
    assert "Use RN101" in checkpoint_target(tmp_path / "there.pth.tar").missing


def test_a_failure_outweighs_what_is_missing() -> None:
    some = [Target("a", 19.33, 19.33, 2468), Target("b", 86.71, missing="Put it there.")]
    assert "values: missing" in report(some)
    assert "values: fail" in report([*some, Target("c", 50.0, 10.0, 100)])


@pytest.mark.parametrize("kind", ["dassl", "state_dict", "safetensors"])
def test_the_authors_checkpoint_gives_what_their_code_gives(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("adapter.safetensors" if kind == "safetensors" else "adapter.pth.tar")
    if kind == "safetensors":
        write_tensors(STATE, path)
    else:
        torch.save({"state_dict": STATE, "epoch": 249} if kind == "dassl" else STATE, path)
    classes = [f"c{i}" for i in range(5)]
    ids = np.array([f"test/{i:06d}" for i in range(12)], dtype=object)
    with store.new_h5(tmp_path / "f.h5") as f:
        f["features"], f["id"] = RELEASED["features"].reshape(12, 10, 16), ids
    text = pd.DataFrame({"class": classes, "feature": [list(row) for row in RELEASED["text"]]})
    store.write_parquet(text, tmp_path / "text.parquet", logit_scale=100.0)
    predicted = RELEASED["eval_logits"].argmax(-1)
    truth = np.where(np.arange(12) < 9, predicted, (predicted + 1) % 5)  # 9 of 12 are right
    store.write_parquet(pd.DataFrame({"id": ids, "label": truth}), tmp_path / "labels.parquet")
    target = checkpoint_target(
        path, [tmp_path / "f.h5"], tmp_path / "labels.parquet", tmp_path / "text.parquet"
    )
    assert (target.score, target.shapes) == (75.0, 12)


def test_a_checkpoint_is_not_trusted(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "harm",))

    path = tmp_path / "adapter.pth.tar"
    torch.save({"state_dict": STATE, "scheduler": Harm()}, path)
    with pytest.raises(UserError, match="which is not read since it could run code"):
        read_checkpoint(path)
    assert not (tmp_path / "harm").exists()
    torch.save({"weight": torch.ones(2)}, path)
    with pytest.raises(UserError, match="is not PointCLIP's adapter: it has no 'fusion_ratio'"):
        read_checkpoint(path)
