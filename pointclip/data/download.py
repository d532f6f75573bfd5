"""Downloads: URLs in order, checked by their checksum, unpacked safely."""

import errno
import hashlib
import logging
import re
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from pointclip.core.errors import UserError
from pointclip.data.transfer import Resumed


log = logging.getLogger(__name__)
URL_KEY = re.compile("[0-9a-f]{12}")


def fetch(urls: Sequence[str], folder: Path, checksum: str | None = None) -> tuple[Path, str, str]:
    """The file behind the first URL that works, its checksum (`sha256:…` or `md5:…`), and the URL.

    A URL may also be `file://…` or a local path; then nothing is copied. Each other URL has its own
    folder below `folder`, since files of two URLs may have one name. What is broken off is kept
    there as `*.part` and resumed, also by a later run, where the server can.

    Raises:
        UserError: if no URL gives a file with this checksum, with the reason for each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reasons = []
    for url in urls:
        try:
            local = local_file(url)
            path = local or _retrieve(url, folder / url_key(url), checksum)
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


def url_key(url: str) -> str:
    """What the folder of a URL's file is called."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def unpack(archive: Path, folder: Path, wanted: Callable[[PurePosixPath], bool]) -> list[str]:
    """Unpack those files of a zip whose path is `wanted`; nothing ever lands outside of `folder`.

    `folder` is replaced as a whole, once all is unpacked.

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
            new, old = (
                folder.with_name(f"{folder.name}.new"),
                folder.with_name(f"{folder.name}.old"),
            )
            for left in (new, old):
                shutil.rmtree(left, ignore_errors=True)
            new.mkdir(parents=True)
            free = shutil.disk_usage(new).free
            if announced > free:
                raise UserError(
                    f"{archive} unpacks to {announced / 1e9:.1f} GB, but {folder} has "
                    f"{free / 1e9:.1f} GB left."
                )
            for member in members:
                # zipfile itself drops "..", drives and leading slashes from what it writes, and
                # ends with an error where a member is longer than announced.
                zipped.extract(member, new)
    except FileNotFoundError as error:
        raise UserError(f"{archive} does not exist.") from error
    except UserError:
        raise
    # zipfile and its decompressors raise errors of a dozen kinds over damaged archives.
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in _BAD_NAME:
            raise
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{archive} is not a readable zip file ({reason}).") from error
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return sorted(member.filename for member in members)


# What the system says of names that it cannot take. All else that it says (a full disk) is not the
# archive's fault.
_BAD_NAME = (None, errno.ENAMETOOLONG, errno.EINVAL, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)


def _is_plain(member: zipfile.ZipInfo) -> bool:
    path, kind = PurePosixPath(member.filename), member.external_attr >> 28
    outside = path.is_absolute() or ".." in path.parts
    return not outside and kind in (0, 8) and path.parts[0] != "__MACOSX"


def local_file(url: str) -> Path | None:
    """The file of this machine that a URL names, be it there or not; None for one of the web."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme in ("http", "https", "ftp") else Path(url).expanduser()


def _retrieve(url: str, folder: Path, checksum: str | None) -> Path:
    import pooch

    name = PurePosixPath(unquote(urlsplit(url).path)).name[-100:] or "download"
    pooch.get_logger().setLevel(logging.WARNING)
    if urlsplit(url).scheme == "ftp":
        downloader: Any = pooch.FTPDownloader(progressbar=True)
    else:
        downloader = Resumed(folder / f"{name}.part")
    try:
        return Path(pooch.retrieve(url, checksum, name, folder, downloader=downloader))
    except ValueError as error:  # pooch's word for a wrong checksum
        raise UserError(str(error).partition(" To ")[0]) from error


def _is_page(path: Path) -> bool:
    """Whether it is HTML: what some servers send in place of a file that they do not give."""
    with path.open("rb") as f:
        return f.read(256).lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _checksum(path: Path, kind: str) -> str:
    if kind not in ("sha256", "md5"):
        raise UserError(f"Unknown checksum '{kind}': write sha256:… or md5:….")
    with path.open("rb") as f:
        return f"{kind}:{hashlib.file_digest(f, kind).hexdigest()}"
