"""The real DAG through the real profile on a Slurm cluster of one node, started here."""

import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from project import CONFIG, Project
from slurm import Cluster, missing, wait_until


PLUGIN = "snakemake_executor_plugin_slurm"
LACKING = [*missing(), *([] if find_spec(PLUGIN) else [PLUGIN])]
if LACKING:
    pytest.skip(
        f"Slurm cannot be started here, {', '.join(LACKING)} missing (Debian: slurmctld slurmd "
        "slurm-client munge; pip: snakemake-executor-plugin-slurm).",
        allow_module_level=True,
    )
FEATURES = "results/features/three/small/tiny"


# One protocol and one number of shots: every kind of job, few of each, but of zero-shot jobs two
# that wait for the same features, and so make an array.
PROMPTS = ["v1_few_shot", "class_name"]
FEWER = {
    "zero_shot": [CONFIG["zero_shot"][0] | {"protocols": ["plain"], "prompts": PROMPTS}],
    "few_shot": [CONFIG["few_shot"][0] | {"protocols": ["plain"], "shots": [1]}],
}


@pytest.fixture(scope="module")
def local(fresh: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project after a run without any cluster. Not to be changed."""
    ran = fresh.copy(tmp_path_factory.mktemp("local"))
    ran.configure(**FEWER)
    outcome = ran.snakemake()
    assert outcome.code == 0, outcome.text
    return ran


@pytest.fixture
def project(local: Project, tmp_path: Path) -> Project:
    """A finished project to be changed at will."""
    return local.copy(tmp_path)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as started:
        yield started


def start(project: Project, cluster: Cluster, *words: str) -> subprocess.Popen[str]:
    """Snakemake with the profile, in a process of its own; status is asked for more often."""
    command = [sys.executable, "-m", "snakemake", "--workflow-profile", "workflow/profiles/slurm"]
    often = ["--slurm-init-seconds-before-status-checks", "2"]
    with project.path("said.txt").open("w") as said:
        return subprocess.Popen(
            [*command, *often, *words],
            cwd=project.root,
            env=project.environment() | cluster.environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
        )


def finish(running: subprocess.Popen[str], project: Project) -> str:
    """What it said, once it has ended well."""
    try:
        code = running.wait(timeout=3000)
    finally:
        running.kill()
    said = project.path("said.txt").read_text()
    assert code == 0, said
    return said


def running_jobs(cluster: Cluster, running: subprocess.Popen[str], project: Project) -> list[str]:
    """The jobs that Slurm runs, as soon as there are any: id, memory, minutes allowed."""

    def there() -> list[str]:
        assert running.poll() is None, project.path("said.txt").read_text()
        return cluster.jobs("R", "%i %m %l")

    wait_until(there, "no job runs", 300)
    return there()[0].split()


def test_tables_are_those_of_a_local_run(
    local: Project, fresh: Project, tmp_path: Path, cluster: Cluster
) -> None:
    elsewhere = fresh.copy(tmp_path)
    elsewhere.configure(**FEWER)
    # A job that asks for a GPU gets one of Slurm's; device `auto` finds it is none, and goes on.
    said = finish(start(elsewhere, cluster, "--set-resources", "encode:gpu=1"), elsewhere)
    assert "has been submitted with SLURM jobid" in said
    assert "Submitted array job" in said
    for folder in ("tables", "ablations", "few_shot", "zero_shot", "features", "figures"):
        here, there = local.read(f"results/{folder}"), elsewhere.read(f"results/{folder}")
        assert here.keys() == there.keys()
        assert [name for name in here if here[name] != there[name]] == []


def test_a_cancelled_job_comes_back_with_more_memory_and_time(
    project: Project,
    cluster: Cluster,
) -> None:
    target = f"{FEATURES}/test-0.h5"
    before = project.path(target).read_bytes()
    running = start(project, cluster, target, "--force")
    first, memory, minutes = running_jobs(cluster, running, project)
    cluster.run("scancel", first)
    wait_until(lambda: first not in cluster.jobs("R,CG,PD"), "the job does not end")
    second, more_memory, more_minutes = running_jobs(cluster, running, project)
    finish(running, project)
    assert second != first
    assert (memory, more_memory) == ("8000M", "16000M")
    assert (minutes, more_minutes) == ("4:00:00", "8:00:00")
    assert project.path(target).read_bytes() == before
    assert "CANCELLED" in project.path("said.txt").read_text()


def test_a_node_drains_and_comes_back(
    project: Project,
    cluster: Cluster,
) -> None:
    targets = [f"{FEATURES}/{split}-0.h5" for split in ("train", "test")]
    before = [project.path(target).read_bytes() for target in targets]
    cluster.run(
        "scontrol", "update", f"nodename={cluster.host}", "state=drain", "reason=maintenance"
    )
    wait_until(lambda: cluster.node_state() == "drained", "the node does not drain")
    running = start(project, cluster, *targets, "--force", "--forcerun", "encode")
    wait_until(lambda: len(cluster.jobs("PD")) == 2, "no job waits", 300)
    time.sleep(3)
    assert not cluster.jobs("R") and running.poll() is None
    cluster.run("scontrol", "update", f"nodename={cluster.host}", "state=resume")
    finish(running, project)
    assert [project.path(target).read_bytes() for target in targets] == before


def test_what_was_started_is_stopped() -> None:
    with pytest.raises(KeyError), Cluster() as cluster:
        cluster.run("sbatch", "--wrap", "sleep 600", "--output", "/dev/null")
        wait_until(lambda: cluster.jobs("R"), "the job does not run")
        daemons = list(cluster.daemons)
        raise KeyError
    assert all(daemon.poll() is not None for daemon in daemons)
    assert not cluster.folder.exists()
    assert not sleeping(cluster.folder)


def sleeping(folder: Path) -> list[str]:
    """Processes that still know the cluster's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return found
