"""The environment: pip and conda agree, and --use-conda works (through a stand-in for conda)."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import yaml
from project import REPOSITORY, Project


# pip's name -> conda-forge's, where they differ.
CONDA = {
    **{"torch": "pytorch", "matplotlib": "matplotlib-base", "snakemake": "snakemake-minimal"},
    **{"lazrs": "lazrs-python", "opencv-python-headless": "py-opencv"},
}
STUB = """#!/usr/bin/env python3
import json, subprocess, sys
from pathlib import Path

words, root = sys.argv[1:], Path(__file__).parents[1]
with open(root / "calls.log", "a") as f:
    f.write(" ".join(words) + "\\n")
if words == ["--version"]:
    print("conda 25.1.0")
elif words[:2] == ["info", "--json"]:
    about = dict.fromkeys(["conda_prefix", "root_prefix", "default_prefix"], str(root))
    print(json.dumps(about | {"conda_version": "25.1.0", "platform": "linux-64", "envs": []}))
elif words[:2] == ["config", "--get"] or words[:2] == ["config", "--show"]:
    print(json.dumps({"get": {"channel_priority": "strict"}, "channel_priority": "strict"}))
elif words[:2] == ["env", "create"]:
    prefix = words[words.index("--prefix") + 1]
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", prefix], check=True)
    site = next(Path(prefix).glob("lib/python*/site-packages"))
    (site / "stub.pth").write_text(PACKAGES + "\\n")
"""
ACTIVATE = 'export CONDA_PREFIX="$1"\nexport PATH="$1/bin:$PATH"\n'


def test_pip_and_conda_name_the_same_packages_and_bounds() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    # One environment for all rules, those of the diffusion and depth networks too.
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["workflow"], *extras["registration"]]
    wanted = {re.sub(r"\[.*?\]", "", line).replace(" ", "") for line in lines}
    wanted.add(f"python{project['requires-python']}")
    named = yaml.safe_load((REPOSITORY / "environment.yml").read_text())["dependencies"]
    own = {"pip", "setuptools>=77"}
    there = {line.replace(" ", "") for line in named} - own
    renamed = set()
    for line in wanted:
        name, bound = re.fullmatch(r"([\w.-]+)(.*)", line).groups()
        renamed.add(CONDA.get(name, name) + bound)
    assert there == renamed


def test_the_slurm_profile_can_be_read_and_names_rules() -> None:
    profile = yaml.safe_load((REPOSITORY / "workflow/profiles/slurm/profile.yaml").read_text())
    # Snakemake asks whether there is a file of the name that a text is.
    assert max(len(text) for text in profile.values() if isinstance(text, str)) < 256
    rules = "".join(path.read_text() for path in REPOSITORY.glob("workflow/rules/*.smk"))
    named = re.findall(r"^(?:use rule \w+ as|rule) (\w+)", rules, re.MULTILINE)
    assert set(profile["slurm-array-jobs"].split(", ")) <= set(named)


def test_use_conda_makes_one_environment_and_runs_in_it(blank: Project, tmp_path: Path) -> None:
    conda = tmp_path / "conda"
    (conda / "bin").mkdir(parents=True)
    packages = sysconfig.get_paths()["purelib"]
    base = str(Path(sys.base_prefix) / "bin" / Path(sys.executable).name)
    stub = STUB.replace("PYTHON", repr(shutil.which(base) or sys.executable))
    (conda / "bin/conda").write_text(stub.replace("PACKAGES", repr(packages)))
    (conda / "bin/conda").chmod(0o755)
    (conda / "bin/activate").write_text(ACTIVATE)
    target = "results/shots/three/two.parquet"
    environment = {"PATH": f"{conda / 'bin'}:{blank.environment()['PATH']}"}
    outcome = blank.snakemake(target, "--use-conda", **environment)
    assert outcome.code == 0, outcome.text
    calls = (conda / "calls.log").read_text()
    assert calls.count("env create") == 1
    # The package itself comes from the repository, by the script that runs after the deployment.
    deployed = list(blank.path(".snakemake/conda").glob("*/lib/python*/site-packages/pointclip*"))
    deployed += list(
        blank.path(".snakemake/conda").glob("*/lib/python*/site-packages/__editable__*pointclip*")
    )
    assert deployed
    assert blank.snakemake(target, "--use-conda", **environment).nothing


def test_a_library_that_is_no_clone_is_copied_into_the_environment(tmp_path: Path) -> None:
    package, site = tmp_path / "wheel/pointclip", tmp_path / "site"
    package.mkdir(parents=True)
    site.mkdir()
    (package / "__init__.py").touch()
    (tmp_path / "python").write_text(f"#!/bin/sh\necho {site}\n")
    (tmp_path / "python").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "POINTCLIP_PACKAGE": str(package)}
    script = REPOSITORY / "environment.post-deploy.sh"
    subprocess.run(["bash", str(script)], env=environment, check=True)
    assert (site / "pointclip/__init__.py").is_file()
