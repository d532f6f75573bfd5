"""The house is as DESIGN says: rooms whose imports go one way, modules of a size to be read."""

import runpy

import pytest
from places import REPOSITORY


ARCHITECTURE = runpy.run_path(str(REPOSITORY / "docs/write_architecture.py"))
ROOMS = ARCHITECTURE["ROOMS"]
PACKAGE = REPOSITORY / "pointclip"
# One file each, because numba's cache sees one file; longer than others may be.
KERNELS = {"projection/surface_cpu.py"}


def test_the_page_is_that_of_the_code() -> None:
    written = (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")
    assert written == ARCHITECTURE["page"](), "run `make docs`"


@pytest.mark.parametrize("room", ARCHITECTURE["rooms"]())
def test_a_room_imports_only_rooms_before_it(room: str) -> None:
    later = ROOMS[ROOMS.index(room) + 1 :]
    assert not ARCHITECTURE["imports"]()[room] & set(later)


@pytest.mark.parametrize("room", ARCHITECTURE["rooms"]())
def test_a_room_says_what_it_is_for(room: str) -> None:
    assert ARCHITECTURE["sentence"](room).endswith(".")


def test_the_package_holds_rooms_alone() -> None:
    found = {path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}
    assert found == {"__init__.py", "assets", "py.typed"} & found | set(ARCHITECTURE["rooms"]())


def test_every_change_has_a_file() -> None:
    missing = [p for p in ARCHITECTURE["CHANGES"].values() if not (REPOSITORY / p).exists()]
    assert not missing


def test_no_module_is_too_long_to_read() -> None:
    def too_long(pattern: str, limit: int) -> dict[str, int]:
        lengths = {p: len(p.read_text("utf-8").splitlines()) for p in REPOSITORY.glob(pattern)}
        return {str(p.relative_to(REPOSITORY)): n for p, n in lengths.items() if n > limit}

    modules = too_long("pointclip/**/*.py", 200)
    assert set(modules) <= {f"pointclip/{name}" for name in KERNELS}, modules
    assert not too_long("scripts/*.py", 60)
    rules = too_long("workflow/*/*.smk", 120)
    assert not rules, rules
