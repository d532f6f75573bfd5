"""Where the files of registration's networks lie on disk, and how they get there.

Nothing here imports torch. A network is a folder (or, with one file, that file) under
`{folder}/{name}/`; the manifest beside it is written last, and is what a rule waits for.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pointclip.catalog.networks import resolve_network
from pointclip.core.atomic import write_json
from pointclip.core.errors import UserError
from pointclip.data.download import fetch
from pointclip.encoders.hub import Probe, hub_endpoint
from pointclip.encoders.weights import sha256


log = logging.getLogger(__name__)
MANIFEST = "weights.json"


def fetch_network(
    network: str | Mapping[str, Any], folder: str | Path, local_dir: str | Path | None = None
) -> Path:
    """Bring a network to `folder/{name}/` and record its checksums there.

    What is there already, or in `local_dir/{name}/`, or at the entry's own `path`, is taken as it
    is and not copied; all else comes from the hub, resumed where an earlier run broke off.

    Raises:
        UserError: if it is missing and cannot be fetched (with what to put where), or a checksum is
            wrong.
    """
    entry = resolve_network(network)
    place = Path(folder) / entry["name"]
    source = find_network(entry, folder, local_dir)
    origin = str(source)
    if source is None:
        origin = origin_of(entry)
        if not origin or not Probe(origin).reached():
            raise UserError(missing_network(entry, folder))
        fetch_it = _fetch if entry["url"] else _download
        source = fetch_it(entry, place)
    _record(entry, source, place, origin)
    return source


def find_network(
    entry: Mapping[str, Any], folder: str | Path, local_dir: str | Path | None = None
) -> Path | None:
    """The folder or file of a network, if all of it is on this machine.

    Raises:
        UserError: if the entry names a `path` that does not exist.
    """
    if entry["path"]:
        path = Path(entry["path"])
        if not path.exists():
            raise UserError(f"The network '{entry['name']}' does not exist at {path}.")
        return path
    for place in (folder, local_dir):
        here = Path(place) / entry["name"] if place else None
        if here and entry["files"] and all((here / name).is_file() for name in entry["files"]):
            return _whole(entry, here)
    return None


def network_path(name: str, folder: str | Path) -> Path:
    """Where a network lies, by the manifest that `fetch_network` wrote.

    Raises:
        UserError: if there is none, or a file that it promises is gone or of another size.
    """
    manifest = Path(folder) / name / MANIFEST
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        path, files = manifest.parent / content["path"], content["files"]
        root = path if path.is_dir() else path.parent
        for file, about in files.items():
            if not (root / file).is_file() or (root / file).stat().st_size != about["size"]:
                raise UserError(
                    f"{root / file} is missing or not {about['size']} bytes long: "
                    f"delete {manifest}."
                )
    except FileNotFoundError as error:
        raise UserError(f"The network '{name}' is not in {folder}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{manifest} is damaged: delete it and fetch again.") from error
    return path


def origin_of(entry: Mapping[str, Any]) -> str:
    """The address that a network is fetched from; empty if there is none."""
    if entry["url"]:
        return str(entry["url"])
    return f"{hub_endpoint()}/{entry['hub']}" if entry["hub"] else ""


def missing_network(entry: Mapping[str, Any], folder: str | Path) -> str:
    """The sentence that says which files to put where."""
    size = f", about {entry['size'] / 1e9:.1f} GB" if entry["size"] else ""
    host = "/".join(origin_of(entry).split("/")[:3])
    cause = f" and {host} cannot be reached" if host else ""
    source = entry["by_hand"] or f"{entry['hub']} on the hub"
    return (
        f"The network '{entry['name']}' is missing{cause}: put {', '.join(entry['files'])} "
        f"(from {source}{size}; licence: {entry['licence']}) into "
        f"{Path(folder) / entry['name']}, or name its place as 'path' in the config."
    )


def _whole(entry: Mapping[str, Any], place: Path) -> Path:
    """A network of one file is that file, one of several is their folder."""
    return place / entry["files"][0] if len(entry["files"]) == 1 else place


def _fetch(entry: Mapping[str, Any], place: Path) -> Path:
    """A network of one file, which is on no hub."""
    (name,) = entry["files"]
    expected = entry["sha256"].get(name)
    log.info("%s is under this licence: %s", entry["name"], entry["licence"])
    path, _, _ = fetch([entry["url"]], place, f"sha256:{expected}" if expected else None)
    return path.rename(place / name)


def _download(entry: Mapping[str, Any], place: Path) -> Path:
    import huggingface_hub as hub
    from huggingface_hub.errors import HfHubHTTPError

    log.info("%s is under this licence: %s", entry["name"], entry["licence"])
    for file in entry["files"]:
        log.info("Fetching %s of %s", file, entry["hub"])
        try:
            path = Path(hub.hf_hub_download(entry["hub"], file, local_dir=place))
            # For big files the hub's etag is their sha256.
            etag = hub.get_hf_file_metadata(hub.hf_hub_url(entry["hub"], file)).etag or ""
        except (HfHubHTTPError, OSError) as error:
            reason = " ".join(str(error).split())
            raise UserError(f"Cannot fetch {file} of {entry['hub']}: {reason}") from error
        if len(etag) == 64 and sha256(path) != etag:
            path.unlink()  # or the next run would find it and believe it
            raise UserError(f"{file} of {entry['hub']} came damaged: its sha256 is not {etag}.")
    return _whole(entry, place)


def _record(entry: Mapping[str, Any], source: Path, place: Path, origin: str) -> None:
    """Check the checksums of a network's files and write the manifest that names them."""
    root = source if source.is_dir() else source.parent
    names = sorted(
        str(path.relative_to(root))
        for path in (root.rglob("*") if source.is_dir() else [source])
        if path.is_file() and path.name != MANIFEST and ".cache" not in path.parts
    )
    files = {}
    for name in names:
        digest = sha256(root / name)
        expected = entry["sha256"].get(name)
        if expected and digest != expected:
            raise UserError(
                f"{root / name} has the sha256 {digest}, not {expected}: it is damaged or another "
                "file."
            )
        files[name] = {"size": (root / name).stat().st_size, "sha256": digest}
    if not entry["sha256"]:
        log.warning("No checksum is known for '%s': those found are recorded.", entry["name"])
    content = {"path": str(source.resolve()), "files": files}
    content |= {"source": origin, "licence": entry["licence"]}
    write_json(content, place / MANIFEST)
