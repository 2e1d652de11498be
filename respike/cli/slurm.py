"""Slurm as the executor of a run: whether there is one, and what Snakemake is told."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from respike.core.errors import ConfigError

PROFILE = Path("profiles/slurm")
FIRST_WAIT_S = 20  # profiles/slurm: slurm-init-seconds-before-status-checks
ADVICE = "run without --cluster, or on a machine that submits to Slurm"


def settings() -> dict[str, str]:
    """What `scontrol show config` says.

    Raises:
        ConfigError: there is no Slurm here, or its controller does not answer.
    """
    if shutil.which("scontrol") is None or shutil.which("sbatch") is None:
        raise ConfigError(f"--cluster slurm: sbatch is not installed here; {ADVICE}")
    done = subprocess.run(
        ["scontrol", "show", "config"], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        raise ConfigError(f"--cluster slurm: Slurm's controller does not answer ({why})")
    return dict(re.findall(r"^(\w+)\s*= (.*?)\s*$", done.stdout, re.M))


def arguments(root: Path) -> list[str]:
    """Arguments that send Snakemake's jobs to Slurm.

    Args:
        root: the checkout.

    Raises:
        ConfigError: there is no Slurm here, or its controller does not answer.
    """
    settings()
    return ["--workflow-profile", str(root / PROFILE), "--local-cores", "1"]


def watch_ourselves(say: Callable[[str], None], patience_s: float) -> None:
    """Let our executor stand in for the plugin's, in this process.

    Args:
        say: called with each sentence for the person at the screen.
        patience_s: how long Slurm may be silent or hold a job back [s].
    """
    from respike.cluster import executor  # Snakemake: half a second

    executor.install(say, patience_s)
