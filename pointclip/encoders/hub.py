"""Weights of a backbone brought to this machine, from a folder of the user's or from the hub."""

import logging
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pointclip.catalog.backbones import reads_points, resolve_backbone, weights_name
from pointclip.core.errors import UserError
from pointclip.encoders.checkpoint import import_open_clip, pretrained_config, text_config
from pointclip.encoders.weights import (
    MANIFEST,
    find_weights,
    read_manifest,
    weights_folder,
    write_manifest,
)


log = logging.getLogger(__name__)
HUB_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def fetch_weights(
    backbone: str | Mapping[str, Any],
    weights_dir: str | Path | None = None,
    local_dir: str | Path | None = None,
) -> Path:
    """Bring the weights of a backbone to `weights_dir/{name}/` and write `weights.json` beside.

    A file that is on this machine already (`find_weights`; in `local_dir` too) is taken as it is,
    not copied; all else comes from the hub. The manifest is written last: it is the target of a
    rule.

    Raises:
        UserError: if they are missing and cannot be fetched, or their checksum is wrong.
    """
    entry = resolve_backbone(backbone)
    folder, name = weights_folder(weights_dir), entry["name"]
    path = find_weights(entry, folder, local_dir)
    if path is None:
        path = fetch_from_hub(entry, folder)
        if weights_name(entry) == name:
            return path
    write_manifest(path, folder, name, str(path), entry["sha256"])
    return path


def locate_weights(
    entry: Mapping[str, Any], weights_dir: str | Path | None, weights: str | Path | None = None
) -> Path:
    """The checkpoint of a resolved entry: the one handed in, found on this machine, or fetched.

    Args:
        weights: a checkpoint, or a manifest `weights.json`, in place of a search.
    """
    if weights is None:
        folder = weights_folder(entry["weights_dir"] or weights_dir)
        return find_weights(entry, folder) or fetch_from_hub(entry, folder)
    path = Path(weights)
    return read_manifest(path) if path.name == MANIFEST else path


def fetch_from_hub(entry: Mapping[str, Any], folder: Path) -> Path:
    """Download the checkpoint of a resolved entry, and the tokenizer if it is not open_clip's own.

    Raises:
        UserError: if the hub does not answer or has no such file, or the checksum is wrong; it
            names the file that is missing and where to put it.
    """
    unpublished = reads_points(entry) and not (entry["hub"] and entry["file"])
    if unpublished or not Probe(hub_endpoint()).reached():
        raise UserError(missing_weights(entry, folder))
    if reads_points(entry):
        return _download(entry, entry["hub"], entry["file"], None, folder)
    open_clip = import_open_clip(entry)
    repo, _, filename = pretrained_config(open_clip, entry).get("hf_hub", "").rpartition("/")
    if not repo and not entry["hub"]:
        known = ", ".join(open_clip.list_pretrained_tags_by_model(entry["model"])) or "none"
        raise UserError(
            f"open_clip knows no weights '{entry['pretrained']}' of {entry['model']} "
            f"(it knows: {known}): set 'pretrained' to one of these or 'weights' to a file."
        )
    tokenizer = text_config(open_clip, entry).get("hf_tokenizer_name")
    return _download(entry, entry["hub"] or repo, filename or None, tokenizer, folder)


def missing_weights(entry: Mapping[str, Any], folder: Path) -> str:
    """The sentence that says which file to put where, since the hub does not answer."""
    size = f", about {entry['size'] / 1e9:.1f} GB" if entry["size"] else ""
    source = f"{entry['hub']} on the hub" if entry["hub"] else ""
    name, file = weights_name(entry), HUB_FILES[0]
    if reads_points(entry):
        if not (entry["hub"] and entry["file"]):
            return f"Weights of '{entry['name']}' are published nowhere: set 'weights' to a file."
        file = str(entry["file"]).rpartition("/")[2]
        told = f"{entry['file']}, {source}{size}"
    else:
        told = f"{source}{source and '; '}open_clip's {entry['model']}, {entry['pretrained']}{size}"
    return (
        f"The weights of backbone '{entry['name']}' are missing and {hub_endpoint()} cannot be "
        f"reached: put the file {file} ({told}) at {folder / name / file}."
    )


def hub_endpoint() -> str:
    """The address of the hub: $HF_ENDPOINT, or huggingface.co."""
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
        """Whether it has answered; waits until the time is over."""
        self.join(self.seconds)
        return self.answers


def _download(
    entry: Mapping[str, Any], repo: str, filename: str | None, tokenizer: str | None, folder: Path
) -> Path:
    import huggingface_hub as hub
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

    name = weights_name(entry)
    kind, repo = ("dataset", repo[9:]) if repo.startswith("datasets/") else ("model", repo)
    if entry.get("license"):
        log.warning("Licence of %s: %s", name, entry["license"])
    problem: Exception | None = None
    try:
        for extra in TOKENIZER_FILES if tokenizer else ():
            hub.hf_hub_download(str(tokenizer), extra, local_dir=folder / name / "tokenizer")
        for candidate in (filename,) if filename else HUB_FILES:
            log.info("Fetching %s of %s", candidate, repo)
            try:
                path = Path(
                    hub.hf_hub_download(repo, candidate, local_dir=folder / name, repo_type=kind)
                )
            except EntryNotFoundError as error:
                problem = error
                continue
            # For big files the hub's etag is their sha256.
            etag = (
                hub.get_hf_file_metadata(hub.hf_hub_url(repo, candidate, repo_type=kind)).etag or ""
            )
            expected = entry["sha256"] or (etag if len(etag) == 64 else None)
            try:
                write_manifest(path, folder, name, f"{hub_endpoint()}/{repo}", expected)
            except UserError:
                path.unlink()  # or the next run would find it and believe it
                raise
            return path
    except (HfHubHTTPError, OSError) as error:
        problem = error
    reason = " ".join(str(problem).split())
    raise UserError(f"Cannot fetch the weights of '{name}' from {repo}: {reason}") from problem
