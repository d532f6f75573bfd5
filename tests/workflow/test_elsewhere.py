"""The workflow used from another folder: as a module, with --directory, from an installed wheel."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from own_modules import write_modules
from project import REPOSITORY, Project


SNAKEFILE = """configfile: "config/config.yaml"

module pointclip:
    snakefile: {snakefile}
    config: config

use rule * from pointclip

rule mine:
    output: "mine.txt"
    shell: "touch {{output}}"
"""
SHOTS = "results/shots/three/two.parquet"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as an unpacked wheel, built from a copy; its sdist is built too."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(REPOSITORY / name, folder)
    ignore = shutil.ignore_patterns("*.pyc", "__pycache__")
    shutil.copytree(REPOSITORY / "pointclip", folder / "pointclip", ignore=ignore)
    build = "from setuptools.build_meta import build_wheel as w, build_sdist as s; s('.'), w('.')"
    done = subprocess.run([sys.executable, "-c", build], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    (folder / "installed").mkdir()
    with zipfile.ZipFile(built) as file:
        file.extractall(folder / "installed")
    return folder


def module(folder: Path, blank: Project, snakefile: str) -> Project:
    """A folder of a user's own, with our workflow as a module and the small config and data."""
    (folder / "workflow").mkdir(parents=True)
    (folder / "workflow/Snakefile").write_text(SNAKEFILE.format(snakefile=snakefile))
    for name in ("shapes", "weights", "config"):
        shutil.copytree(blank.path(name), folder / name)
    return Project(folder)


def run(project: Project, *words: str, **environment: str):
    """Run Snakemake with the installed package only: the clone is not on Python's path."""
    return project.snakemake(*words, **{"PYTHONPATH": "", **environment})


def test_a_module_from_a_local_path(blank: Project, tmp_path: Path) -> None:
    project = module(tmp_path / "own", blank, repr(str(blank.path("workflow/Snakefile"))))
    outcome = run(project, "-n")
    assert outcome.code == 0, outcome.text
    assert outcome.jobs["accuracy"] == 1 and not outcome.jobs["mine"]


@pytest.mark.slow
def test_a_module_from_a_git_host_with_the_library_of_a_wheel_and_own_entries(
    blank: Project, wheel: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "host/owner/clone"
    for name in ("workflow", "scripts", "config"):
        shutil.copytree(blank.path(name), clone / name)
    shutil.copy(blank.path("environment.yml"), clone)
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "x"], ["tag", "v1"]):
        subprocess.run(["git", *words], cwd=clone, check=True)
    snakefile = 'github("owner/clone", path="workflow/Snakefile", tag="v1")'
    project = module(tmp_path / "own", blank, snakefile)
    write_modules(project.root)
    config = yaml.safe_load(project.path("config/config.yaml").read_text())
    own = {"projections": ["dots"], "backbones": ["mine"], "adapters": ["means"]}
    project.configure(
        projections=config["projections"] | {"dots": {"module": "my_projection.py"}},
        backbones=config["backbones"] | {"mine": {"module": "my_backbone.py", "prompts": "v2"}},
        adapters=config["adapters"] | {"means": {"module": "my_method.py", "power": 0.5}},
        few_shot=[{**config["few_shot"][0], **own, "protocols": ["plain"]}],
        zero_shot=[],
        ablations={},
    )
    environment = {
        # No network: git takes the folder for the host.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/host/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONPATH": str(wheel / "installed"),
    }
    target = "results/scores.parquet"
    outcome = run(project, target, **environment)
    assert outcome.code == 0, outcome.text
    assert outcome.jobs["train"] == outcome.jobs["score"] == 1
    project.edit("my_method.py", '"""Nearest', '"""The nearest')
    assert run(project, "-n", target, **environment).nothing
    project.edit("my_method.py", "power: float = 1.0", "power: float = 2.0")
    changed = run(project, "-n", target, **environment)
    assert changed.because("Params have changed") == {"train"}


def test_another_directory_has_the_default_config_or_its_own(
    blank: Project, tmp_path: Path
) -> None:
    for name in ("shapes", "weights"):
        shutil.copytree(blank.path(name), tmp_path / "there" / name)
    words = ("--directory", str(tmp_path / "there"))
    outcome = blank.dry_run(*words, SHOTS)
    assert outcome.code == 0, outcome.text
    assert outcome.jobs == {"prepare": 1, "sample_shots": 1}


@pytest.mark.slow
def test_the_wheel_works_without_the_workflow(wheel: Path, tmp_path: Path) -> None:
    """Its code, in an interpreter that lacks what only the workflow needs."""
    (sdist,) = wheel.glob("*.tar.gz")
    assert sdist.stat().st_size > 1e7 and (wheel / "installed/pointclip/py.typed").exists()
    table = shutil.copy(REPOSITORY / "examples/table.ply", tmp_path)
    code = (
        "import sys\n"
        "for name in ('snakemake', 'great_tables', 'sklearn'): sys.modules[name] = None\n"
        f"sys.path.insert(0, {str(wheel / 'installed')!r})\n"
        "import pointclip; assert 'installed' in pointclip.__file__, pointclip.__file__\n"
        "from pointclip.app.cli import app\n"
        f"app(['classify', {str(table)!r}, '--classes', 'chair, table', '--csv'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert f"{table},1,table" in done.stdout
