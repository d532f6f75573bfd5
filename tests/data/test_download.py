import gzip
import hashlib
import json
import logging
import re
import resource
import threading
import time
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pointclip.core.errors import UserError
from pointclip.data import download, transfer
from pointclip.data.download import fetch, unpack, url_key
from pointclip.data.prepare import download as download_dataset


CONTENT = bytes(range(256)) * 20_000
SHA = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Server(BaseHTTPRequestHandler):
    """Serves CONTENT, breaks off after `limit` bytes, answers with `status`, logs ranges."""

    limit: list[int]
    status: list[int]
    ranges: list[str | None]
    answer: list[Callable[[BaseHTTPRequestHandler], None]]
    etag = '"1"'

    def do_GET(self):
        asked = self.headers.get("Range")
        self.ranges.append(asked)
        if self.status:
            self.send_response(self.status.pop(0))
            self.end_headers()
            return
        if self.answer:
            self.answer.pop(0)(self)
            return
        start = int(re.match(r"bytes=(\d+)-", asked)[1]) if asked else 0
        if self.headers.get("If-Range") != self.etag:
            start = 0
        self.send_response(206 if start else 200)
        self.send_header("ETag", self.etag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        limit = self.limit.pop(0) if self.limit else len(CONTENT)
        self.wfile.write(CONTENT[start : start + limit])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(transfer.time, "sleep", lambda _: None)
    handler = type("Handler", (Server,), {"limit": [], "status": [], "ranges": [], "answer": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        handler.url = f"http://127.0.0.1:{running.server_port}/some/data.bin"
        yield handler
        running.shutdown()


def test_a_file_is_fetched_and_its_checksum_recorded_or_checked(server, tmp_path, caplog):
    path, checksum, url = fetch([server.url], tmp_path)
    assert path.read_bytes() == CONTENT
    assert (checksum, url) == (SHA, server.url)
    assert "No checksum is known" in caplog.text
    path, checksum, _ = fetch([server.url], tmp_path, SHA)
    assert checksum == SHA
    assert len(server.ranges) == 1  # it was there already


def test_what_breaks_off_is_resumed_where_it_was(server, tmp_path):
    server.limit[:] = [3_000_000, 1_500_000]
    path, *_ = fetch([server.url], tmp_path, SHA)
    assert path.read_bytes() == CONTENT
    assert server.ranges[0] is None
    assert [int(r[6:-1]) for r in server.ranges[1:]] == sorted(
        int(r[6:-1]) for r in server.ranges[1:]
    )
    assert int(server.ranges[-1][6:-1]) > 1_000_000
    assert [p.name for p in path.parent.iterdir()] == ["data.bin"]


def test_a_later_run_resumes_too(server, tmp_path):
    server.limit[:] = [2_500_000, 0, 0, 0]
    with pytest.raises(UserError, match="Nothing could be fetched from http"):
        fetch([server.url], tmp_path, SHA)
    part = tmp_path / url_key(server.url) / "data.bin.part"
    assert part.stat().st_size >= 2_000_000
    fetch([server.url], tmp_path, SHA)
    assert server.ranges[-1].startswith("bytes=2")


def test_halves_of_two_versions_are_not_mixed(server, tmp_path):
    server.limit[:] = [2_500_000, 0, 0, 0]
    with pytest.raises(UserError):
        fetch([server.url], tmp_path, SHA)
    server.etag = '"2"'
    path, *_ = fetch([server.url], tmp_path, SHA)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content_Range": "bytes 9-13/14"}, {"Content_Encoding": "gzip"}],
)
def test_another_part_than_was_asked_for_is_not_taken(server, tmp_path, headers):
    server.limit[:] = [2_500_000, 0, 0, 0]
    with pytest.raises(UserError):
        fetch([server.url], tmp_path)
    server.answer[:] = [send(b"wrong", 206, ETag='"1"', **headers)]
    assert fetch([server.url], tmp_path)[0].read_bytes() == CONTENT


def test_a_server_that_knows_no_range_at_all_is_one_sentence(server, tmp_path):
    server.status[:] = [416] * 4
    with pytest.raises(UserError, match="416"):
        fetch([server.url], tmp_path)


def test_what_fills_the_disk_is_removed(server, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(UserError, match="too large"):
            fetch([server.url], tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".part"]


def test_the_next_url_is_taken_when_one_fails(server, tmp_path, caplog):
    server.status[:] = [404]
    caplog.set_level(logging.WARNING)
    path, _, url = fetch(["/nowhere.bin", server.url + "?1", server.url], tmp_path, SHA)
    assert path.read_bytes() == CONTENT
    assert url == server.url
    assert "404" in caplog.text
    assert "no such file" in caplog.text


def test_a_busy_server_is_asked_again(server, tmp_path):
    server.status[:] = [503, 429]
    fetch([server.url], tmp_path, SHA)
    assert len(server.ranges) == 3


def test_a_wrong_checksum_is_one_sentence_and_leaves_no_file(server, tmp_path):
    with pytest.raises(UserError, match="hash of downloaded file") as caught:
        fetch([server.url], tmp_path, "md5:" + "0" * 32)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("data.bin"))


def send(
    body: bytes, status: int = 200, **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer without a length, unless `headers` have one."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def test_a_packed_answer_is_unpacked(server, tmp_path):
    packed = gzip.compress(CONTENT)
    server.answer[:] = [send(packed, Content_Encoding="gzip", Content_Length=str(len(packed)))]
    path, checksum, _ = fetch([server.url], tmp_path)
    assert (path.read_bytes(), checksum) == (CONTENT, SHA)


def test_a_page_of_html_is_no_file(server, tmp_path):
    server.answer[:] = [send(b"\n<!DOCTYPE html><html>Log in</html>", ETag='"3"')]
    with pytest.raises(UserError, match="what came is a web page"):
        fetch([server.url], tmp_path)
    assert fetch([server.url], tmp_path)[0].read_bytes() == CONTENT


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_that_drips_is_given_up(server, tmp_path, monkeypatch, head):
    monkeypatch.setattr(transfer, "BLOCK_SECONDS", 0.1)

    def drip(request):
        request.wfile.write(head)
        for _ in range(100):
            request.wfile.write(b"a")
            threading.Event().wait(0.02)  # time.sleep waits for nothing here

    server.answer[:] = [drip] * 4
    start = time.monotonic()
    with pytest.raises(UserError, match="no 32768 bytes arrived in 0 s"):
        fetch([server.url], tmp_path)
    assert time.monotonic() - start < 10


def test_files_of_two_urls_do_not_meet(server, tmp_path):
    assert fetch([server.url], tmp_path)[0].read_bytes() == CONTENT
    server.answer[:] = [send(b"other")]
    assert fetch([server.url + "?2"], tmp_path)[0].read_bytes() == b"other"


def zipped(folder, **files):
    path = folder / "shapes.zip"
    with zipfile.ZipFile(path, "w") as z:
        for name, content in files.items():
            z.writestr(f"chair/{name}.npy", content)
    return path.read_bytes()


def test_an_archive_replaces_all_that_another_left(server, tmp_path):
    entry, folder = {"reader": "folder", "urls": [server.url + "/a.zip"]}, tmp_path / "data"
    server.answer[:] = [send(zipped(tmp_path, old="1", both="2"))]
    download_dataset(entry, folder)
    server.answer[:] = [send(zipped(tmp_path, new="3", both="4"))]
    manifest = download_dataset(entry | {"urls": [server.url + "/b/a.zip"]}, folder)
    unpacked = {p.name: p.read_text() for p in (folder / "unpacked").rglob("*.npy")}
    assert unpacked == {"new.npy": "3", "both.npy": "4"}
    assert sorted(p.name for p in folder.iterdir()) == ["manifest.json", "unpacked"]
    assert json.loads(manifest.read_text())["files"] == ["chair/both.npy", "chair/new.npy"]


def test_a_cut_archive_is_deleted_and_fetched_again(server, tmp_path):
    entry, archive = {"reader": "folder", "urls": [server.url + "/a.zip"]}, zipped(tmp_path, a="1")
    server.answer[:] = [send(archive[: len(archive) // 2]), send(archive)]
    with pytest.raises(UserError, match=r"not a readable zip.*a\.zip and is deleted: run again"):
        download_dataset(entry, tmp_path / "data")
    assert download_dataset(entry, tmp_path / "data").is_file()


def test_local_files_are_used_where_they_are(tmp_path):
    path = tmp_path / "a b.bin"
    path.write_bytes(CONTENT)
    for url in (str(path), path.as_uri()):
        assert fetch([url], tmp_path / "new", SHA)[0] == path


def test_only_wanted_files_are_unpacked_and_none_outside(tmp_path):
    archive = tmp_path / "a.zip"
    link = zipfile.ZipInfo("link.h5")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "w") as z:
        for name in ("a/x.h5", "../evil.h5", "/evil.h5", "a/../../evil.h5", "a/x.exe"):
            z.writestr(name, "data")
        z.writestr("__MACOSX/a/._x.h5", "data")
        z.writestr(link, "/etc/passwd")
    names = unpack(archive, tmp_path / "out", lambda path: path.suffix == ".h5")
    assert names == ["a/x.h5"]
    assert [p for p in tmp_path.rglob("*") if "evil" in p.name or "link" in p.name] == []
    with pytest.raises(UserError, match="none of the files"):
        unpack(archive, tmp_path / "out", lambda path: path.suffix == ".npy")


def test_a_damaged_zip_or_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("x.h5", CONTENT)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: type("", (), {"free": 10}))
    with pytest.raises(UserError, match=r"unpacks to 0\.0 GB"):
        unpack(archive, tmp_path, lambda _: True)
    monkeypatch.undo()
    data = bytearray(archive.read_bytes())
    data[1000:1100] = bytes(100)
    archive.write_bytes(data)
    with pytest.raises(UserError, match="not a readable zip"):
        unpack(archive, tmp_path, lambda _: True)
    archive.write_bytes(b"junk")
    with pytest.raises(UserError, match="not a readable zip"):
        unpack(archive, tmp_path, lambda _: True)
