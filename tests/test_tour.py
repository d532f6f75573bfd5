"""The notebook docs/tour.ipynb runs, on features that tell classes apart in place of the demo's."""

import h5py
import nbclient
import nbformat
import numpy as np
from cached_results import write_features, write_scores
from places import REPOSITORY


SHAPES = REPOSITORY / "pointclip/assets/furniture/furniture.h5"


def test_the_tour_runs(tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    with h5py.File(SHAPES) as f:
        classes, split = list(f.attrs["classes"]), f["split"].asstr()[:]
        labels = np.array(f["label"])
    ids = {"dataset": "furniture", "projection": "pointclip_v2", "backbone": "iconclip"}
    for name in ("train", "test"):
        own = labels[split == name].tolist()
        write_features(tmp_path / "results", own, classes, split=name, **ids)
    write_scores(tmp_path / "results")
    tour = nbformat.read(REPOSITORY / "docs/tour.ipynb", as_version=4)
    folder = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(tour, timeout=1200, kernel_name="python3", resources=folder).execute()
    said = "".join(str(cell.get("outputs", "")) for cell in tour.cells)
    assert said.count("data:image/png;base64") >= 10  # a picture of every view
    assert "nearest mean: 100.0 %" in said
    assert "2 shots:" in said and "table" in said
