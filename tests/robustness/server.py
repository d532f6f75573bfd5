"""Servers that answer wrongly: what is fetched is the file, or one sentence."""

import gzip
import hashlib
import io
import random
import shutil
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from harness import Case, Suite, told

from pointclip.data import transfer
from pointclip.data.prepare import download


FILES = {
    name: random.Random(name).randbytes(100_000)
    for name in ("chair/train/a.npy", "table/train/b.npy")
}


def archive() -> bytes:
    """A zip of two files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as new:
        for name, content in FILES.items():
            new.writestr(name, content)
    return packed.getvalue()


GOOD = archive()
PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"
Answer = Callable[[BaseHTTPRequestHandler, random.Random], None]


def send(request: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def good(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    start = int((request.headers.get("Range") or "bytes=0-")[6:].partition("-")[0])
    about = {"ETag": '"1"', "Content_Length": str(len(GOOD) - start)}
    if start:
        about["Content_Range"] = f"bytes {start}-{len(GOOD) - 1}/{len(GOOD)}"
    send(request, GOOD[start:], 206 if start else 200, **about)


def cut(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    send(request, GOOD[: rng.randrange(len(GOOD))])


def broken_off(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    part = GOOD[: rng.randrange(len(GOOD))]
    send(request, part, Content_Length=str(len(GOOD)), ETag='"1"')


def wrong_range(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    start = rng.randrange(len(GOOD))
    about = {"Content_Range": f"bytes {start}-{len(GOOD) - 1}/{len(GOOD)}", "ETag": '"1"'}
    length = str(rng.choice((len(GOOD), len(GOOD) - start)))
    send(request, GOOD[start:], 206, Content_Length=length, **rng.choice((about, {})))


def wrong_length(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    value = rng.choice(("-1", "x", "1e9", "99999999999999999999", "0", str(len(GOOD) // 2)))
    send(request, GOOD, Content_Length=value)


def page(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    body = rng.choice(
        (PAGE, b"\xef\xbb\xbf\n<!-- x -->" + PAGE, b"<?xml?><html/>", b'{"error": 1}')
    )
    send(request, body, Content_Type=rng.choice(("text/html", "application/zip")))


def packed(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    body, times = GOOD, rng.randint(1, 2)
    for _ in range(times):
        body = gzip.compress(body, 1)
    length = {"Content_Length": str(len(body))} if rng.random() < 0.5 else {}
    send(request, body, Content_Encoding=", ".join(["gzip"] * times), **length)


def bomb(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    send(request, gzip.compress(bytes(64 << 20)), Content_Encoding="gzip")


def badly_packed(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    body = rng.choice((GOOD, gzip.compress(GOOD)[: rng.randrange(1000)]))
    send(request, body, Content_Encoding=rng.choice(("gzip", "deflate", "br", "x")))


def status(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    send(request, PAGE, rng.choice((204, 304, 401, 403, 404, 410, 416, 429, 500, 503)))


def redirect(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    places = ("file:///etc/passwd", "http://[", "ftp://localhost:1/x", "http://localhost:1/", "")
    send(request, b"", rng.choice((301, 302, 307, 308)), Location=rng.choice(places))


def loop(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    """To itself, or to a new address each time, until the other side gives up."""
    handler = type(request)
    handler.waiting.insert(0, loop)  # type: ignore[attr-defined]
    to = request.path if rng.random() < 0.5 else f"{request.path}{rng.randrange(10)}"
    send(request, b"", 302, Location=to)


def chunks(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    size = rng.choice((b"5", b"zz", b"-1", b"FFFFFFFFFFFFFFFF", b""))
    body = size + b"\r\nhello\r\n" + rng.choice((b"0\r\n\r\n", b""))
    send(request, body, Transfer_Encoding="chunked")


def drip(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    whole = f"HTTP/1.1 200 OK\r\nContent-Length: {len(GOOD)}\r\n\r\n".encode()
    head = rng.choice((b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: ", whole))
    request.wfile.write(head)
    for number in range(100):
        request.wfile.write(GOOD[number : number + 1])
        time.sleep(0.02)


def endless(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    """An answer, or what stands before one, without an end."""
    first = rng.choice((b"HTTP/1.1 200 OK\r\n\r\n", b""))
    more = bytes(1 << 15) if first else b"HTTP/1.1 100 Continue\r\n\r\n"
    request.wfile.write(first)
    while True:  # until the other side has given up
        request.wfile.write(more)
        time.sleep(0.002)


def nothing(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    if rng.random() < 0.5:
        request.send_response(200)
        request.end_headers()


def noise(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    request.wfile.write(rng.randbytes(rng.randrange(2000)))


def headers(request: BaseHTTPRequestHandler, rng: random.Random) -> None:
    many = {f"X-{number}": "x" * 100 for number in range(rng.choice((10, 1000)))}
    send(request, GOOD, **many, Y="x" * rng.choice((1, 100_000)))


ANSWERS: tuple[Answer, ...] = (
    *(good, cut, broken_off, wrong_range, wrong_length, page, packed, badly_packed, status),
    *(redirect, loop, chunks, drip, endless, nothing, noise, headers, bomb),
)


class Handler(BaseHTTPRequestHandler):
    """Answers with what stands in `waiting`, and at last well."""

    waiting: list[Answer]
    rng: random.Random

    def do_GET(self) -> None:
        with suppress(OSError):  # the other side has given up
            (self.waiting.pop(0) if self.waiting else good)(self, self.rng)

    def log_message(self, *_: object) -> None:
        pass


def servers(folder: Path) -> Case:
    """Fetch a data set, with or without a checksum, from a server that answers wrongly at first."""
    transfer.BLOCK_SECONDS, transfer.MOST_SECONDS, transfer.time = 0.2, 2.0, _Impatient()
    handler = type("Own", (Handler,), {"waiting": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/a.zip"
    checksum = {"sha256": hashlib.sha256(GOOD).hexdigest()}

    def case(rng: random.Random) -> str:
        handler.waiting[:] = rng.choices(ANSWERS, k=rng.randint(1, 5))
        handler.rng = rng
        shutil.rmtree(folder / "data", ignore_errors=True)
        entry = {"reader": "folder", "urls": [url], **rng.choice(({}, checksum))}
        kind = told(lambda: download(entry, folder / "data"), lambda: not _complete(folder))
        handler.waiting.clear()
        if kind == "sentence":  # and the next run tries again
            download(entry, folder / "data")
            kind = "sentence" if _complete(folder) else "silent"
        return kind

    return case


def _complete(folder: Path) -> bool:
    files = sorted((folder / "data/unpacked").rglob("*.npy"))
    return [path.read_bytes() for path in files] == [
        random.Random(name).randbytes(100_000)
        for name in ("chair/train/a.npy", "table/train/b.npy")
    ]


class _Impatient:
    """The clock of a downloader that does not wait between its attempts."""

    monotonic = staticmethod(time.monotonic)

    def sleep(self, seconds: float) -> None:
        pass


SUITES: dict[str, Suite] = {"hostile servers": servers}
