"""A hub of weights on this machine."""

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as a download takes; of files of `damaged` it announces a wrong hash."""

    files: dict[str, bytes]

    def do_HEAD(self) -> bytes | None:
        content = self.files.get(self.path)
        self.send_response(404 if content is None and self.path != "/" else 200)
        if content is None:
            self.send_header("X-Error-Code", "EntryNotFound")
        else:
            digest = hashlib.sha256(content).hexdigest()
            self.send_header("ETag", f'"{"f" * 64 if "damaged" in self.path else digest}"')
            self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        return content

    def do_GET(self) -> None:
        self.wfile.write(self.do_HEAD() or b"")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[str]:
    """The address of a hub that has these files, by their paths."""
    handler = type("Handler", (Hub,), {"files": files})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def run_with_hub(
    files: dict[str, bytes], home: Path, code: str, *words: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own: the hub's address is read once, at import."""
    with serving(files) as address:
        own = {"HF_ENDPOINT": address, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
        return subprocess.run(
            [sys.executable, "-c", code, *words],
            env={k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"} | own,
            capture_output=True,
            text=True,
        )
