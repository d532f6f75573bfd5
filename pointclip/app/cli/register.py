"""`pointclip register`: where in a cloud a photo was taken."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import pointclip
from pointclip.app.cli import common
from pointclip.app.cli.checks import check_files, check_options
from pointclip.core.errors import UserError
from pointclip.core.files import printable


if TYPE_CHECKING:
    from pointclip.app.register import Registration

EXAMPLES = """
[bold]Examples[/bold]

  $ pointclip register photo.jpg room.ply --intrinsics 518,519,325,253 --depth depth.png -o p.html



[bold]Exit codes[/bold]: 0 a pose was found · 1 none was · 2 nothing was done
"""
GUESS = (
    "Without a depth map of the photo only patch features are matched, which are at chance with "
    "the embedded encoder: take this pose as a guess, or give --depth."
)


def register(
    photo: Annotated[Path, typer.Argument(help="The photo.")],
    cloud: Annotated[Path, typer.Argument(help="The point cloud, in metres.")],
    intrinsics: Annotated[
        str, typer.Option(help="[bold]fx,fy,cx,cy[/bold] of the photo, in pixels.")
    ],
    depth: Annotated[
        Path | None,
        typer.Option(
            help="Depth of the photo, of a sensor or a network: .png (mm) or .npy (metres)."
        ),
    ] = None,
    depth_unit: Annotated[
        float, typer.Option(help="Steps of a .png depth map in one metre.", min=1e-6)
    ] = 1000.0,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write a page (.html) of it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    features: Annotated[
        str | None, typer.Option(help="fpfh with --depth, else clip_dense; or hog.")
    ] = None,
    solver: Annotated[
        str | None, typer.Option(help="kabsch with --depth, else pnp; or ransac, kiss, ...")
    ] = None,
    cameras: Annotated[
        str,
        typer.Option(help="Render the cloud from its origin (capture) or many places (around)."),
    ] = "auto",
    up: Annotated[str, typer.Option(help="The cloud's axis that points up, for around.")] = "z",
    scene: Annotated[str, typer.Option(help="indoor or driving.")] = "indoor",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    quiet: common.Quiet = False,
) -> None:
    """Find where in a cloud a photo was taken.

    The cloud is rendered as a depth map, both sides are described and matched, and the pose of the
    photo's camera in the cloud's frame is printed as a 4x4 matrix: it takes points of the camera
    (x right, y down, z ahead; metres) to the cloud.
    """
    with common.user_errors(quiet):
        numbers = _numbers(intrinsics)
        if output and output.suffix.lower() not in {".html", ".htm"}:
            raise UserError(f"Cannot write {printable(output)}: use .html.")
        check_files([photo, cloud, *([depth] if depth else [])])
        check_options(up, "auto")
        from pointclip.app.register import register as find

        found = find(
            photo, cloud, numbers, depth, features=features, solver=solver, cameras=cameras, up=up,
            depth_unit=depth_unit, scene=scene, seed=seed,
        )  # fmt: skip
        if found.features == "clip_dense" and not quiet:
            common.print_error(GUESS)
        typer.echo(json.dumps(_plain(found, photo, cloud)) if as_json else _text(found))
        if output:
            from pointclip.app.register_page import page
            from pointclip.core.atomic import write_text

            made = f"pointclip {pointclip.__version__} · {found.features}, {found.solver}"
            title = f"{printable(photo.name)} in {printable(cloud.name)}"
            write_text(page(found, title, made), output)
            if not quiet and not as_json:
                typer.echo(printable(output))
    if found.pose is None:
        raise typer.Exit(common.SOME_FAILED)


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError as error:
        raise UserError(
            f"'{text}' are no intrinsics: give fx,fy,cx,cy in pixels, such as 518,519,325.5,253.5."
        ) from error


def _plain(found: "Registration", photo: Path, cloud: Path) -> dict:
    pose = None if found.pose is None else found.pose.tolist()
    return {
        "photo": printable(photo),
        "cloud": printable(cloud),
        "pose": pose,
        "inliers": int(found.inliers.sum()),
        "matches": len(found.inliers),
        "features": found.features,
        "solver": found.solver,
    }


def _text(found: "Registration") -> str:
    if found.pose is None:
        return f"No pose: {len(found.inliers)} matches, of which too few agree."
    rows = "\n".join("  ".join(f"{value:10.5f}" for value in row) for row in found.pose)
    return f"{rows}\n{int(found.inliers.sum())} of {len(found.inliers)} matches agree"
