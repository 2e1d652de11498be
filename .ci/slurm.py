#!/usr/bin/env python3
"""A private Slurm of one node for a command: slurm.py [--cpus N] COMMAND..., or a shell.

munged, slurmctld and slurmd start as real daemons, without systemd, database or cgroups, with
two fake GPUs. They live in a mount namespace and a process namespace of their own: Slurm's
configuration is mounted over /etc/slurm there and nowhere else, and when this program ends,
killed or not, the kernel ends all of them. Needs root and Debian's slurm-wlm and munge.

Exit code: the command's; 77 where it cannot be had, with a sentence.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SKIPPED = 77
PROGRAMS = ("munged", "slurmctld", "slurmd", "sinfo", "sbatch", "unshare", "mount", "mknod")
START_S = 30
CONF = """\
ClusterName=private
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
MinJobAge=300
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=batch_sched_delay=1,sched_min_interval=100000
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mb} Gres=gpu:2
PartitionName=main Nodes={host} Default=YES MaxTime=1440 DefMemPerCPU=512 PriorityTier=1
PartitionName=urgent Nodes={host} MaxTime=1440 DefMemPerCPU=512 PriorityTier=9
"""


class Absent(Exception):
    """There can be no Slurm here; the message says why and what to do."""


def check() -> None:
    """Refuse where a private Slurm cannot be had.

    Raises:
        Absent: not root, or a program is missing.
    """
    if os.geteuid() != 0:
        raise Absent("a private Slurm needs root, for a mount namespace of its own")
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise Absent(f"{missing[0]} is not installed; apt-get install slurm-wlm munge")


def enter(words: list[str]) -> None:
    """Start this program again in namespaces of its own; does not come back."""
    mine = [sys.executable, str(Path(__file__).resolve()), "--inside", *words]
    own = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
    os.execvp("unshare", ["unshare", *own, "--mount-proc", *mine])


def configure(folder: Path, cpus: int | None) -> None:
    """Write the configuration and mount it over /etc/slurm of this namespace.

    Args:
        folder: for all that the daemons write.
        cpus: how many the node claims to have, with 2 GB each; None: what it has.
    """
    host = socket.gethostname().split(".")[0]
    for name in ("etc", "state", "spool"):
        (folder / name).mkdir()
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 - 512
    memory_mb = max(memory_mb, 2048 * (cpus or 0))
    controller_port, node_port = free_ports(2)
    text = CONF.format(
        folder=folder,
        host=host,
        cpus=cpus or os.cpu_count(),
        memory_mb=memory_mb,
        controller_port=controller_port,
        node_port=node_port,
    )
    (folder / "etc/slurm.conf").write_text(text)
    (folder / "etc/gres.conf").write_text(f"Name=gpu File={folder}/gpu[0-1]\n")
    for number in (0, 1):  # character devices like any GPU's; these are /dev/null
        call("mknod", str(folder / f"gpu{number}"), "c", "1", "3")
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o400)
    Path("/etc/slurm").mkdir(exist_ok=True)
    call("mount", "--bind", str(folder / "etc"), "/etc/slurm")
    found = Path("/etc/slurm/slurm.conf").read_text()
    if found != text:
        raise Absent("/etc/slurm/slurm.conf is another cluster's; nothing was started")


def enforce_memory(folder: Path) -> None:
    """Let Slurm kill what takes more memory than it asked for; it looks once a second."""
    conf = folder / "etc/slurm.conf"
    gather = "linux\nJobAcctGatherFrequency=task=1\nJobAcctGatherParams=OverMemoryKill"
    conf.write_text(conf.read_text().replace("jobacct_gather/none", f"jobacct_gather/{gather}"))


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on, so that two clusters can live beside."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return found


def call(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Absent(f"{' '.join(words)} failed: {done.stderr.strip()}")


def start(folder: Path) -> float:
    """Start the three daemons and wait for an idle node.

    Returns:
        How long it took [s].
    """
    began = time.monotonic()
    munged(folder)
    slurmctld(folder)
    call("slurmd", "-f", str(folder / "etc/slurm.conf"))
    state = ""
    while time.monotonic() - began < START_S:
        done = subprocess.run(
            ["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False
        )
        state = done.stdout + done.stderr
        if "idle" in done.stdout:
            return time.monotonic() - began
        time.sleep(0.05)
    raise Absent(f"after {START_S} s no node is idle: {state.strip()}; see {folder}/slurmd.log")


def munged(folder: Path) -> None:
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log"}
    words = [f"--{option}={folder}/munge.{name}" for option, name in files.items()]
    folder.chmod(0o755)
    call("munged", "--force", f"--seed-file={folder}/munge.seed", *words)


def slurmctld(folder: Path) -> None:
    """Start the controller, also again after it was killed."""
    call("slurmctld", "-f", str(folder / "etc/slurm.conf"))


def stop(folder: Path) -> None:
    """End the daemons by the pid files they wrote."""
    for name in ("slurmd", "slurmctld", "munge"):
        try:
            os.kill(int((folder / f"{name}.pid").read_text()), signal.SIGTERM)
        except (OSError, ValueError):
            continue


def main(argv: list[str]) -> int:
    """Run one command with a Slurm of its own."""
    cli = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    cli.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    cli.add_argument("--keep", type=Path, help="a new folder for logs and state, kept")
    cli.add_argument("--cpus", type=int, help="let the node claim so many, with 2 GB each")
    cli.add_argument("--enforce-memory", action="store_true", help="kill jobs that take more")
    cli.add_argument("command", nargs=argparse.REMAINDER)
    given = cli.parse_args(argv)
    try:
        check()
        if not given.inside:
            sys.stdout.flush()
            enter(argv)
        scratch = tempfile.mkdtemp(prefix="slurm-") if given.keep is None else None
        folder = Path(scratch or given.keep).resolve()
        folder.mkdir(exist_ok=scratch is not None)
        try:
            configure(folder, given.cpus)
            if given.enforce_memory:
                enforce_memory(folder)
            print(f"slurm: one node is idle after {start(folder):.2f} s", file=sys.stderr)
            env = {**os.environ, "PRIVATE_SLURM": str(folder)}
            return subprocess.run(given.command or ["bash"], env=env, check=False).returncode
        finally:
            stop(folder)
            if scratch:
                shutil.rmtree(scratch, ignore_errors=True)
    except Absent as reason:
        print(f"slurm: {reason}", file=sys.stderr)
        return SKIPPED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
