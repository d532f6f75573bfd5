"""The real DAG on three classes of simple shapes, run once and copied for every test."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings
from project import CONFIG, Project, new_project
from score_rows import rows, zero_shot

from pointclip.evaluation.published import COLUMNS


# How fast examples are tried says nothing on a machine that others use.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under `-n`, the tests of the DAG begin first, because they take longest."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        items.sort(key=lambda item: "workflow" not in item.path.parts)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The copy with its config, before anything has run. Not to be changed."""
    from pointclip.classification.view_weights import grid_search
    from pointclip.projection.float16 import render_float16
    from pointclip.projection.projection import get_projection

    render_float16(get_projection("pointclip_zs"), np.zeros((1, 1, 3), np.float32))
    grid_search(np.zeros((1, 1, 1), np.float32), np.zeros(1, np.int64))
    root = tmp_path_factory.mktemp("fresh") / "project"
    return new_project(root, CONFIG)


@pytest.fixture(scope="session")
def finished(fresh: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same after a run with all cores, once for all test processes. Not to be changed."""
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent
    done = folder / "finished"
    with FileLock(folder / "finished.lock"):
        if not done.exists():
            project = fresh.copy(tmp_path_factory.mktemp("unfinished"))
            outcome = project.snakemake()
            assert outcome.code == 0, outcome.text
            project.root.rename(done)
    return Project(done)


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A finished project to be changed at will."""
    return finished.copy(tmp_path)


@pytest.fixture
def blank(fresh: Project, tmp_path: Path) -> Project:
    """A project in which nothing has run yet, to be changed at will."""
    return fresh.copy(tmp_path)


@pytest.fixture
def scores() -> pd.DataFrame:
    return pd.DataFrame(
        [
            *rows([70.0, 74.0, 72.0], [3, 1, 2]),
            *rows([80.0, 81.0, 82.0], [1, 2, 3], protocol="released"),
            *zero_shot(20.0, protocol="released"),
            *zero_shot(19.0),
        ]
    )


@pytest.fixture
def published() -> pd.DataFrame:
    cells = {
        **{"table": "t", "method": "zero_shot", "dataset": "modelnet40", "variant": ""},
        **{"projection": "pointclip_zs", "prompts": "v1_zero_shot", "backbone": "rn50"},
        **{"shots": 0, "protocol": "plain", "metric": "top1", "value": 19.33},
        **{"source": "issue 7", "certainty": "reported", "note": ""},
    }
    return pd.DataFrame([cells], columns=COLUMNS)
