import os

import pytest
import trimesh
from tiny import tiny_backbone
from typer.testing import CliRunner

from pointclip.app.cli import app
from pointclip.catalog.backbones import BACKBONES


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    return tiny_backbone(tmp_path_factory.mktemp("tiny"), prompts="class_name")


@pytest.fixture
def run(entry, monkeypatch, tmp_path):
    """Run a command in an empty folder, with a backbone `tiny`: exit code, stdout, stderr."""
    monkeypatch.setitem(BACKBONES, "tiny", entry)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "100"})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture
def shapes(tmp_path):
    folder = tmp_path / "shapes"
    (folder / "inner").mkdir(parents=True)
    trimesh.creation.icosphere().export(folder / "ball.off")
    trimesh.creation.box((1, 2, 3)).export(folder / "inner/box.ply")
    return folder


@pytest.fixture
def bad(shapes):
    (shapes / "bad.off").write_bytes(b"\x00\xff" * 50)
    (shapes / os.fsdecode(b"n\xffm\x1be.npy")).touch()
    return shapes
