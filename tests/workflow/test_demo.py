"""The default config from end to end: what `make demo` runs."""

from pathlib import Path

import pandas as pd
import pytest
from project import Project, copy_repository


@pytest.mark.slow
def test_the_default_runs_without_a_network(tmp_path: Path) -> None:
    copy_repository(tmp_path / "project")
    project = Project(tmp_path / "project")
    outcome = project.snakemake(HF_ENDPOINT="http://127.0.0.1:9")
    assert outcome.code == 0, outcome.text
    rows = pd.read_csv(project.path("results/tables/accuracy.csv"))
    zero, few = rows[rows["shots"] == 0], rows[rows["shots"] > 0]
    assert set(zero["projection"]) == {"pointclip_zs", "pointclip_fs", "pointclip_v2"}
    ways = {"zero_shot", "zero_shot_softmax", "zero_shot_mvf", "zero_shot_entropy"}
    assert set(zero["method"]) == ways
    assert set(few["projection"]) == {"pointclip_fs", "pointclip_v2"}
    for _, group in few.groupby(["projection", "protocol", "shots"]):
        assert sorted(group["seed"]) == [1, 2, 3]
    assert set(rows["protocol"]) == {"plain", "released"}
    chance = 100 / 23
    best = few[(few["shots"] == 4) & (few["protocol"] == "plain")]["accuracy"].max()
    assert zero["accuracy"].max() > 2 * chance and best > 2 * chance
    for figure in ("shots_curve.svg", "projections.png", "montage/pointclip_v2.png"):
        assert project.path(f"results/figures/furniture/{figure}").stat().st_size > 10_000
    assert project.dry_run().nothing
    # The config holds no train shape out: whoever asks for `validation` gets no row, and a reason.
    run = "furniture/pointclip_v2/iconclip/iconclip"
    outcome = project.snakemake(f"results/zero_shot/{run}/validation/all_shots/logits.h5")
    assert outcome.code == 0, outcome.text
    log = project.path(f"results/logs/zero_shot_validation/{run}/all_shots.log")
    assert "No train shape is held out" in log.read_text()
