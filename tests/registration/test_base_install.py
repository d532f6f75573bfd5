"""What a base install must not need."""

import subprocess
import sys


SCRIPT = """
import importlib, pkgutil, sys
for name in ("diffusers", "transformers", "accelerate"):
    sys.modules[name] = None
import pointclip.registration
for module in pkgutil.walk_packages(pointclip.registration.__path__, "pointclip.registration."):
    importlib.import_module(module.name)
"""


def test_registration_imports_without_the_extra_packages() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
