from pathlib import Path

import pytest
import yaml

from pointclip.catalog.backbones import BACKBONES
from pointclip.config.own_entries import find_entry
from pointclip.core.errors import UserError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    own = {
        "backbones": {"mine": {"base": "iconclip", "polarity": "invert"}},
        "projections": {
            "two": {"base": "pointclip_zs", "views": [0, 2]},
            "both": {"join": ["two", "pointclip_v2"]},
        },
    }
    Path("config/b.yaml").write_text(yaml.safe_dump(own))
    Path("config/a.yaml").write_text("backbones: [of another program]")


def test_built_in_names_stay_names():
    assert find_entry("backbones", "rn50") == "rn50"
    assert find_entry("projections", None) is None


def test_entries_of_the_config_come_with_their_bases():
    found = find_entry("backbones", "mine")
    assert (found["name"], found["model"], found["polarity"]) == ("mine", "iconclip", "invert")
    assert find_entry("projections", "two") == {"base": "pointclip_zs", "views": [0, 2]}


def test_entries_of_a_file_and_modules():
    Path("small.yaml").write_text("{base: pointclip_zs, size: 32}")
    assert find_entry("projections", "small.yaml") == {"base": "pointclip_zs", "size": 32}
    Path("own.py").touch()
    assert find_entry("projections", "own.py") == {"module": "own.py"}
    assert find_entry("backbones", "own.py")["module"] == "own.py"


@pytest.mark.parametrize(
    ("section", "name", "sentence"),
    [
        ("projections", "both", "joins others: only the workflow can use it"),
        ("projections", "thre", "Unknown projection 'thre': choose one of pointclip_zs"),
        ("backbones", "none.yaml", "none.yaml does not exist"),
        ("backbones", "none.py", "The module 'none.py' of the backbone 'none' is no Python file"),
    ],
)
def test_what_is_not_there_is_a_sentence(section, name, sentence):
    with pytest.raises(UserError, match=sentence):
        find_entry(section, name)


def test_what_is_added_to_a_catalog_is_built_in_from_then_on(monkeypatch):
    monkeypatch.setitem(BACKBONES, "added", dict(BACKBONES["rn50"]))
    assert find_entry("backbones", "added") == "added"
