"""Libraries that not every install has."""

from importlib.util import find_spec

from pointclip.core.errors import UserError


def require(module: str, extra: str, what: str) -> None:
    """See that a library is installed, before anything is computed that needs it.

    Args:
        extra: of this package, which brings the library.
        what: needs it.

    Raises:
        UserError: if it is not installed: with what to install.
    """
    if find_spec(module) is None:
        raise UserError(f"{what} needs {module}: pip install 'pointclip[{extra}]'.")
