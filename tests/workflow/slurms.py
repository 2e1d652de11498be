"""A private Slurm around one Python command, for tests of any folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow import toy

TOOL = toy.ROOT / ".ci/slurm.py"


def within(folder: Path, *words: str, options: tuple[str, ...] = (), timeout_s: int = 150):
    """Run Python with words in a folder that has a Slurm of its own; skips without one.

    Args:
        folder: the working folder, and what respike is imported from where it has one.
        words: of the interpreter.
        options: of .ci/slurm.py.
        timeout_s: the whole is killed then [s].
    """
    here = folder if (folder / "respike").exists() else toy.ROOT
    tool = [sys.executable, str(TOOL), *options, sys.executable, *words]
    done = subprocess.run(
        ["timeout", "-k", "5", str(timeout_s), *tool],
        cwd=folder,
        env=toy.environment(PYTHONPATH=str(here)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip(done.stderr.strip().removeprefix("slurm: "))
    return done
