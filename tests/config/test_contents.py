import os

import pytest

from pointclip.config.contents import LOOKS, contents_hash, scan


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("ball/train/0.ply", "ball/test/0.ply", "stick/train/0.ply"):
        path = tmp_path / "shapes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "shapes"


def hashes(folder):
    return {split: contents_hash(scan(folder), split) for split in ("train", "test")}


def changed(folder, change):
    """The splits whose hash a change of the folder changes."""
    before = hashes(folder)
    change()
    return {split for split, now in hashes(folder).items() if now != before[split]}


def test_a_look_without_a_change_changes_nothing(folder):
    assert changed(folder, lambda: None) == set()
    assert len(list(LOOKS.iterdir())) == 1


@pytest.mark.parametrize(
    ("change", "splits"),
    [
        (lambda f: (f / "ball/test/1.ply").write_text("new"), {"test"}),
        (lambda f: (f / "ball/test/0.ply").write_text("other"), {"test"}),
        (lambda f: (f / "ball/test/0.ply").write_text("BALL/test/0.ply"), {"test"}),
        (lambda f: (f / "ball/train/0.ply").rename(f / "ball/train/1.ply"), {"train"}),
        (lambda f: (f / "ball/train/0.ply").unlink(), {"train"}),
        (lambda f: (f / "classes.txt").write_text("ball"), {"train", "test"}),
        (lambda f: (f / "ball/.DS_Store").touch(), set()),
        (lambda f: os.utime(f / "ball/test/0.ply", (1, 1)), set()),
    ],
)
def test_added_removed_and_changed_files_count_and_touched_ones_do_not(folder, change, splits):
    assert changed(folder, lambda: change(folder)) == splits


def test_a_class_that_only_the_other_split_has_counts(folder):
    (folder / "cup/test").mkdir(parents=True)
    assert changed(folder, lambda: (folder / "cup/test/0.ply").touch()) == {"train", "test"}


def test_what_cannot_be_read_is_left_to_the_job(folder):
    before = hashes(folder)
    (folder / "ball/test/loop.ply").symlink_to("loop.ply")
    (folder / "ball/test/none.ply").symlink_to("nowhere.ply")
    assert hashes(folder) == before


def test_a_damaged_look_is_a_look_anew(folder):
    before = hashes(folder)
    next(LOOKS.iterdir()).write_text("{")
    assert hashes(folder) == before
