import os
from pathlib import Path

import pytest

from pointclip.core.errors import UserError
from pointclip.core.files import ASSETS, find_files, own_file, printable, read_yaml, unique_names


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_folders_are_walked_in_the_order_of_names_and_files_come_as_they_are(tmp_path):
    for name in ("b/2.ply", "b/10.PLY", "a/x.obj", "a/deep/y.off", "notes.txt", ".hidden/z.ply"):
        touch(tmp_path / name)
    found = find_files([tmp_path / "notes.txt", tmp_path], [".ply", ".obj", ".off"])
    names = [str(path.relative_to(tmp_path)) for path in found]
    assert names == ["notes.txt", "a/x.obj", "a/deep/y.off", "b/10.PLY", "b/2.ply"]


def test_a_missing_file_comes_too_for_its_reader_to_say_so(tmp_path):
    assert list(find_files([tmp_path / "none.ply"], [".ply"])) == [tmp_path / "none.ply"]


def test_link_loops_end_and_no_folder_is_read_twice(tmp_path):
    touch(tmp_path / "a/x.ply")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "itself.ply").symlink_to(tmp_path / "itself.ply")
    (tmp_path / "again").symlink_to(tmp_path / "a")
    assert list(find_files([tmp_path, tmp_path / "a"], [".ply"])) == [tmp_path / "a/x.ply"]


def test_only_regular_files_count(tmp_path):
    os.mkfifo(tmp_path / "pipe.ply")
    (tmp_path / "folder.ply").mkdir()
    assert list(find_files([tmp_path], [".ply"])) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_locked_folder_is_named(tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    assert list(find_files([tmp_path], [".ply"])) == [locked]


def test_names_are_safe_to_show():
    assert printable("Stühle/椅子.ply") == "Stühle/椅子.ply"
    assert printable(os.fsdecode(b"a\xffb\x1b[31m\n.ply")) == r"a\xffb\x1b[31m\n.ply"


def test_a_file_of_an_entry_is_a_users_own_before_one_of_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "iconclip/iconclip.json"
    assert own_file(name, "model config") == ASSETS / name
    own = touch(tmp_path / name)
    assert own_file(name, "model config").samefile(own)
    assert own_file(str(own), "model config") == own
    with pytest.raises(UserError, match=r"The model config 'none.json' does not exist"):
        own_file("none.json", "model config")


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{k}: &{k} [{', '.join([f'*{j}'] * 10)}]\n"
            for j, k in zip("abcdef", "bcdefg", strict=True)
        ),
        "a: &a {b: *a}\n",
        "a: &a [[*a]]\n",
    ],
)
def test_aliases_do_not_multiply_what_a_file_holds(tmp_path, text):
    path = tmp_path / "bomb.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match="more than 1000000 values"):
        read_yaml(path)
    path.write_text("a: &a [x, y]\nb: *a\n")
    assert read_yaml(path) == {"a": ["x", "y"], "b": ["x", "y"]}


def test_files_of_one_name_are_told_apart_by_their_folders():
    names = ["a/chair.ply", "b/chair.ply", "lamp.ply", "x/c/lamp.ply", "y/c/lamp.ply", "lamp.ply"]
    assert unique_names([Path(name) for name in names]) == [
        *("a/chair.ply", "b/chair.ply", "lamp.ply"),
        *("x/c/lamp.ply", "y/c/lamp.ply", "lamp.ply (2)"),
    ]
