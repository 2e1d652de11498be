"""A private Slurm around one command, for tests of any folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow import toy

TOOL = toy.ROOT / ".ci/slurm.py"
PYTHON = sys.executable


def within(
    folder: Path, *words: str | Path, options: tuple[str, ...] = (), timeout_s: int = 150, **env
):
    """Run a command in a folder that has a Slurm of its own; the test skips without one.

    Args:
        folder: the working folder, and what respike is imported from where it has one.
        words: the command.
        options: of .ci/slurm.py.
        timeout_s: the whole is killed then [s].
        env: further variables.
    """
    here = folder if (folder / "respike").exists() else toy.ROOT
    done = subprocess.run(
        ["timeout", "-k", "5", str(timeout_s), PYTHON, TOOL, *options, *words],
        cwd=folder,
        env=toy.environment(PYTHONPATH=str(here), **env),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip(done.stderr.strip().removeprefix("slurm: "))
    return done
