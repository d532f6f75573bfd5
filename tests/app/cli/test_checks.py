from pathlib import Path

import pytest

from pointclip.app.cli.checks import check_files, check_options, class_list, known_up
from pointclip.core.errors import UserError


def test_the_first_file_that_is_not_there_is_named(tmp_path):
    here = tmp_path / "a.ply"
    here.touch()
    check_files([here, tmp_path])
    with pytest.raises(UserError, match=r"no file or folder .*b\.ply\.$"):
        check_files([here, tmp_path / "b.ply", tmp_path / "c.ply"])


def test_one_cloud_of_a_file_is_there_if_the_file_is(tmp_path):
    (tmp_path / "a.h5").touch()
    check_files([tmp_path / "a.h5#12"])
    for missing in ("b.h5#12", "a.h5#x"):
        with pytest.raises(UserError, match="no file or folder"):
            check_files([tmp_path / missing])


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:12"])
@pytest.mark.parametrize("up", [None, "y", "-z"])
def test_options_that_exist_are_taken(device, up):
    assert check_options(up, device) == (None, None)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"up": "w"}, "Unknown up axis 'w': choose one of"),
        ({"device": "gpu"}, "Unknown device 'gpu': choose one of auto, cpu, cuda, cuda:N, mps"),
        ({"device": "cuda:"}, "Unknown device 'cuda:'"),
        ({"device": "cuda:1x"}, "Unknown device"),
        ({"prompts": "none_such"}, "Unknown prompt set 'none_such'"),
        ({"backbone": "none_such"}, "Unknown backbone 'none_such'"),
        ({"projection": "none_such"}, "Unknown projection 'none_such'"),
    ],
)
def test_options_that_do_not_exist_are_named_with_what_is_allowed(
    options, sentence, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=sentence):
        check_options(**{"up": None, "device": "cpu", **options})


def test_prompts_may_be_a_file_of_any_name(tmp_path):
    path = tmp_path / "own.yaml"
    path.touch()
    check_options(None, "cpu", prompts=str(path))


def test_classes_are_split_at_commas_without_the_spaces_around_them():
    assert class_list(" chair,coffee table , lamp,,", None) == ["chair", "coffee table", "lamp"]
    assert class_list(None, None) == []


def test_classes_come_from_one_place(tmp_path):
    path = tmp_path / "classes.txt"
    path.write_text("chair\nlamp\n")
    assert class_list(None, str(path)) == ["chair", "lamp"]
    with pytest.raises(UserError, match="--classes or --classes-from, not both"):
        class_list("chair", str(path))


def test_a_given_axis_is_not_doubted_and_a_quiet_command_gives_no_hint(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr("pointclip.app.up_hint.up_hint", lambda files: asked.append(files) or "!")
    assert known_up("z", [Path("a")], quiet=False) == "z"
    assert known_up(None, [Path("a")], quiet=True) == "y"
    assert not asked and not capsys.readouterr().err
    assert known_up(None, iter([Path("a")]), quiet=False) == "y"
    assert asked == [[Path("a")]] and capsys.readouterr().err == "!\n"
