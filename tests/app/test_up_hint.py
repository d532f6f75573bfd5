import h5py
import numpy as np
import pytest

from pointclip.app.up_hint import up_hint
from pointclip.clouds.up_axis import UP
from pointclip.core.files import PACKAGE


@pytest.fixture(scope="module")
def shapes():
    with h5py.File(PACKAGE / "assets" / "furniture" / "furniture.h5") as f:
        return f["points"][::40].astype(np.float32)


def write(folder, shapes, up):
    files = []
    for number, shape in enumerate(shapes):
        files.append(folder / f"{up}{number}.npy")
        np.save(files[-1], shape @ np.array(UP[up], np.float32))
    return files


@pytest.mark.parametrize("up", ["y", "z", "-x"])
def test_files_that_are_turned_are_told_and_others_are_not(tmp_path, shapes, up):
    files = write(tmp_path, shapes, up)
    hint = "" if up == "y" else f"These files look as if {up} pointed up: give --up {up}"
    assert up_hint(files).startswith(hint) and bool(up_hint(files)) == (up != "y")


def test_balls_and_what_cannot_be_read_give_no_hint(tmp_path):
    ball = np.random.default_rng(0).normal(size=(500, 3))
    np.save(tmp_path / "ball.npy", ball / np.linalg.norm(ball, axis=1, keepdims=True))
    (tmp_path / "broken.ply").write_text("ply")
    assert up_hint([tmp_path / "ball.npy", tmp_path / "broken.ply", tmp_path / "none.ply"]) == ""
