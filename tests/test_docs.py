"""The pages: commands run, tables are those of the result files, links lead somewhere."""

import json
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
import yaml
from cached_results import write_features, write_scores
from places import REPOSITORY
from typer.testing import CliRunner

import pointclip
from pointclip.app.cli import app
from pointclip.config import paths
from pointclip.segmentation.few_shot_parts import fit_probe
from pointclip.segmentation.geometry import describe
from pointclip.segmentation.part_adapter import write_part_adapter


OUTSIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config/README.md")
PAGES = [*(REPOSITORY / name for name in OUTSIDE), *sorted((REPOSITORY / "docs").glob("*.md"))]
RESULTS = runpy.run_path(str(REPOSITORY / "docs/write_results.py"))
CACHED = (REPOSITORY / "docs/cached_files.md").read_text("utf-8")
# Command -> the file of the test that runs it as a whole, and the words in which it does.
RUN_BY = {
    "snakemake --cores 2": ("workflow/test_demo.py", "project.snakemake(HF_ENDPOINT"),
    "snakemake --report results/report.html": ("workflow/test_report.py", 'snakemake("--report"'),
    "snakemake --workflow-profile workflow/profiles/slurm --config device=cuda": (
        "cluster/test_slurm.py",
        '"--workflow-profile", "workflow/profiles/slurm"',
    ),
    "pointclip classify chair.glb --backbone openshape_b32 --classes 'chair, table, lamp'": (
        "app/test_backbone.py",
        '"--backbone", "openshape_b32", "--prompts"',
    ),
    # Dry runs: the data and CLIP's weights would be fetched.
    **{
        f"snakemake --configfile config/paper.yaml --cores 8 {target}": (
            "workflow/test_dag.py",
            f'fresh.dry_run(*paper, "{target}")',
        )
        for target in ("results/paper/ablations/views.csv", "results/paper/checks/released.md")
    },
}
# Not run as they stand, for what they write takes 20 s: the same rules run with fewer networks.
INSTEAD = {
    "config/freereg.yaml tiny.yaml": "workflow/test_freereg.py",
    "config/encoders3d.yaml random.yaml": "workflow/test_points.py",
    "config/paper.yaml --report": "workflow/test_report.py",
}
HELPERS = {"random_encoders.py", "tiny_networks.py"}  # what the first two of INSTEAD read


def blocks(language: str) -> list[tuple[str, str]]:
    """Page and text of every block of code in a language."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.M | re.S)
    return [
        (page.name, text) for page in PAGES for text in pattern.findall(page.read_text("utf-8"))
    ]


def commands(program: str) -> list[str]:
    """Every command of the pages that begins with a program, without comments."""
    found: list[str] = []
    for _, text in blocks("sh"):
        for line in text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0] == program:
                found.append(shlex.join(words))
    return list(dict.fromkeys(found))


def test_all_commands_are_of_a_program_that_is_tested_here():
    first = {
        words[0]
        for _, text in blocks("sh")
        for line in text.replace("\\\n", " ").splitlines()
        if (words := shlex.split(line, comments=True))
    }
    known = {"make", "pip", "pointclip", "python", "snakemake", "PYTHONPATH=tests/helpers"}
    assert first <= known


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with the files that the pages speak of."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "examples").symlink_to(REPOSITORY / "examples")
    table = pointclip.load_cloud(REPOSITORY / "examples/table.ply")
    probe = fit_probe("linear_probe", [describe(table)], [np.arange(len(table)) % 2])
    taught = {"chair": ["back", "seat"]}
    write_part_adapter(folder / "parts.safetensors", {4: {"chair": probe}}, taught, "geometry", {})
    for name in ("chair.npy", "scans/one.npy", "scans/two.npy"):
        (folder / name).parent.mkdir(exist_ok=True)
        np.save(folder / name, table)
    for name in ("chair", "table"):
        for split, count in {"train": 2, "test": 1}.items():
            target = folder / "shapes" / name / split
            target.mkdir(parents=True)
            for number in range(count):
                turned = table[:, [1, 0, 2]] if name == "chair" else table
                np.save(target / f"{split}{number}.npy", turned[:1000] * (1 + 0.1 * number))
    return folder


@pytest.mark.parametrize("command", RUN_BY)
def test_commands_that_are_run_elsewhere_stand_in_the_pages_and_in_that_test(command):
    assert command in commands(command.split()[0])
    file, words = RUN_BY[command]
    assert words in (REPOSITORY / "tests" / file).read_text("utf-8")


@pytest.mark.parametrize("command", [one for one in commands("pointclip") if one not in RUN_BY])
def test_commands_of_pointclip_do_what_they_say(command, desk, monkeypatch):
    monkeypatch.chdir(desk)
    monkeypatch.setattr("webbrowser.get", Mock())
    words = [word.replace("chair.ply", "chair.npy") for word in shlex.split(command)[1:]]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    written = [words[k + 1] for k, word in enumerate(words) if word in ("-o", "--output")]
    assert all(Path(name).stat().st_size for name in written)
    if words[0] == "classify" and "--json" in words:
        assert json.loads(result.stdout)["file"]


@pytest.mark.parametrize("command", [one for one in commands("snakemake") if one not in RUN_BY])
def test_commands_of_snakemake_plan_jobs(command, fresh):
    """A dry run: the real ones fetch ModelNet40 and CLIP, or take from minutes to days."""
    if found := next((test for words, test in INSTEAD.items() if words in command), None):
        assert (REPOSITORY / "tests" / found).is_file()
        return
    config = next(text for _, text in blocks("yaml") if text.startswith("# mine.yaml"))
    fresh.path("mine.yaml").write_text(config)
    # That conda makes the environment is tested by tests/workflow/test_environment.py.
    words = [word for word in shlex.split(command)[1:] if word != "--use-conda"]
    outcome = fresh.dry_run("--nolock", *words)
    assert outcome.code == 0 and outcome.jobs.total(), outcome.text


def test_helpers_that_the_pages_run_are_those_of_the_configs_above():
    helpers = commands("PYTHONPATH=tests/helpers")
    assert {Path(shlex.split(command)[2]).name for command in helpers} == HELPERS


@pytest.mark.parametrize("command", commands("make"))
def test_commands_of_make_are_targets(command):
    done = subprocess.run(
        [*shlex.split(command), "--dry-run"], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stdout, done.stderr


@pytest.mark.parametrize("command", commands("pip"))
def test_extras_that_are_installed_exist(command):
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    asked = re.findall(r"\[(\w+)\]", command)
    assert set(asked) <= set(project["optional-dependencies"])


def test_python_of_the_pages_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    ids = {"dataset": "furniture", "projection": "pointclip_v2", "backbone": "iconclip"}
    write_features(Path("results"), [0, 1, 0], ["chair", "table"], split="test", **ids)
    write_scores(Path("results"))
    ran = [text for page, text in blocks("python") if page in ("api.md", "cached_files.md")]
    assert len(ran) == 2
    for text in ran:
        exec(compile(text, "page", "exec"), {})


@pytest.mark.parametrize("page", RESULTS["PAGES"], ids=lambda page: page.name)
def test_tables_are_those_of_the_result_files(page):
    assert page.read_text("utf-8") == RESULTS["filled"](page), "run `make docs`"


def test_rows_of_a_run_name_its_commit_and_leave_the_rows_that_it_lacks(tmp_path, monkeypatch):
    monkeypatch.setitem(RESULTS["take"].__globals__, "FILES", tmp_path)
    write_scores(tmp_path)
    RESULTS["take"]("run", tmp_path)
    rows = pd.read_csv(tmp_path / "run.csv")
    assert set(rows["mean"]) == {40.0, 61.0}
    assert set(rows["commit"]) == {"not known (no git repository here)"}
    rows.assign(mean=1.0, commit="before").to_csv(tmp_path / "run.csv", index=False)
    rows.assign(projection="other", commit="before").to_csv(
        tmp_path / "run.csv", mode="a", header=False, index=False
    )
    RESULTS["take"]("run", tmp_path)
    again = pd.read_csv(tmp_path / "run.csv")
    assert len(again) == 2 * len(rows) and set(again["mean"]) == {40.0, 61.0}
    assert set(again.loc[again["projection"] == "other", "commit"]) == {"before"}


def test_the_table_of_cached_files_names_every_path():
    named = set(re.findall(r"^\| `([^`]+)`", CACHED, re.M))
    assert set(paths.PATTERNS.values()) <= named
    assert f"{paths.ENSEMBLE}…" in named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if ":" not in target:
            assert (page.parent / target).exists(), target


def test_workflows_of_github_run_what_ci_runs():
    jobs = yaml.safe_load((REPOSITORY / ".github/workflows/ci.yml").read_text())["jobs"]
    steps = [str(step.get("run", "")) for job in jobs.values() for step in job["steps"]]
    asked = re.findall(r"^make \w+", (REPOSITORY / ".ci/run").read_text(), re.M)
    assert asked and set(asked) <= set(steps)
    matrix = jobs["test"]["strategy"]["matrix"]
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    lowest = project["requires-python"].removeprefix(">=")
    assert lowest == matrix["python"][0] and matrix["os"] == ["ubuntu-latest", "macos-latest"]


def test_the_readme_and_the_package_show_the_same_five_lines():
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    shown = re.findall(r"^>>> (.*)$", pointclip.__doc__, re.M)
    assert len(shown) == 5
    assert "\n".join(shown) in readme


def test_the_site_builds_without_a_network(tmp_path):
    out = tmp_path / "site"
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(out)]
    done = subprocess.run(build, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    built = {page.stem for page in out.glob("*.html")}
    assert {page.stem for page in (REPOSITORY / "docs").glob("*.md")} <= built
    assert "text_features" in (out / "api.html").read_text("utf-8")
    fetch = re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=\"(https?:[^\"]+)")
    for page in out.glob("*.html"):  # nothing is fetched when a page is opened
        assert not fetch.findall(page.read_text("utf-8")), page.name
