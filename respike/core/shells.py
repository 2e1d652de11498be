"""The first words of every job's shell: its variables, and which interpreter is its own.

`$PYTHON` is base's. A rule of another environment begins with `enter STAGE`, which sets it to
that environment's or ends the job with a sentence: no job runs in another environment than its
rule names.
"""

import sys
from pathlib import Path
from shlex import quote

from respike.core import layout
from respike.core.log import STOPPED

BASE = "base"
READY = "respike-ready"  # the file that `respike envs create` writes last
# of both sides of an environment: folder below .envs/, its Python. The conda side, which holds
# CUDA, goes before the pip side: who made it asked for it.
_SIDES = (("{}-conda", "bin/respike-python"), ("{}", "bin/python"))
_FIXED = (
    "PYTHONNOUSERSITE=1", "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1",
    "NUMEXPR_NUM_THREADS=1",
)  # fmt: skip


def interpreter(root: Path, name: str, conda: bool = False) -> str | None:
    """The Python of an environment; None where it is not made, or half made.

    Args:
        root: the checkout.
        name: of the environment.
        conda: whether Snakemake activates a conda environment before each job: then its own.
    """
    if conda:
        return "python"
    if name == BASE:
        own = root / ".venv/bin/python"
        return str(own if own.exists() else sys.executable)
    for folder, python in _SIDES:
        place = root / ".envs" / folder.format(name)
        if (place / READY).exists():
            return str(place / python)
    return None


def prefix(root: Path, conda: bool = False) -> str:
    """Text that stands before each job's command, for `shell.prefix`; see `interpreter`."""
    fixed = " ".join([f"PYTHONPATH={quote(str(root))}", *_FIXED])
    others = "".join(
        f"{stage}) PYTHON={quote(interpreter(root, row.env, conda) or '')}; "
        f"local name={row.env};; "
        for stage, row in layout.STAGES.items()
        if row.env != BASE
    )
    lacks = "environment $name is not made: respike envs create $name"
    text = (
        f"set -euo pipefail; PYTHON={quote(interpreter(root, BASE, conda))}; export {fixed}; "
        f'enter() {{ case "$1" in {others}esac; command -v "$PYTHON" > /dev/null || '
        f'{{ echo "respike.$1: {STOPPED}{lacks}"; exit 2; }}; }}; '
    )
    return text.replace("{", "{{").replace("}", "}}")  # Snakemake formats it
