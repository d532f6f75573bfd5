from pathlib import Path

import pytest

from pointclip import provenance


FILES = {
    "colours.py": "RED = 1\nBLUE = 2\n",
    "paint.py": (
        '"""Paint."""\nfrom pkg import colours\nfrom pkg.colours import RED\n\n'
        "def red() -> int:\n    return RED\n\n"
        "def blue():\n    return colours.BLUE\n\n"
        "def either(name):\n    return getattr(colours, name)\n"
    ),
    "methods/__init__.py": "from pkg.methods import a, b\n\nMETHODS = {'a': a, 'b': b}\n",
    "methods/a.py": "def run():\n    return 1\n",
    "methods/b.py": "def run():\n    return 2\n",
    "heavy.py": "raise ImportError\n",
    "lazy.py": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg.heavy import x\n\n"
        "def late():\n    from .colours import BLUE\n    return BLUE\n"
    ),
}


class Package:
    """A package in a folder of its own, and the hash of a script that uses it."""

    def __init__(self, root: Path) -> None:
        self.root = root / "pkg"
        for name, text in FILES.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.root / "__init__.py").write_text("")

    def hash(self, script: str, **registry: object) -> str:
        for name in ("_definition", "_definitions", "_import_table", "_file", "_tree"):
            getattr(provenance, name).cache_clear()
        path = self.root.parent / "script.py"
        path.write_text(script)
        return provenance.code_hash(path, **registry)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    made = Package(tmp_path)
    monkeypatch.setattr(provenance, "PACKAGE", made.root)
    yield made
    made.hash("")


@pytest.mark.parametrize(
    ("script", "changes"),
    [
        ("from pkg.paint import red\nred()", {"RED"}),
        ("from pkg.paint import blue\nblue()", {"BLUE"}),
        ("from pkg.paint import either\neither('RED')", {"RED", "BLUE"}),
        ("from pkg import paint\npaint.red()", {"RED"}),
        ("import pkg.paint as p\np.blue()", {"BLUE"}),
        ("from pkg.lazy import late\nlate()", {"BLUE"}),
        ("from pkg.paint import red", set()),
    ],
)
def test_a_constant_counts_for_those_who_reach_it(
    package: Package, script: str, changes: set[str]
) -> None:
    before = package.hash(script)
    for name in ("RED", "BLUE"):
        package.edit("colours.py", f"{name} = ", f"{name} = 1")
        after = package.hash(script)
        assert (after != before) == (name in changes)
        before = after


def test_comments_docstrings_annotations_and_order_do_not_count(package: Package) -> None:
    script = "from pkg.paint import red, blue\nred(), blue()"
    before = package.hash(script)
    package.edit("paint.py", '"""Paint."""', '"""Paint it."""\n# A comment.')
    package.edit("paint.py", "-> int", "-> float")
    package.edit("colours.py", "RED = 1\nBLUE = 2\n", "BLUE = 2\n\nRED = 1\n")
    assert package.hash(script) == before


def test_of_a_registry_only_the_entry_in_use_counts(package: Package) -> None:
    script = "from pkg.methods import METHODS\nMETHODS[name].run()"
    registry = {"registry": ("pkg.methods", "METHODS"), "entry": "pkg.methods.a"}
    whole, own = package.hash(script), package.hash(script, **registry)
    package.edit("methods/b.py", "2", "3")
    assert package.hash(script) != whole
    assert package.hash(script, **registry) == own
    package.edit("methods/a.py", "1", "3")
    assert package.hash(script, **registry) != own


def test_every_script_is_hashed_in_milliseconds_and_reaches_the_library() -> None:
    scripts = sorted(Path(__file__).parents[1].glob("scripts/*.py"))
    hashes = {path.name: provenance.code_hash(path) for path in scripts}
    assert len(set(hashes.values())) >= len(scripts) - 1
