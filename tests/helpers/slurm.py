"""A Slurm cluster of one node in a temporary folder: for root or anybody, without systemd."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


DAEMONS = ("munged", "slurmctld", "slurmd")
TOOLS = (*DAEMONS, "sbatch", "squeue", "scancel", "scontrol", "srun")
# Daemons lie in sbin, which is on nobody's PATH but root's.
SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"])

CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
MinJobAge=300
KillWait=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
# The node may claim more than the machine has: nothing here enforces it.
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=64000 Gres=gpu:2
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """What of Slurm is not installed here."""
    return [tool for tool in TOOLS if not shutil.which(tool, path=SEARCH)]


def wait_until(true: Callable[[], object], what: str, seconds: float = 120) -> None:
    """Wait for something that takes as long as the machine is busy."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"Waited {seconds} s in vain: {what}.")
        time.sleep(0.5)


class Cluster:
    """Started by `with`; whatever happens, its daemons and jobs end with the block."""

    def __init__(self, cpus: int = 2) -> None:
        # Not in pytest's folder: a socket's path has at most 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.host = socket.gethostname().partition(".")[0]
        self.daemons: list[subprocess.Popen] = []
        self.environment = {
            "SLURM_CONF": str(self.folder / "slurm.conf"),
            "PATH": os.pathsep.join([str(self.folder), SEARCH]),
        }
        self.folder.chmod(0o755)
        for name in ("state", "spool"):
            (self.folder / name).mkdir(mode=0o755)
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        # The plugin takes SLURM_CONF out of the environment before a job calls srun: fine where
        # the configuration lies in its usual place, but not here.
        srun = self.folder / "srun"
        real = shutil.which("srun", path=SEARCH)
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {real} "$@"\n')
        srun.chmod(0o755)
        about = {"host": self.host, "user": getpass.getuser(), "folder": self.folder}
        conf = CONF.format(**about, ports=free_ports(2), cpus=cpus)
        (self.folder / "slurm.conf").write_text(conf)
        # Two devices that exist everywhere play the GPUs.
        (self.folder / "gres.conf").write_text("Name=gpu File=/dev/null\nName=gpu File=/dev/zero\n")

    def __enter__(self) -> "Cluster":
        try:
            names = {"key-file": "key", "log-file": "log", "pid-file": "pid", "seed-file": "seed"}
            paths = [f"--{option}={self.folder}/munge.{name}" for option, name in names.items()]
            # --force: a folder below /tmp is less than munge asks for.
            self.start(
                "munged", "--foreground", "--force", f"--socket={self.folder}/munge.socket", *paths
            )
            wait_until((self.folder / "munge.socket").exists, "munged gives no socket")
            self.start("slurmctld", "-D", "-i")
            self.start("slurmd", "-D", "-N", self.host)
            wait_until(lambda: self.node_state() == "idle", "the node is not idle", 40)
        except BaseException as error:
            error.add_note(self.said())
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.out").open("w") as out:
            daemon = subprocess.Popen(
                [shutil.which(name, path=SEARCH) or name, *words],
                env={**os.environ, **self.environment},
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
            )
        self.daemons.append(daemon)

    def run(self, *words: str, check: bool = True) -> str:
        """One of Slurm's tools: what it printed."""
        done = subprocess.run(
            words,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def node_state(self) -> str:
        """`idle`, `mixed`, `allocated`, `draining`, `drained`, ... or nothing before it answers."""
        return self.run("sinfo", "-h", "-o", "%T", check=False)

    def jobs(self, states: str = "all", form: str = "%i") -> list[str]:
        return self.run("squeue", "-h", "-t", states, "-o", form).splitlines()

    def said(self) -> str:
        """The end of what each daemon wrote."""
        logs = sorted([*self.folder.glob("*.log"), *self.folder.glob("*.out")])
        return "\n".join(f"{path.name}: {path.read_text()[-1500:]}" for path in logs)

    def stop(self) -> None:
        """Cancel all jobs, end the daemons in reverse order, remove the folder."""
        if len(self.daemons) == len(DAEMONS):
            self.run("scancel", "--user", getpass.getuser(), check=False)
            # If they do not end, the daemons are stopped all the same.
            with suppress(TimeoutError, RuntimeError):
                wait_until(lambda: not self.jobs("R,CG,PD"), "jobs do not end", 30)
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(timeout=30)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self.daemons.clear()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now: held all together, so that they differ."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
