import json

import pytest

from pointclip.app.class_lists import MAX_BYTES, read_classes
from pointclip.core.errors import UserError


def test_lists_of_known_data_sets():
    assert len(read_classes("modelnet40")) == 40
    assert len(read_classes("furniture")) == 23


def test_a_file_has_one_name_a_line_or_a_json_list(tmp_path):
    (tmp_path / "a.txt").write_text("\ufeffchair\n\n  night stand \n", encoding="utf-8")
    (tmp_path / "a.json").write_text(json.dumps(["chair", "night stand"]))
    assert read_classes(tmp_path / "a.txt") == read_classes(tmp_path / "a.json")
    assert read_classes(tmp_path / "a.txt") == ["chair", "night stand"]


def test_what_is_no_list_is_told(tmp_path):
    with pytest.raises(UserError, match="'modelnet41' is no list of classes: choose one of furn"):
        read_classes("modelnet41")
    (tmp_path / "a.json").write_text('{"chair": 1}')
    with pytest.raises(UserError, match="must hold a list of names"):
        read_classes(tmp_path / "a.json")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UserError, match="is no text file"):
        read_classes(tmp_path / "a.txt")
    (tmp_path / "long.txt").write_bytes(b"a" * (MAX_BYTES + 1))
    with pytest.raises(UserError, match="is too large"):
        read_classes(tmp_path / "long.txt")
