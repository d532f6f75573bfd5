"""A file from a web server: resumed where an earlier attempt broke off, bounded in time."""

import logging
import queue
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


log = logging.getLogger(__name__)
ATTEMPTS = 4
# A server that takes longer for a block, or for all of them, is given up: one that sends a byte now
# and then would hold a run for ever.
BLOCK, BLOCK_SECONDS = 1 << 15, 60.0
MOST_SECONDS = 4 * 3600.0


class Resumed:
    """A downloader for pooch that goes on where an earlier attempt broke off."""

    def __init__(self, part: Path) -> None:
        self.part = part
        # What the server said the file was (its ETag or date), so that halves of two are not mixed.
        self.version = part.with_suffix(".part-version")

    def __call__(self, url: str, output_file: str, _: Any) -> None:
        import requests

        end = time.monotonic() + MOST_SECONDS
        for attempt in range(ATTEMPTS):
            try:
                self._transfer(url, end)
                break
            except requests.HTTPError as error:
                code = error.response.status_code if error.response is not None else 0
                if code < 500 and code != 429:
                    raise
                problem: Exception = error
            except (requests.RequestException, TimeoutError) as error:
                problem = error
            if attempt == ATTEMPTS - 1 or time.monotonic() > end:
                raise problem
            log.info("%s broke off (%s); trying again", url, type(problem).__name__)
            time.sleep(2**attempt)
        self.version.unlink(missing_ok=True)
        shutil.move(self.part, output_file)

    def _transfer(self, url: str, end: float) -> None:
        import requests

        from pointclip.core.job import progress

        have = self.part.stat().st_size if self.part.is_file() else 0
        version = self.version.read_text() if self.version.is_file() else ""
        headers = {"Accept-Encoding": "identity"}
        if have and version:
            headers |= {"Range": f"bytes={have}-", "If-Range": version}
        answer = _in_time(_answer(url, headers), end)
        response: Any = next(answer)
        if response.status_code == 416 and "Range" in headers:  # it was all there, or has changed
            self.part.unlink()
            return self._transfer(url, end)
        response.raise_for_status()
        # An answer that is packed although nobody asked for it is unpacked as it arrives; its
        # length and ranges are those of the packed bytes.
        packed = response.headers.get("Content-Encoding", "identity") != "identity"
        resumed = response.status_code == 206
        part = response.headers.get("Content-Range", "") if "Range" in headers else ""
        if resumed and (packed or not part.startswith(f"bytes {have}-")):
            self.part.unlink(missing_ok=True)
            raise requests.ConnectionError("another part of the file came than was asked for")
        said = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        self.version.write_text("" if packed or said.startswith("W/") else said)
        length = "" if packed else response.headers.get("Content-Length", "")
        expected = int(length) if length.isdecimal() else 0
        got = 0
        with self.part.open("ab" if resumed else "wb") as f:
            for block in progress(answer, -(-expected // BLOCK), "block", f"Fetching {url}"):
                try:
                    f.write(block)
                    f.flush()
                except OSError:  # a full disk: an answer without an end must not leave it full
                    self.part.unlink()
                    raise
                got += len(block)
        if expected and got != expected:
            raise requests.ConnectionError(f"{got} of {expected} bytes arrived")


def _answer(url: str, headers: dict[str, str]) -> Iterator[Any]:
    """The response to a request, and then its content in blocks."""
    import requests

    with requests.get(url, headers=headers, stream=True, timeout=30) as response:
        yield response
        yield from response.iter_content(BLOCK)


def _in_time(items: Iterable[Any], end: float) -> Iterator[Any]:
    """Items that another thread waits for: the timeout of requests is for each byte that arrives.

    Raises:
        TimeoutError: if one takes too long, or all do.
    """
    arrived: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(maxsize=256)
    given_up = threading.Event()

    def put(item: Any, error: BaseException | None = None) -> None:
        while not given_up.is_set():
            try:
                return arrived.put((item, error), timeout=1)
            except queue.Full:
                continue

    def wait_for_items() -> None:
        try:
            for item in items:
                put(item)
                if given_up.is_set():
                    return
            put(None)
        except BaseException as error:
            put(None, error)

    threading.Thread(target=wait_for_items, daemon=True).start()
    try:
        while True:
            patience = min(BLOCK_SECONDS, end - time.monotonic())
            try:
                item, error = arrived.get(timeout=max(0.0, patience))
            except queue.Empty:
                raise TimeoutError(
                    f"no {BLOCK} bytes arrived in {max(0, patience):.0f} s"
                ) from None
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        given_up.set()
