"""How much memory and time the reading of one file may take."""

import os
import resource
import signal


# The config's `reading_mb` and `reading_seconds`, handed on to the jobs of a run.
READING_MB, READING_SECONDS = "POINTCLIP_READING_MB", "POINTCLIP_READING_SECONDS"
# What a small file may take, and how that grows with a file. Of each byte of large files (meshes of
# a million triangles, clouds of two million points, each format) reading takes up to 6 bytes of
# memory and 0.12 us.
MEMORY, MEMORY_PER_BYTE = int(os.environ.get(READING_MB, 900)) << 20, 8
SECONDS, SECONDS_PER_BYTE = float(os.environ.get(READING_SECONDS, 6)), 1e-6


def memory_limit(size: int) -> int:
    """Bytes that the process which reads a file of `size` bytes may hold."""
    return MEMORY + MEMORY_PER_BYTE * size


def time_limit(size: int) -> float:
    """Seconds of processor time that the reading of a file of `size` bytes may take."""
    return SECONDS + SECONDS_PER_BYTE * size


class Budget:
    """The limits of this process: more memory is a MemoryError, more time ends the process.

    Linux enforces both, macOS only the time.
    """

    def __init__(self) -> None:
        self.size: int | None = None

    def start(self, size: int) -> None:
        """A file of `size` bytes is read from now on."""
        self.size = size
        self._limit_memory(size)
        signal.setitimer(signal.ITIMER_PROF, time_limit(size))

    def add(self, size: int) -> None:
        """A second file of `size` bytes belongs to the file that is read.

        Does nothing where no budget was started: in tests, which call a reader by itself.
        """
        if self.size is not None:
            self.size += size
            self._limit_memory(self.size)
            left, _ = signal.getitimer(signal.ITIMER_PROF)
            signal.setitimer(signal.ITIMER_PROF, left + SECONDS_PER_BYTE * size)

    def stop(self) -> None:
        """The file is read; the limit of memory stays until the next one."""
        self.size = None
        signal.setitimer(signal.ITIMER_PROF, 0)

    @staticmethod
    def _limit_memory(size: int) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        limit = memory_limit(size)
        limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, most))


BUDGET = Budget()
