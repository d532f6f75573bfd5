"""Where the weights of a backbone lie on disk, and the manifest that names them."""

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pointclip.catalog.backbones import weights_name
from pointclip.core.atomic import write_json
from pointclip.core.errors import UserError
from pointclip.core.files import own_file


log = logging.getLogger(__name__)
MANIFEST = "weights.json"
SUFFIXES = (".safetensors", ".bin", ".pt", ".pth")


def weights_folder(weights_dir: str | Path | None = None) -> Path:
    """The folder of all weights: the argument, $POINTCLIP_WEIGHTS, or `resources/weights`."""
    return Path(weights_dir or os.environ.get("POINTCLIP_WEIGHTS") or "resources/weights")


def find_weights(entry: Mapping[str, Any], *folders: str | Path | None) -> Path | None:
    """The checkpoint of a resolved backbone entry, if it is on this machine.

    It is the file that the entry names as `weights`. Without one it is, under the entry's own
    `weights_dir` and then `folders`, what the manifest `{name}/weights.json` names, or a file
    `{name}/*` or `{name}.*` with a suffix of a checkpoint, safetensors before the others. `{name}`
    is the backbone's own name, or that of the built-in backbone that it is a variant of.

    Raises:
        UserError: if a file that the entry or a manifest names does not exist.
    """
    name = entry["name"]
    if entry["weights"]:
        return own_file(entry["weights"], f"weights file of backbone '{name}'")
    for folder in (entry["weights_dir"], *folders):
        for known in dict.fromkeys((name, weights_name(entry))) if folder else ():
            if path := _find_named(known, Path(folder)):
                return path
    return None


def _find_named(name: str, folder: Path) -> Path | None:
    manifest = folder / name / MANIFEST
    if manifest.is_file():
        return read_manifest(manifest)
    found = [path for suffix in SUFFIXES for path in sorted((folder / name).glob(f"*{suffix}"))]
    found += [folder / f"{name}{suffix}" for suffix in SUFFIXES]
    return next((path for path in found if path.is_file()), None)


def read_manifest(manifest: Path) -> Path:
    """The checkpoint that a manifest names.

    Raises:
        UserError: if the manifest is damaged, or its file missing or of another size.
    """
    try:
        promised = json.loads(manifest.read_text(encoding="utf-8"))
        path, size = manifest.parent / promised["file"], promised["size"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{manifest} is damaged: delete it and fetch again.") from error
    if not path.is_file() or path.stat().st_size != size:
        raise UserError(f"{path} is missing or not {size} bytes long: delete {manifest.parent}")
    return path


def write_manifest(
    path: Path, folder: Path, name: str, source: str, expected: str | None = None
) -> None:
    """Check the checksum of a checkpoint and write the manifest `{folder}/{name}/weights.json`.

    Args:
        source: where the checkpoint comes from.
        expected: its sha256, if it is known.

    Raises:
        UserError: if the checksum is another than expected.
    """
    digest = sha256(path)
    if expected is None:
        log.warning("No checksum is known for %s; its sha256 is %s (recorded).", path, digest)
    elif digest != expected:
        raise UserError(
            f"{path} has the sha256 {digest}, not {expected}: it is damaged or another file."
        )
    manifest = folder / name / MANIFEST
    relative = path.resolve()
    if relative.is_relative_to(manifest.parent.resolve()):
        relative = relative.relative_to(manifest.parent.resolve())
    content: dict[str, Any] = {
        "file": str(relative),
        "size": path.stat().st_size,
        "sha256": digest,
        "source": source,
    }
    write_json(content, manifest)


def sha256(path: Path) -> str:
    """The checksum of a file, read in pieces."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
