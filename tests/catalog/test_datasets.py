import pytest
from places import REPOSITORY

from pointclip.catalog.datasets import CLASSES, FURNITURE, READERS
from pointclip.catalog.parts import PART_READERS
from pointclip.data.read_split import load_reader


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_has_a_module_that_reads(reader):
    module = load_reader({"reader": reader})
    assert callable(module.read) and callable(module.wanted)


def test_no_reader_module_is_left_out():
    folder = REPOSITORY / "pointclip" / "data" / "readers"
    # Frames are the data of registration, which has no labels.
    known = {"__init__", "base", "frames", *READERS.values(), *PART_READERS.values()}
    assert {p.stem for p in folder.glob("*.py")} <= known


def test_classes_are_known_in_label_order():
    assert {name: len(classes) for name, classes in CLASSES.items()} == {
        **{"modelnet40": 40, "modelnet10": 10, "scanobjectnn": 15}
    }
    assert all(len(set(classes)) == len(classes) for classes in CLASSES.values())
    assert CLASSES["scanobjectnn"][:3] == ("bag", "bin", "box")
    assert CLASSES["scanobjectnn"][10] == "bed"


def test_the_embedded_shapes_are_part_of_the_package():
    assert FURNITURE.is_file()
