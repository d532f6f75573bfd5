"""Archives of scenes: unpacked once, and said plainly where the scenes go if none is had."""

import json
import socket
import time
import zipfile
from pathlib import Path

import pytest
from scenes import pose, write_scene

from pointclip.catalog.registration import PAIRS
from pointclip.core.errors import UserError
from pointclip.data.readers.frames import find_scenes
from pointclip.registration.archive import fetch_scenes


@pytest.fixture
def scene(tmp_path):
    return find_scenes(write_scene(tmp_path / "room", [pose(), pose(5, (0.1, 0, 0))]))[0]


def test_an_archive_of_scenes_is_fetched_once_and_unpacked(scene, tmp_path, caplog):
    """As FreeReg hosts its data: a zip that begins with a folder or two of its own."""
    for depth, name in (("", "flat"), ("3dmatch/test", "deep")):
        archive = tmp_path / f"{name}.zip"
        with zipfile.ZipFile(archive, "w") as zipped:
            for path in scene.folder.rglob("*.*"):
                inside = Path(depth, "room", path.relative_to(scene.folder))
                zipped.write(path, inside)
            zipped.writestr("run.sh", "echo")
        entry = PAIRS | {"path": "data/mine", "urls": [str(archive)], "terms": "for research"}
        fetch_scenes(entry, tmp_path / name)
        assert "Terms of use, please read before you go on: for research" in caplog.text
        (found,) = find_scenes(tmp_path / name / "unpacked")
        assert (found.name, found.ids) == ("room", (0, 1))
        assert not list((tmp_path / name).rglob("*.sh"))
        manifest = json.loads((tmp_path / name / "manifest.json").read_text())
        assert manifest["checksum"].startswith("sha256:")
    wrong = entry | {"sha256": "0" * 64}
    with pytest.raises(
        UserError, match=r"not sha256:0+\)\. Put the scenes into data/mine \(for res"
    ):
        fetch_scenes(wrong, tmp_path / "wrong")


def test_scenes_that_cannot_be_fetched_are_told_with_their_place_in_seconds(tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.zip"
        entry = PAIRS | {"path": "x", "place": "data/mine", "urls": [url], "terms": "by hand"}
        start = time.perf_counter()
        with pytest.raises(UserError) as caught:
            fetch_scenes(entry, tmp_path)
    assert time.perf_counter() - start < 5
    assert str(caught.value) == (
        "The folder data/mine is missing and nothing answers at its URLs: put the scenes there "
        "(by hand)."
    )
