"""Registration in the real DAG, alone, on a made scene."""

import pandas as pd
import pytest
import yaml
from project import Project
from scenes import pose, write_scene


CONFIG = {
    "zero_shot": [],
    "few_shot": [],
    "ablations": {},
    "ensembles": {},
    "registration": [{"pairs": ["room"], "features": ["coarse"], "solvers": ["kabsch", "pnp"]}],
    "pairs": {"room": {"path": "room"}},
    "features": {"coarse": {"base": "fpfh", "radii": [0.5], "voxels": [0.08], "neighbours": [80]}},
    "registration_ablations": {
        "solver": {
            "base": {"pairs": "room", "features": "coarse"},
            "vary": {"solver": ["kabsch", "ransac"]},
        }
    },
}
POSES = "results/registration/room/coarse/kabsch/poses.h5"


@pytest.fixture
def registering(blank: Project) -> Project:
    poses = [pose(), pose(6, (0.15, 0, 0.1)), pose(-5, (-0.1, 0.05, 0)), pose()]
    query = write_scene(blank.path("room"), poses) / "query"
    # Frame 3 cannot be read, and frame 7, which the list names, is not there.
    (query / "3.depth.png").write_bytes(b"no depth map")
    with (query / "overlap.txt").open("a", encoding="utf-8") as file:
        file.write("7 0 0.8\n")
    text = yaml.safe_dump(CONFIG, sort_keys=False)
    blank.path("config/config.yaml").write_text(text, encoding="utf-8")
    return blank


def test_the_truth_is_read_by_scores_and_figures_alone(registering: Project) -> None:
    planned = registering.snakemake("--dry-run")
    assert planned.code == 0, planned.text
    truth = "results/registration/room/truth.h5"
    learned = [
        POSES,
        "results/registration/room/coarse/features.h5",
        "results/registration/room/coarse/matches.h5",
        "results/registration/room/frames.h5",
    ]
    assert truth not in planned.ancestors(learned)
    readers = {job.split("#")[0] for job, files in planned.inputs.items() if truth in files}
    assert readers == {"score_registration", "registration_ablation", "registration_pictures"}
    # Nothing of classification is asked for.
    assert not any("accuracy" in file for file in planned.ancestors(["results/run_info.html"]))


@pytest.mark.slow
def test_registration_runs_alone_and_then_has_nothing_to_do(registering: Project) -> None:
    outcome = registering.snakemake()
    assert outcome.code == 0, outcome.text
    table = pd.read_csv(registering.path("results/tables/registration.csv"))
    ways = list(zip(table["features"], table["solver"], strict=True))
    assert ways == [
        ("identity", "identity"),
        ("random", "ransac"),
        ("coarse", "kabsch"),
        ("coarse", "pnp"),
    ]
    recall = table.set_index("solver")["registration_recall"]
    # Six of the pairs hold frame 3, and one holds frame 7: they fail, and the six others go on.
    assert (table["n_pairs"] == 13).all()
    assert recall["kabsch"] == pytest.approx(100 * 6 / 13, abs=1e-4) and recall["ransac"] == 0
    figures = registering.path("results/figures/registration/room")
    names = {"matches.png", "overlay.png", "recall_curve.svg", "error_overlap.svg"}
    assert {path.name for path in figures.iterdir()} == names
    ablation = pd.read_csv(registering.path("results/ablations/solver.csv"))
    assert list(ablation["solver"]) == ["kabsch", "ransac"]
    assert not registering.path("results/tables/accuracy.csv").exists()
    assert registering.snakemake().nothing
