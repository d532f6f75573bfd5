"""Files of strangers are read in a second process, so that no file harms the one that asks.

A library may crash, hang, or fill the memory over a hostile file: a LAZ of 2 kB that announces
4 GB aborts its process inside lazrs. The second process is limited in memory and time (`budget`);
if it ends, the file is at fault, and the next file gets a new process. It starts with the first
file (0.3 s) and then reads one file after another (0.2 ms each).
"""

import atexit
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

from pointclip.clouds.budget import BUDGET, memory_limit, time_limit
from pointclip.core.errors import UserError
from pointclip.core.files import printable


logger = logging.getLogger(__name__)
MAX_WARNINGS = 3
_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from pointclip.clouds.isolation import serve; serve()"
)
# One thread: the time limit counts the time of all of them.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Reader:
    """The second process, as seen from the first."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.lock = threading.Lock()

    def arrays(self, path: Path, **request: Any) -> dict[str, np.ndarray]:
        """What `read.read_arrays` (or `read_points`) returns.

        Raises:
            UserError: if the file cannot be read; the message is the reason alone.
        """
        with self.lock:
            try:
                answer = self._ask({"path": os.path.abspath(path), **request})
            except BaseException:  # the answer would be taken for that to the next request
                self.stop(kill=True)
                raise
            if answer is None:
                raise UserError(_reason(self.stop(), path))
        for warning in answer["warnings"]:
            logger.warning("%s %s.", printable(path), warning)
        if "error" in answer:
            raise UserError(answer["error"])
        return answer["arrays"]

    def stop(self, kill: bool = False) -> int:
        """End the process; returns how it ended, as `Popen.returncode` says it."""
        process, self.process = self.process, None
        if process is None:
            return 0
        if kill:
            process.kill()
        process.communicate()
        return process.returncode

    def forget(self) -> None:
        """Leave the process to the parent that started it, and start one of our own: the requests
        of both would meet in one pipe."""
        self.parents, self.process = self.process, None
        self.lock = threading.Lock()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to a request; None if the process ends over it."""
        if self.process is None or self.process.poll() is not None:
            self.stop()
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", _CODE, json.dumps(sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | _ENVIRONMENT,
            )
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return None
        head = self.process.stdout.readline()
        if not head.endswith(b"\n"):
            return None
        answer = json.loads(head)
        for name, (kind, shape) in answer.get("arrays", {}).items():
            answer["arrays"][name] = array = np.empty(shape, kind)
            pipe: Any = self.process.stdout
            if pipe.readinto(array.reshape(-1).view(np.uint8)) != array.nbytes:
                return None
        return answer


READER = Reader()
atexit.register(READER.stop)
os.register_at_fork(after_in_child=READER.forget)


def _reason(code: int, path: Path) -> str:
    """Why the process ended over a file."""
    size = _size(path)
    if code == -signal.SIGPROF:
        return f"it takes longer than {time_limit(size):.0f} s, too long for a file of {size} bytes"
    name = signal.Signals(-code).name if code < 0 else f"code {code}"
    return f"its reader crashed ({name}), as it does over damaged files"


def _size(path: Path) -> int:
    """Bytes of a file; 0 if it is not there or cannot be looked at."""
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def serve() -> None:
    """Answer requests, one a line, until there are no more: the second process runs this.

    An answer is a line of JSON and, if there is no error in it, the bytes of its arrays.
    """
    from pointclip.clouds.read import read_arrays, read_points

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process, which ends us
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings = _Warnings()
    logging.getLogger("pointclip").addHandler(warnings)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        path, arrays = Path(request.pop("path")), {}
        size = _size(path)
        warnings.messages.clear()
        answer: dict[str, Any] = {"warnings": warnings.messages}
        try:
            BUDGET.start(size)
            arrays = (read_arrays if "names" in request else read_points)(path, **request)
            answer["arrays"] = {name: (a.dtype.str, a.shape) for name, a in arrays.items()}
        except MemoryError:
            answer["error"] = f"it takes more than {memory_limit(size) >> 20} MB of memory to read"
        except UserError as error:
            answer["error"] = str(error)
        except BaseException as error:  # lazrs' panics derive from no Exception
            text = " ".join(str(error).split())[:150].rstrip(".") or type(error).__name__
            answer["error"] = f"it is damaged, or of another format than its suffix says ({text})"
        finally:
            BUDGET.stop()
        answers.write(json.dumps(answer).encode() + b"\n")
        for array in arrays.values():
            answers.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        answers.flush()


class _Warnings(logging.Handler):
    """Keeps the first few warnings for the answer."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = " ".join(record.getMessage().split())[:200]
        if message not in self.messages and len(self.messages) < MAX_WARNINGS:
            self.messages.append(message)
