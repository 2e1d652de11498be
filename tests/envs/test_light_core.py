"""What the Snakefile imports stays light: each Slurm job reads the Snakefile again."""

import json
import subprocess
import sys

from tests.envs.conftest import ENVS

HEAVY = [
    "dvc",
    "h5py",
    "mujoco",
    "pandas",
    "scipy",
    "sklearn",
    "snakemake",
    "spikingjelly",
    "torch",
]


def test_importing_all_of_core_imports_no_heavy_package():
    modules = sorted(path.stem for path in (ENVS.parent / "respike" / "core").glob("*.py"))
    code = (
        "import importlib, json, sys\n"
        "for name in json.loads(sys.argv[1]): importlib.import_module('respike.core.' + name)\n"
        "print(json.dumps(sorted(set(json.loads(sys.argv[2])) & set(sys.modules))))"
    )
    names = [name for name in modules if name != "__init__"]

    said = subprocess.check_output(
        [sys.executable, "-c", code, json.dumps(names), json.dumps(HEAVY)], cwd=ENVS.parent
    )

    assert "layout" in names
    assert json.loads(said) == []
