"""Downloads: URLs in order, resumed, checked by their checksum, unpacked safely."""

import hashlib
import json
import logging
import shutil
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from pointclip.core.errors import UserError


log = logging.getLogger(__name__)
BLOCK = 1 << 20
ATTEMPTS = 4


def fetch(urls: Sequence[str], folder: Path, checksum: str | None = None) -> tuple[Path, str, str]:
    """The file behind the first URL that works, its checksum (`sha256:…` or `md5:…`), and the URL.

    A URL may also be `file://…` or a local path; then nothing is copied. What is broken off is kept
    as `*.part` in `folder` and resumed, also by a later run, where the server can.

    Raises:
        UserError: if no URL gives a file with this checksum, with the reason for each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reasons = []
    for url in urls:
        try:
            local = _local(url)
            path = local or _retrieve(url, folder, checksum)
            if not path.is_file():
                raise UserError("no such file")
            if not local and _is_page(path):
                path.unlink()
                raise UserError("what came is a web page: fetch the file with a browser")
            found = _checksum(path, (checksum or "sha256").partition(":")[0])
            if checksum and found != checksum.lower():
                raise UserError(f"its checksum is {found}, not {checksum}")
            if not checksum:
                log.warning("No checksum is known for %s; recorded: %s", url, found)
            return path, found, url
        except (UserError, OSError) as error:
            reason = " ".join(str(error).split())[:300]
            log.warning("%s: %s", url, reason)
            reasons.append(f"{url} ({reason})")
    raise UserError(f"Nothing could be fetched from {', '.join(reasons)}.")


def unpack(archive: Path, folder: Path, wanted: Callable[[PurePosixPath], bool]) -> list[str]:
    """Unpack those files of a zip whose path is `wanted`; nothing ever lands outside of `folder`.

    Raises:
        UserError: if it is no zip, damaged, holds nothing wanted, or more than the disk can take.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = [m for m in zipped.infolist() if not m.is_dir() and _is_plain(m)]
            members = [m for m in members if wanted(PurePosixPath(m.filename))]
            if not members:
                raise UserError(
                    f"{archive} holds none of the files that this data set is read from."
                )
            announced = sum(m.file_size for m in members)
            folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(folder).free
            if announced > free:
                raise UserError(
                    f"{archive} unpacks to {announced / 1e9:.1f} GB, but {folder} has "
                    f"{free / 1e9:.1f} GB left."
                )
            for member in members:
                # zipfile itself drops "..", drives and leading slashes from what it writes.
                zipped.extract(member, folder)
            return sorted(member.filename for member in members)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise UserError(f"{archive} is not a readable zip file ({error}).") from error


def write_manifest(path: Path, content: dict[str, Any]) -> None:
    from pointclip.core.store import write_text

    write_text(json.dumps(content, indent=1) + "\n", path)


def _is_plain(member: zipfile.ZipInfo) -> bool:
    path, kind = PurePosixPath(member.filename), member.external_attr >> 28
    outside = path.is_absolute() or ".." in path.parts
    return not outside and kind in (0, 8) and path.parts[0] != "__MACOSX"


def _local(url: str) -> Path | None:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme in ("http", "https", "ftp") else Path(url).expanduser()


def _retrieve(url: str, folder: Path, checksum: str | None) -> Path:
    import pooch

    name = PurePosixPath(unquote(urlsplit(url).path)).name or "download"
    pooch.get_logger().setLevel(logging.WARNING)
    if urlsplit(url).scheme == "ftp":
        downloader: Any = pooch.FTPDownloader(progressbar=True)
    else:
        downloader = _Resumed(folder / f"{name}.part")
    try:
        return Path(pooch.retrieve(url, checksum, name, folder, downloader=downloader))
    except ValueError as error:  # pooch's word for a wrong checksum
        raise UserError(str(error).partition(" To ")[0]) from error


class _Resumed:
    """A downloader for pooch that goes on where an earlier attempt broke off."""

    def __init__(self, part: Path) -> None:
        self.part = part
        # What the server said the file was (its ETag or date), so that halves of two are not mixed.
        self.version = part.with_suffix(".part-version")

    def __call__(self, url: str, output_file: str, _: Any) -> None:
        import requests

        for attempt in range(ATTEMPTS):
            try:
                self._transfer(url)
                break
            except requests.HTTPError as error:
                code = error.response.status_code if error.response is not None else 0
                if code < 500 and code != 429:
                    raise
                problem: Exception = error
            except (requests.ConnectionError, requests.Timeout) as error:
                problem = error
            except requests.exceptions.ChunkedEncodingError as error:
                problem = error
            if attempt == ATTEMPTS - 1:
                raise problem
            log.info("%s broke off (%s); trying again", url, type(problem).__name__)
            time.sleep(2**attempt)
        self.version.unlink(missing_ok=True)
        shutil.move(self.part, output_file)

    def _transfer(self, url: str) -> None:
        import requests

        from pointclip.core.job import progress

        have = self.part.stat().st_size if self.part.is_file() else 0
        version = self.version.read_text() if self.version.is_file() else ""
        headers = {"Accept-Encoding": "identity"}
        if have and version:
            headers |= {"Range": f"bytes={have}-", "If-Range": version}
        with requests.get(url, headers=headers, stream=True, timeout=30) as response:
            if response.status_code == 416:  # all of it was there already, or it has changed
                self.part.unlink()
                return self._transfer(url)
            response.raise_for_status()
            resumed = response.status_code == 206
            said = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
            self.version.write_text("" if said.startswith("W/") else said)
            have = have if resumed else 0
            length = response.headers.get("Content-Length")
            blocks = response.iter_content(BLOCK)
            with self.part.open("ab" if resumed else "wb") as f:
                total = -(-int(length) // BLOCK) if length else 0
                for block in progress(blocks, total, "MiB", f"Fetching {url}"):
                    f.write(block)
            got = self.part.stat().st_size - have
            if length and got != int(length):
                raise requests.ConnectionError(f"{got} of {length} bytes arrived")


def _is_page(path: Path) -> bool:
    """Whether it is HTML: what some servers send in place of a file that they do not give."""
    with path.open("rb") as f:
        return f.read(256).lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _checksum(path: Path, kind: str) -> str:
    if kind not in ("sha256", "md5"):
        raise UserError(f"Unknown checksum '{kind}': write sha256:… or md5:….")
    with path.open("rb") as f:
        return f"{kind}:{hashlib.file_digest(f, kind).hexdigest()}"
