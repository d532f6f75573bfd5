import pytest

from pointclip.app.class_folders import list_shapes
from pointclip.core.errors import UserError


@pytest.fixture
def folder(tmp_path):
    for name in ("ball", "stick"):
        for k in range(3):
            path = tmp_path / name / f"{k}.npy"
            path.parent.mkdir(exist_ok=True)
            path.touch()
    return tmp_path


def listed(folder, name):
    return [(each.path.name, each.split) for each in list_shapes(folder) if each.name == name]


def test_every_file_of_a_class_is_to_be_learned(folder):
    assert listed(folder, "stick") == [(f"{k}.npy", "train") for k in range(3)]


def test_where_a_class_has_a_train_folder_only_that_counts(folder):
    (folder / "ball/train").mkdir()
    (folder / "ball/0.npy").rename(folder / "ball/train/0.npy")
    assert listed(folder, "ball") == [("0.npy", "train")]
    assert len(listed(folder, "stick")) == 3


@pytest.mark.parametrize("train", ["", "train"])
def test_what_is_in_a_test_folder_is_not_learned(folder, train):
    for target, name in (("test", "0.npy"), (train, "1.npy")):
        (folder / "ball" / target).mkdir(exist_ok=True)
        (folder / "ball" / name).rename(folder / "ball" / target / name)
    assert ("0.npy", "test") in listed(folder, "ball")
    assert ("0.npy", "train") not in listed(folder, "ball")
    assert ("1.npy", "train") in listed(folder, "ball")


def test_what_is_no_folder_of_classes_is_a_sentence(folder):
    with pytest.raises(UserError, match="is no folder"):
        list_shapes(folder / "ball" / "0.npy")
    for path in (folder / "stick").iterdir():
        path.unlink()
    with pytest.raises(UserError, match="needs a folder for each class, and files in at least two"):
        list_shapes(folder)
