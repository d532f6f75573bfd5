"""Depth of the embedded photos by tiny random networks."""

import numpy as np
import pandas as pd
import pytest


pytest.importorskip("transformers")

from tiny_depth import save_depth_network

from pointclip.catalog.registration import PAIRS as PAIRS_DEFAULTS
from pointclip.catalog.registration import SETTINGS
from pointclip.core.errors import UserError
from pointclip.core.files import PACKAGE
from pointclip.core.store import open_h5
from pointclip.data.readers.frames import find_scenes, read_photo
from pointclip.registration.dense.metric_depth import load_depth_network
from pointclip.registration.estimated_depth import write_estimated_depth


ENTRY = SETTINGS["indoor"] | PAIRS_DEFAULTS | {"path": PACKAGE / "assets/frames/slambook2"}


def pairs(*rows: tuple[int, int]) -> pd.DataFrame:
    table = [(f"slambook2/{a}-{b}", "slambook2", a, b, 0.5) for a, b in rows]
    return pd.DataFrame(table, columns=["pair", "scene", "query", "target", "overlap"])


@pytest.mark.parametrize("kind", ["zoe", "depth_pro"])
def test_every_query_gets_its_depth(tmp_path, kind):
    network = load_depth_network(save_depth_network(tmp_path / kind, kind), device="cpu")
    write_estimated_depth(pairs((1, 2), (1, 3), (2, 1)), ENTRY, network, tmp_path / "depth.h5")
    with open_h5(tmp_path / "depth.h5") as file:
        assert sorted(file["query/slambook2"]) == ["1", "2"]
        found = file["query/slambook2/1/depth"][:]
    assert found.shape == (480, 640) and found.dtype == np.float32
    scene = find_scenes(ENTRY["path"])[0]
    # Depth Pro is told the photo's focal length, which is 518 pixels.
    wanted = network.estimate(read_photo(scene.photo(1)), 518.0).depth
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_a_missing_photo_is_that_frames_problem_alone(tmp_path):
    network = load_depth_network(save_depth_network(tmp_path / "zoe", "zoe"), device="cpu")
    write_estimated_depth(pairs((1, 2), (99, 1)), ENTRY, network, tmp_path / "depth.h5")
    with open_h5(tmp_path / "depth.h5") as file:
        assert "no frame 99" in file["query/slambook2/99"].attrs["problem"]
        assert "depth" in file["query/slambook2/1"]
    with pytest.raises(UserError, match="No frame can be used"):
        write_estimated_depth(pairs((99, 1)), ENTRY, network, tmp_path / "none.h5")
