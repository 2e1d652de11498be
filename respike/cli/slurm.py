"""Slurm as the executor of a run: whether there is one, and what Snakemake is told."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from respike.cli import common
from respike.cluster import nodes, sizing
from respike.core import yaml
from respike.core.errors import ConfigError

FIRST_WAIT_S = 20  # profiles/slurm: slurm-init-seconds-before-status-checks
ADVICE = "run without --cluster, or on a machine that submits to Slurm"


def settings() -> dict[str, str]:
    """What `scontrol show config` says.

    Raises:
        ConfigError: there is no Slurm here, or its controller does not answer.
    """
    if shutil.which("sbatch") is None:
        raise ConfigError(f"--cluster slurm: sbatch is not installed here; {ADVICE}")
    return dict(re.findall(r"^(\w+)\s*= (.*?)\s*$", nodes.ask("show", "config"), re.M))


def profile() -> dict[str, Any]:
    """The profile of jobs through Slurm, as written."""
    return yaml.load(common.ROOT / sizing.PROFILE, sizing.PROFILE).value


def arguments(root: Path) -> list[str]:
    """Arguments that send Snakemake's jobs to Slurm.

    Args:
        root: the checkout.

    Raises:
        ConfigError: there is no Slurm here, or its controller does not answer.
    """
    settings()
    return ["--workflow-profile", str((root / sizing.PROFILE).parent), "--local-cores", "1"]


def watch_ourselves(say: Callable[[str], None], patience_s: float) -> None:
    """Let our executor stand in for the plugin's, in this process.

    Args:
        say: called with each sentence for the person at the screen.
        patience_s: how long Slurm may be silent or hold a job back [s].
    """
    from respike.cluster import executor  # Snakemake: half a second

    executor.install(say, patience_s)
