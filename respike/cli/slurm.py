"""Slurm as the executor of a run: which of its commands can be believed here."""

import re
import shutil
import subprocess
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

    Without accounting `sacct` never says that a job has ended and Snakemake would wait for
    ever, so that squeue is asked instead. It forgets ended jobs after MinJobAge.

    Args:
        root: the checkout.

    Raises:
        ConfigError: no Slurm, or one whose ended jobs could not be seen.
    """
    found = settings()
    words = ["--workflow-profile", str(root / PROFILE), "--local-cores", "1"]
    if "accounting_storage/none" not in found.get("AccountingStorageType", ""):
        return words
    kept = re.match(r"\d+", found.get("MinJobAge", ""))
    if kept is None or int(kept[0]) < 3 * FIRST_WAIT_S:
        raise ConfigError(
            f"--cluster slurm: this Slurm keeps no accounts and forgets ended jobs after "
            f"{found.get('MinJobAge', 'an unknown time')}; MinJobAge in slurm.conf must be at "
            f"least {3 * FIRST_WAIT_S} seconds"
        )
    return [*words, "--slurm-status-command", "squeue"]
