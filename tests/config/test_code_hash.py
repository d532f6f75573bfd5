from pathlib import Path

import pytest

from pointclip.config import code_hash
from pointclip.core.files import PACKAGE


FILES = {
    "colours.py": "RED = 1\n",
    "other.py": "BLUE = 2\n",
    "paint.py": '"""Paint."""\nfrom pkg.colours import RED\n\ndef red() -> int:\n    return RED\n',
    "heavy.py": "SIZE = 1\n",
    "lazy.py": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg.heavy import SIZE\n\n"
        "def late():\n    from pkg.colours import RED\n    return RED\n"
    ),
}


class Package:
    """A package in a folder of its own, and the hash of a script that uses it."""

    def __init__(self, root: Path) -> None:
        self.root = root / "pkg"
        self.root.mkdir()
        for name, text in {"__init__.py": "", **FILES}.items():
            (self.root / name).write_text(text)

    def hash(self, script: str, *also: str) -> str:
        code_hash._read.cache_clear()
        code_hash._file.cache_clear()
        path = self.root.parent / "script.py"
        path.write_text(script)
        return code_hash.code_hash(path, *also)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    made = Package(tmp_path)
    monkeypatch.setattr(code_hash, "PACKAGE", made.root)
    yield made
    made.hash("")


@pytest.mark.parametrize(
    "script",
    [
        "from pkg.paint import red\nred()",
        "from pkg.paint import *\nred()",
        "from pkg import paint\npaint.red()",
        "import pkg.paint\npkg.paint.red()",
        "import pkg.paint as p\np.red()",
        "from pkg.lazy import late\nlate()",
        "def late():\n    from pkg.colours import RED",
    ],
)
def test_a_constant_counts_for_those_who_reach_its_module(package: Package, script: str) -> None:
    before = package.hash(script)
    package.edit("other.py", "BLUE = 2", "BLUE = 3")
    package.edit("heavy.py", "SIZE = 1", "SIZE = 2")
    assert package.hash(script) == before
    package.edit("colours.py", "RED = 1", "RED = 2")
    assert package.hash(script) != before


def test_comments_docstrings_annotations_and_touches_do_not_count(package: Package) -> None:
    script = "from pkg.paint import red\nred()"
    before = package.hash(script)
    package.edit("paint.py", '"""Paint."""', '"""Paint it."""\n# A comment.')
    package.edit("paint.py", "-> int", "-> float")
    (package.root / "colours.py").touch()
    assert package.hash(script) == before


def test_a_moved_module_does_not_count(package: Package) -> None:
    before = package.hash("from pkg.paint import red\nred()")
    (package.root / "room").mkdir()
    (package.root / "room" / "__init__.py").touch()
    (package.root / "colours.py").rename(package.root / "room" / "hues.py")
    package.edit("paint.py", "pkg.colours", "pkg.room.hues")
    assert package.hash("from pkg.paint import red\nred()") == before


def test_a_module_imported_by_name_counts_where_the_rule_names_it(package: Package) -> None:
    script = "import importlib\nimportlib.import_module(name)"
    before = package.hash(script, "pkg.paint")
    package.edit("other.py", "BLUE = 2", "BLUE = 3")
    assert package.hash(script, "pkg.paint") == before
    package.edit("colours.py", "RED = 1", "RED = 2")
    assert package.hash(script, "pkg.paint") != before


def test_what_reaches_jobs_as_params_does_not_count(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_hash, "AS_PARAMS", ("pkg.colours",))
    before = package.hash("from pkg.paint import red")
    package.edit("colours.py", "RED = 1", "RED = 2")
    assert package.hash("from pkg.paint import red") == before
    package.edit("paint.py", "return RED", "return -RED")
    assert package.hash("from pkg.paint import red") != before


def test_what_reaches_jobs_as_params_is_there() -> None:
    assert all(code_hash._file(module) for module in code_hash.AS_PARAMS)


def test_a_relative_import_is_refused_for_it_would_not_be_followed(package: Package) -> None:
    with pytest.raises(SyntaxError, match="not followed"):
        package.hash("from .paint import red")


def test_scripts_of_different_stages_have_different_hashes() -> None:
    scripts = sorted((PACKAGE.parent / "scripts").glob("*.py"))
    assert len({code_hash.code_hash(path) for path in scripts}) == len(scripts)
