"""Kills of a run at random moments: the ordinary command goes on, and ends with the same files."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import yaml
from filelock import FileLock
from own_modules import BACKBONE
from project import CONFIG, Project, copy_repository, write_shapes


PLAIN = {"protocols": ["plain"]}
# What every stage of classification needs, in few jobs. To import open_clip takes longer than all
# else that a job does here, so the backbone is a module of its own.
SMALL = CONFIG | {
    "backbones": {"tiny": {"module": "backbone.py"}},
    "zero_shot": [CONFIG["zero_shot"][0] | PLAIN],
    "few_shot": [CONFIG["few_shot"][0] | PLAIN],
    "ablations": {},
    "registration": [],
    "segmentation": [],
}
MOST_SECONDS = 45.0  # that a run lives: several kills meet one project
PER_PROJECT = 5  # kills, and then it is finished
# These hold times.
LEFT_OUT = ("logs", "benchmarks", "run_info.html")


def attack(state: Path, count: int, seed: int = 0) -> Counter[str]:
    """Kill runs of small projects `count` times in all; each project is finished at last.

    `read`: a kill after which the ordinary command went on, and the results were the same in the
    end. `abort`: it did not go on. `silent`: a file of the results was another.

    Args:
        state: has, or gets, a project that has not run and one that ran without a kill.
    """
    # In the background of a shell, Ctrl-C is ignored, and so it would be by the runs.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rng, found = random.Random(seed), Counter[str]()
    fresh, whole, seconds = projects(state.resolve())
    while (missing := count - found["tried"]) > 0:
        killed = 0
        with tempfile.TemporaryDirectory() as folder:
            # Of a project that has run, some files are gone, so that kills meet late stages too.
            project = rng.choice((fresh, whole)).copy(Path(folder))
            for path in sorted(project.path("results").rglob("*.*")):
                if path.is_file() and rng.random() < 0.3:
                    path.unlink()
            while killed < min(missing, PER_PROJECT) and kill(project, rng, seconds):
                killed += 1
            kind, text = end_of(project, results(whole))
        if kind != "read":
            sys.stderr.write(f"seed {seed}, {killed} kills: {text}\n")
            killed = max(killed, 1)
        found.update({"tried": killed, kind: killed})
    return found


def projects(state: Path) -> tuple[Project, Project, float]:
    """A project that has not run, the same after a run without a kill, and the run's seconds."""
    fresh, whole = (Project(state / name) for name in ("fresh", "whole"))
    with FileLock(state / "projects.lock"):
        if not (state / "seconds").exists():
            for project in (fresh, whole):
                shutil.rmtree(project.root, ignore_errors=True)
            copy_repository(fresh.root)
            write_shapes(fresh.root / "shapes")
            fresh.path("backbone.py").write_text(BACKBONE)
            fresh.path("config/config.yaml").write_text(yaml.safe_dump(SMALL))
            shutil.copytree(fresh.root, whole.root, symlinks=True)
            start = time.monotonic()
            outcome = whole.snakemake()
            assert outcome.code == 0, outcome.text
            (state / "seconds").write_text(f"{time.monotonic() - start:.0f}")
    return fresh, whole, float((state / "seconds").read_text())


def results(project: Project) -> dict[str, bytes]:
    """The files of the results by name."""
    found = project.read("results")
    return {name: data for name, data in found.items() if not name.startswith(LEFT_OUT)}


def kill(project: Project, rng: random.Random, seconds: float) -> bool:
    """Start the ordinary command and kill it; False if it ended before."""
    began = time.time()
    process = project.start()
    try:
        process.wait(timeout=rng.uniform(0.5, min(MOST_SECONDS, 0.5 * seconds)))
        return False
    except subprocess.TimeoutExpired:
        pass
    except BaseException:  # this attack itself is ended
        os.killpg(process.pid, signal.SIGKILL)
        raise
    match rng.choice(("run", "run and jobs", "power cut", "Ctrl-C", "many Ctrl-C")):
        case "run":  # its jobs live on for a moment
            process.kill()
        case "run and jobs":
            os.killpg(process.pid, signal.SIGKILL)
        case "power cut":
            os.killpg(process.pid, signal.SIGKILL)
            cut_power(project, rng, began)
        case "Ctrl-C":
            os.killpg(process.pid, signal.SIGINT)
        case _:
            while process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
                time.sleep(rng.uniform(0, 0.3))
    process.wait(timeout=120)
    return True


def cut_power(project: Project, rng: random.Random, began: float) -> None:
    """What a disk without power loses: the end of files that nobody waited for (fsync)."""
    folders = (".snakemake", "results/logs", "results/benchmarks")
    found = [path for folder in folders for path in project.path(folder).rglob("*")]
    # The results are written by `core.atomic`, which waits before a file gets its name.
    found += project.path("results").rglob("*.partial*")
    for path in sorted(found):
        if path.is_file() and path.stat().st_mtime >= began and rng.random() < 0.7:
            os.truncate(path, rng.choice((0, rng.randint(0, path.stat().st_size))))


def end_of(project: Project, expected: dict[str, bytes]) -> tuple[str, str]:
    """How the ordinary command ends, twice: the second time there is nothing to be done."""
    outcome = project.snakemake()
    if outcome.code:
        return "abort", outcome.text[-3000:]
    found = results(project)
    if found != expected:
        wrong = {name for name in found | expected if found.get(name) != expected.get(name)}
        return "silent", f"other files: {', '.join(sorted(wrong))}"
    outcome = project.snakemake()
    return ("read", "") if outcome.nothing else ("abort", outcome.text[-3000:])
