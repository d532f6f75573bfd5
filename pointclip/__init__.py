"""What a frozen 2D CLIP understands of 3D point clouds.

A cloud is rendered as depth maps from several views, which CLIP compares with words:

>>> from pointclip import PointCLIP, load_cloud
>>> model = PointCLIP(classes=["chair", "table", "lamp"])
>>> points = load_cloud("examples/table.ply")
>>> probabilities = model(points)
>>> model.classes[probabilities.argmax()]
'table'

The parts, each a module: `clouds` reads files, `projection` draws depth maps, `encoders` holds the
CLIPs, `prompts` the sentences about a class, `zero_shot` and `adapters` turn features into logits,
`protocols` says what an accuracy means. The command line is `pointclip --help`.
"""

from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from pointclip.app.model import PointCLIP
    from pointclip.app.register import register
    from pointclip.clouds.load import load_cloud

__version__ = "0.1.0"
__all__ = ["PointCLIP", "__version__", "load_cloud", "register"]


def __getattr__(name: str) -> Any:
    """Import what needs torch only when it is asked for."""
    if name == "PointCLIP":
        from pointclip.app.model import PointCLIP

        return PointCLIP
    if name == "load_cloud":
        from pointclip.clouds.load import load_cloud

        return load_cloud
    if name == "register":
        from pointclip.app.register import register

        return register
    raise AttributeError(f"module 'pointclip' has no attribute '{name}'")


def __dir__() -> list[str]:
    """So that completion and pydoc find what is imported late."""
    return sorted({*globals(), *__all__})
