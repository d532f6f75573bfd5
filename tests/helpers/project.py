"""The real DAG on three classes of simple shapes: a copy of the repository with a small config."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from places import REPOSITORY


CONFIG: dict[str, Any] = {
    "datasets": {"three": {"reader": "folder", "path": "shapes", "points": 128}},
    "projections": {
        "small": {"base": "pointclip_zs", "size": 32},
        "pair": {"base": "small", "views": [0, 2]},
    },
    "backbones": {"tiny": {}},
    "adapters": {"short": {"base": "inter_view", "epochs": 3}},
    "zero_shot": [
        {
            "datasets": ["three"],
            "projections": ["small"],
            "prompts": ["v1_few_shot"],
            "backbones": ["tiny"],
            "protocols": ["plain", "validation", "released"],
            "sampling": "two",
        }
    ],
    "few_shot": [
        {
            "datasets": ["three"],
            "projections": ["small"],
            "prompts": ["v1_few_shot"],
            "backbones": ["tiny"],
            "adapters": ["short"],
            "shots": [2],
            "sampling": "two",
            "protocols": ["plain", "validation", "released"],
        }
    ],
    "augmented": {"n_augmentations": 2},
    "samplings": {"two": {"seeds": [1, 2], "validation_per_class": 2}},
    "ablations": {
        "views": {
            "title": "How many views",
            "base": {
                "dataset": "three",
                "prompts": "v1_few_shot",
                "backbone": "tiny",
                "protocol": "plain",
            },
            "vary": {"projection": ["small", "pair"]},
        }
    },
}


def with_ensemble(**changes: Any) -> dict[str, Any]:
    """What to configure so that all experiments are also blended with the model `theirs`."""
    found: dict[str, Any] = {"ensembles": {"theirs": {"file": "theirs.parquet", **changes}}}
    for kind in ("zero_shot", "few_shot"):
        found[kind] = [{**CONFIG[kind][0], "ensembles": ["theirs"]}]
    return found


@dataclass
class Outcome:
    """What a run of Snakemake said: its exit code, its text, the jobs by rule and their reasons."""

    code: int
    text: str
    jobs: Counter = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, list[str]] = field(default_factory=dict)
    outputs: dict[str, list[str]] = field(default_factory=dict)

    @property
    def nothing(self) -> bool:
        return self.code == 0 and "Nothing to be done" in self.text

    def ancestors(self, files: list[str]) -> set[str]:
        """All files that these are made from, by way of the jobs of a dry run."""
        made_from = {
            output: self.inputs[job] for job in self.outputs for output in self.outputs[job]
        }
        found: set[str] = set()
        todo = list(files)
        while todo:
            for file in made_from.get(todo.pop(), []):
                if file and file not in found:
                    found.add(file)
                    todo.append(file)
        return found

    def because(self, reason: str) -> set[str]:
        """The rules that run for this reason themselves, not because of their inputs."""
        return {job.split("#")[0] for job, given in self.reasons.items() if reason in given}


@dataclass
class Project:
    """A copy of the repository with a config of its own, in which anything may be changed."""

    root: Path
    program: str = "snakemake"

    def path(self, name: str) -> Path:
        return self.root / name

    def copy(self, folder: Path) -> "Project":
        """The same project in a folder of its own, where it may be changed."""
        shutil.copytree(self.root, folder / "project", symlinks=True)
        return Project(folder / "project")

    def configure(self, **changes: Any) -> None:
        path = self.path("config/config.yaml")
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes))

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.path(name)
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1))

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.root), "HF_HUB_OFFLINE": "1"}

    def command(self, *words: str, cores: int = 2) -> list[str]:
        return [sys.executable, "-m", self.program, "--cores", str(cores), *words]

    def snakemake(self, *words: str, cores: int = 2, **environment: str) -> Outcome:
        done = subprocess.run(
            self.command(*words, cores=cores),
            cwd=self.root,
            env=self.environment() | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=3000,
        )
        outcome = Outcome(done.returncode, done.stdout)
        for number, block in enumerate(re.split(r"\n(?=(?:local)?rule \w+:\n)", done.stdout)):
            if match := re.match(r"(?:local)?rule (\w+):\n", block):
                rule = match[1]
                said = dict(re.findall(r"^    (\w+): (.*)$", block, re.M))
                outcome.jobs[rule] += 1
                job = f"{rule}#{number}"
                outcome.reasons[job] = said.get("reason", "")
                outcome.inputs[job] = said.get("input", "").split(", ")
                outcome.outputs[job] = said.get("output", "").split(", ")
        outcome.jobs.pop("all", None)
        return outcome

    def start(self) -> subprocess.Popen:
        """The ordinary command, with its jobs in a process group of its own, to be killed."""
        return subprocess.Popen(
            self.command(),
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def dry_run(self, *words: str) -> Outcome:
        return self.snakemake("-n", *words)

    def read(self, folder: str) -> dict[str, bytes]:
        """All files below a folder of the results, by name."""
        root = self.path(folder)
        return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*.*"))}


def write_shapes(folder: Path, train: int = 8, test: int = 12) -> None:
    """Balls, plates and sticks: a folder data set that is read in no time."""
    rng = np.random.default_rng(0)
    stretched = {"ball": (1, 1, 1), "plate": (1, 0.1, 1), "stick": (0.1, 1, 0.1)}
    for name, scale in stretched.items():
        for split, count in (("train", train), ("test", test)):
            target = folder / name / split
            target.mkdir(parents=True)
            for number in range(count):
                points = rng.normal(size=(128, 3))
                points /= np.linalg.norm(points, axis=1, keepdims=True)
                np.save(target / f"{name}_{number}.npy", (points * scale).astype(np.float32))


def copy_repository(target: Path) -> None:
    """What a run needs of the repository; the assets are linked, not copied."""
    # With the kernels that are compiled already, or every copy would compile its own.
    ignore = shutil.ignore_patterns("assets", "*.pyc")
    for name in ("pointclip", "scripts", "workflow", "config"):
        shutil.copytree(REPOSITORY / name, target / name, ignore=ignore)
    (target / "pointclip/assets").symlink_to(REPOSITORY / "pointclip/assets")
    for name in ("environment.yml", "environment.post-deploy.sh", "pyproject.toml", "README.md"):
        shutil.copy2(REPOSITORY / name, target / name)


def new_project(root: Path, config: dict[str, Any]) -> Project:
    """A copy of the repository with made shapes and a tiny backbone, in which nothing has run."""
    from tiny import tiny_backbone

    copy_repository(root)
    write_shapes(root / "shapes")
    entry = tiny_backbone(root / "weights")
    entry.pop("name")
    # Relative paths, so that a copy of the project is the same project.
    entry = {k: str(v).replace(f"{root}/", "") for k, v in entry.items()}
    config = config | {"backbones": {"tiny": entry}}
    (root / "config/config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return Project(root)
