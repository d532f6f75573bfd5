import numpy as np
import pytest
from PIL import Image
from scenes import pose, write_scene

from pointclip.core.errors import UserError
from pointclip.data.readers.frames import (
    find_scenes,
    read_depth,
    read_matrix,
    read_pair_list,
    read_photo,
)


def test_one_scene_or_several_below_a_folder(tmp_path):
    write_scene(tmp_path / "b", [pose()])
    write_scene(tmp_path / "a", [pose(), pose()])
    assert [(s.name, s.ids) for s in find_scenes(tmp_path)] == [("a", (0, 1)), ("b", (0,))]
    assert [s.name for s in find_scenes(tmp_path / "b")] == ["b"]


def test_folders_without_frames_are_told(tmp_path):
    with pytest.raises(UserError, match="no folder 'query'"):
        find_scenes(tmp_path)
    (tmp_path / "query").mkdir()
    with pytest.raises(UserError, match="has no frame"):
        find_scenes(tmp_path)
    with pytest.raises(UserError, match="is no folder"):
        find_scenes(tmp_path / "nowhere")


def test_a_frame_that_is_not_there_is_told(tmp_path):
    (scene,) = find_scenes(write_scene(tmp_path / "room", [pose()]))
    assert scene.photo(0).name == "0.color.png"
    with pytest.raises(UserError, match="'room' has no frame 7"):
        scene.photo(7)


def test_depth_comes_in_metres_from_png_and_npy(tmp_path):
    values = np.array([[0, 500], [1000, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / "d.png")
    assert read_depth(tmp_path / "d.png", 1000).tolist() == [[0, 0.5], [1, pytest.approx(65.535)]]
    assert read_depth(tmp_path / "d.png", 256)[1, 0] == 1000 / 256
    np.save(tmp_path / "d.npy", np.array([[np.nan, -1], [np.inf, 2.5]], np.float32))
    assert read_depth(tmp_path / "d.npy", 1000).tolist() == [[0, 0], [0, 2.5]]


def test_a_transparent_photo_lies_over_white_as_in_the_release(golden_rgba, tmp_path):
    rgba, flat = golden_rgba
    Image.fromarray(rgba).save(tmp_path / "p.png")
    assert np.abs(read_photo(tmp_path / "p.png").astype(int) - flat).max() <= 1


@pytest.fixture
def golden_rgba():
    from places import GOLDEN

    with np.load(GOLDEN / "freereg.npz") as file:
        return file["resize/rgba_in"], file["resize/rgba_flat"]


def bad_depths(folder):
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(folder / "empty.png")
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / "colours.png")
    (folder / "cut.png").write_bytes((folder / "empty.png").read_bytes()[:40])
    (folder / "text.png").write_text("no image")
    np.save(folder / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(folder / "line.npy", np.ones(5))
    np.save(folder / "far.npy", np.full((2, 2), 5000.0))
    np.save(folder / "whole.npy", np.ones((50, 50)))
    (folder / "short.npy").write_bytes((folder / "whole.npy").read_bytes()[:400])
    (folder / "bytes.npy").write_bytes(b"\x93NUMPY\x09\x00")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty.png", "is empty"),
        ("colours.png", "has colours"),
        ("cut.png", "not a readable image"),
        ("text.png", "not a readable image"),
        ("gone.png", "does not exist"),
        ("gone.npy", "does not exist"),
        ("objects.npy", "no depth map of two axes"),
        ("line.npy", "no depth map of two axes"),
        ("short.npy", "cut short"),
        ("bytes.npy", "no depth map"),
        ("far.npy", "check its unit"),
    ],
)
def test_bad_depth_maps_are_told_in_a_sentence(tmp_path, name, words):
    bad_depths(tmp_path)
    with pytest.raises(UserError, match=words):
        read_depth(tmp_path / name, 1000)


@pytest.mark.parametrize("text", ["1 2 3", "1 2\n3 nan", "a b\nc d", "1 2\n3", ""])
def test_bad_matrices_are_told(tmp_path, text):
    path = tmp_path / "m.txt"
    path.write_text(text)
    with pytest.raises(UserError, match="2 lines of 2 finite numbers"):
        read_matrix(path, 2, 2)


@pytest.mark.parametrize(("text", "words"), [("1 2\nx 3", "Line 2"), ("# none\n", "lists no pair")])
def test_bad_pair_lists_are_told(tmp_path, text, words):
    path = tmp_path / "pairs.txt"
    path.write_text(text)
    with pytest.raises(UserError, match=words):
        read_pair_list(path)
