"""What every script of the DAG does around its work: log, threads, progress, error sentences."""

import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pointclip.core.device import acquire_gpu
from pointclip.core.errors import DamagedFile, UserError
from pointclip.core.run_lock import RUN, end_with


if TYPE_CHECKING:
    import torch

log = logging.getLogger("pointclip")
Item = TypeVar("Item")


@contextmanager
def job(snakemake: Any) -> Iterator[logging.Logger]:
    """Run a script's body: log to the rule's log file, and end bad input with one sentence.

    A full or read-only disk (OSError) is told in the same way. A damaged file of the results is
    deleted, so that the next run makes it anew. Everything else keeps its traceback, in the log
    too, because it is a bug of ours.
    """
    end_with(os.environ.get(RUN, ""))
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        handlers=[logging.FileHandler(str(snakemake.log[0]), mode="w")],
        force=True,
    )
    logging.captureWarnings(True)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(snakemake.threads)
    start = time.perf_counter()
    try:
        yield log
    except (UserError, OSError) as error:
        sentence = str(error)
        if isinstance(error, DamagedFile) and is_made_by_us(error.path, snakemake):
            error.path.unlink(missing_ok=True)
            sentence = f"{error.path} {error.what}: it is deleted; run again, and it is made anew."
        log.error(sentence)
        sys.stderr.write(f"{snakemake.rule}: {sentence}\n")
        sys.exit(1)
    except Exception:
        log.exception("%s failed; this is a bug, please report it with this log.", snakemake.rule)
        raise
    log.info("%s took %.1f s", snakemake.rule, time.perf_counter() - start)


def is_made_by_us(path: Path, snakemake: Any) -> bool:
    """Whether a file is an input of this job that another job has made, and no file of the user."""
    made = Path(snakemake.config["results"]).resolve()
    return path.resolve().is_relative_to(made) and str(path) in map(str, snakemake.input)


def progress(
    items: Iterable[Item], total: int, unit: str = "shape", desc: str = "", step: int = 1
) -> Iterator[Item]:
    """Yield `items`, showing rate and time left in the terminal and every 10 s in the log.

    Args:
        total: number of units in all; 0 if it is not known.
        step: units that one item stands for (the last item may hold fewer).
    """
    from tqdm import tqdm

    known = total or None
    # In a library call that nobody logs, a bar would only be in the way.
    hidden = not log.isEnabledFor(logging.INFO)
    bar = tqdm(
        total=known,
        unit=unit,
        desc=desc,
        mininterval=0.5,
        file=sys.stderr,
        leave=False,
        disable=hidden,
    )
    logged = time.monotonic()
    with bar:
        for item in items:
            yield item
            bar.update(min(step, total - bar.n) if total else step)
            if time.monotonic() - logged > 10:
                logged = time.monotonic()
                log.info(tqdm.format_meter(**{**bar.format_dict, "ncols": 100}))
    seconds = max(bar.format_dict["elapsed"], 1e-9)
    log.info("%s: %d %ss in %.1f s (%.1f/s)", desc or unit, bar.n, unit, seconds, bar.n / seconds)


def pick_device(device: str = "auto") -> "torch.device":
    """The torch device for `auto` (cuda, then mps, then cpu) or for a device's own name.

    Of several GPUs, `auto` and `cuda` mean one that no other job on this machine has taken.

    Raises:
        UserError: if the name is none of torch's or the device is not there.
    """
    import torch

    if device in ("auto", "cuda") and torch.cuda.is_available():
        return torch.device("cuda", acquire_gpu(torch.cuda.device_count()))
    if device == "auto":
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        picked = torch.device(device)
        torch.empty(1, device=picked).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UserError(
            f"Device '{device}' is not available here: choose auto, cpu, cuda, cuda:N or mps."
        ) from error
    return picked
