"""Where the weights of a backbone lie on disk, and how they get there."""

import hashlib
import json
import logging
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pointclip.catalog.backbones import weights_name
from pointclip.core.errors import UserError
from pointclip.core.files import PACKAGE
from pointclip.core.store import write_text


log = logging.getLogger(__name__)
ASSETS = PACKAGE / "assets"
MANIFEST = "weights.json"
HUB_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
SUFFIXES = (".safetensors", ".bin", ".pt", ".pth")


def weights_folder(weights_dir: str | Path | None = None) -> Path:
    """The folder of all weights: the argument, $POINTCLIP_WEIGHTS, or `resources/weights`."""
    return Path(weights_dir or os.environ.get("POINTCLIP_WEIGHTS") or "resources/weights")


def own_file(path: str | Path, what: str) -> Path:
    """A file that an entry names, relative to the working directory or to the package's assets.

    Raises:
        UserError: if it is in neither.
    """
    for candidate in (Path(path), ASSETS / path):
        if candidate.is_file():
            return candidate
    raise UserError(f"The {what} '{path}' does not exist.")


def find_weights(name: str, folder: Path) -> Path | None:
    """The checkpoint of backbone `name` under `folder`, if there is one.

    It is what the manifest `{name}/weights.json` names, or a file `{name}/*` or `{name}.*` with a
    suffix of a checkpoint, safetensors before the others.

    Raises:
        UserError: if the manifest is there, but not the file that it promises.
    """
    manifest = folder / name / MANIFEST
    if manifest.is_file():
        try:
            promised = json.loads(manifest.read_text(encoding="utf-8"))
            path, size = manifest.parent / promised["file"], promised["size"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{manifest} is damaged: delete it and fetch again.") from error
        if not path.is_file() or path.stat().st_size != size:
            raise UserError(f"{path} is missing or not {size} bytes long: delete {manifest.parent}")
        return path
    found = [path for suffix in SUFFIXES for path in sorted((folder / name).glob(f"*{suffix}"))]
    found += [folder / f"{name}{suffix}" for suffix in SUFFIXES]
    return next((path for path in found if path.is_file()), None)


def hub_endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


class Probe(threading.Thread):
    """Asks whether a server answers, while other things go on; a lookup of a name may hang."""

    def __init__(self, url: str, seconds: float = 2.5) -> None:
        super().__init__(daemon=True)
        self.url, self.seconds, self.answers = url, seconds, False
        self.start()

    def run(self) -> None:
        if os.environ.get("HF_HUB_OFFLINE", "0").lower() in {"1", "true", "yes", "on"}:
            return
        try:
            request = urllib.request.Request(self.url, method="HEAD")
            with urllib.request.urlopen(request, timeout=self.seconds):
                self.answers = True
        except urllib.error.HTTPError as error:
            error.close()
            # A proxy that refuses (403) or cannot reach the server (5xx) is no answer of its.
            self.answers = error.code in {401, 404, 405, 429}
        except (OSError, ValueError):
            pass

    def reached(self) -> bool:
        self.join(self.seconds)
        return self.answers


def must_reach_hub(entry: Mapping[str, Any], folder: Path) -> None:
    """Return if the hub answers.

    Raises:
        UserError: if it does not, naming the file that is missing and where to put it.
    """
    if Probe(hub_endpoint()).reached():
        return
    raise UserError(missing_weights(entry, folder))


def missing_weights(entry: Mapping[str, Any], folder: Path) -> str:
    """The sentence that says which file to put where, since the hub does not answer."""
    name, own = entry["name"], weights_name(entry)
    size = f", about {entry['size'] / 1e9:.1f} GB" if entry["size"] else ""
    source = f"{entry['hub']} on the hub; " if entry["hub"] else ""
    return (
        f"The weights of backbone '{name}' are missing and {hub_endpoint()} cannot be reached: "
        f"put the file {HUB_FILES[0]} ({source}open_clip's {entry['model']}, "
        f"{entry['pretrained']}{size}) at {folder / own / HUB_FILES[0]}."
    )


def fetch_from_hub(
    entry: Mapping[str, Any], repo: str, filename: str | None, tokenizer: str | None, folder: Path
) -> Path:
    """Download a checkpoint (and a tokenizer, if it is not open_clip's own) into `folder/name`.

    Raises:
        UserError: if the hub has no such file, the transfer fails or the checksum is wrong.
    """
    import huggingface_hub as hub
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

    name = weights_name(entry)
    problem: Exception | None = None
    try:
        for extra in TOKENIZER_FILES if tokenizer else ():
            hub.hf_hub_download(str(tokenizer), extra, local_dir=folder / name / "tokenizer")
        for candidate in (filename,) if filename else HUB_FILES:
            log.info("Fetching %s of %s", candidate, repo)
            try:
                path = Path(hub.hf_hub_download(repo, candidate, local_dir=folder / name))
            except EntryNotFoundError as error:
                problem = error
                continue
            # For big files the hub's etag is their sha256.
            etag = hub.get_hf_file_metadata(hub.hf_hub_url(repo, candidate)).etag or ""
            announced = etag if len(etag) == 64 else None
            try:
                record(path, folder, name, f"{hub_endpoint()}/{repo}", entry["sha256"] or announced)
            except UserError:
                path.unlink()  # or the next run would find it and believe it
                raise
            return path
    except (HfHubHTTPError, OSError) as error:
        problem = error
    reason = " ".join(str(problem).split())
    raise UserError(f"Cannot fetch the weights of '{name}' from {repo}: {reason}") from problem


def record(path: Path, folder: Path, name: str, source: str, expected: str | None) -> str:
    """Check the checksum of a checkpoint and write the manifest that names it.

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
    write_text(json.dumps(content, indent=1) + "\n", manifest)
    return digest


def sha256(path: Path) -> str:
    """The checksum of a file, read in pieces."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
