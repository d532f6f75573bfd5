"""What a base install must not need: the packages of the extra `registration`."""

import ast
import subprocess
import sys

import pytest
from places import REPOSITORY


EXTRA = {"diffusers", "transformers", "accelerate"}
SCRIPT = f"""
import importlib, pkgutil, sys
for name in {sorted(EXTRA)}:
    sys.modules[name] = None
import pointclip.registration
for module in pkgutil.walk_packages(pointclip.registration.__path__, "pointclip.registration."):
    importlib.import_module(module.name)
"""


def test_registration_imports_without_the_extra_packages() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("folder", ["pointclip", "scripts"])
def test_nothing_imports_the_extra_packages_before_it_needs_them(folder: str) -> None:
    for path in (REPOSITORY / folder).rglob("*.py"):
        found = set()
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in statement.names}
            if isinstance(statement, ast.ImportFrom) and statement.module:
                found.add(statement.module.partition(".")[0])
        assert not found & EXTRA, path
