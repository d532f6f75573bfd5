"""Modules of the user's own: a Python file that an entry of the config names as its `module`.

It is the user's code, as the config is the user's: adapter files, which people pass on, name none.
"""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from pointclip.core.errors import UserError


SUFFIX = ".py"


def is_own(name: str) -> bool:
    """Whether a name is that of a file, and not of something that is built in."""
    return name.endswith(SUFFIX)


def load_own(path: str | Path, *needed: str) -> ModuleType:
    """The module in a Python file.

    Args:
        needed: what it must define.

    Raises:
        UserError: if there is no such file, or it lacks one of these.
    """
    file = Path(path).resolve()
    name = f"pointclip_own_{file.stem}"
    module = sys.modules.get(name)
    if module is None or module.__file__ != str(file):
        spec = spec_from_file_location(name, file)
        if not file.is_file() or spec is None or spec.loader is None:
            raise UserError(f"The module '{path}' is no Python file.")
        module = module_from_spec(spec)
        sys.modules[name] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
    if lacking := [each for each in needed if not hasattr(module, each)]:
        raise UserError(f"The module '{path}' does not define {lacking[0]}.")
    return module
