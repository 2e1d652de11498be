"""Stage bench_kernels: what it needs of packages, what it writes, and when it fails."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from respike.core import code, fingerprint, io, layout, lock, records
from respike.core.job import THREADS, main
from respike.kernels import bench
from respike.stages import bench_kernels
from tests.conftest import ROOT
from tests.kernels.programs import PYTHON, needs_triton, parity_rows, programs, speed_found

SETTINGS = {"stage": "bench_kernels", "kernel": "lif"}
OUTPUTS = {
    name: layout.output("bench_kernels", name).format(kernel="lif")
    for name in ("metrics", "times")
}
RECORD = layout.record("bench_kernels").format(kernel="lif")
# beside numpy, torch and triton: what torch itself imports, all of envs/kernels.lock
LOCKED = {name.replace("-", "_") for name in re.findall(
    r"^([a-z0-9-]+)==", (ROOT / "envs/kernels.lock").read_text(), re.MULTILINE
)}  # fmt: skip
PARTS_OF = {"_distutils_hack", "functorch", "isympy", "pkg_resources", "torchgen"}  # of these
# modules that left the standard library after 3.11 (PEP 594, PEP 632 and their like)
GONE = {
    "aifc", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "crypt", "distutils",
    "imghdr", "imp", "lib2to3", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes",
    "smtpd", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib",
}  # fmt: skip
BLOCKED = """
import importlib.abc, runpy, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top.startswith("_sysconfigdata_"):  # the interpreter's own
            return
        if top not in sys.stdlib_module_names | {allowed!r}:
            raise ModuleNotFoundError(f"{{name}} is not in the environment kernels", name=name)
sys.meta_path.insert(0, Refuse())
"""


def alone(allowed: set[str], code: str, python: str = sys.executable):
    """Run code where of packages only some can be imported."""
    text = BLOCKED.format(allowed={"respike", *allowed}) + code
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    env = {**os.environ, **THREADS, "PYTHONPATH": path}
    return subprocess.run(
        [python, "-c", text], env=env, capture_output=True, text=True, check=False
    )


def run(monkeypatch, **said):
    """Exit code of the stage in the current folder, its programs saying what is given."""
    monkeypatch.setattr(bench, "find_spec", lambda name: name)
    monkeypatch.setattr(bench, "version", lambda name: "1")
    monkeypatch.setattr(bench, "program", programs(**said))
    monkeypatch.setattr(bench, "DRIVER", "/nowhere")
    words = ["--settings", json.dumps(SETTINGS), "--out", *OUTPUTS.values(), RECORD]
    code = main("bench_kernels", bench_kernels.run, words)
    lock.release(Path.cwd())
    os.environ.pop(lock.EPOCH, None)
    return code


def read(path):
    return io.parse(path, Path(path).read_bytes())


def test_the_stage_itself_needs_no_package_but_numpy():
    done = alone(
        {"numpy"},
        "sys.argv = ['x', '--help']\n"
        "runpy.run_module('respike.stages.bench_kernels', run_name='__main__', alter_sys=True)",
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("usage: python -m respike.stages.bench_kernels")


@pytest.mark.parametrize("module", ["parity", "speed", "limits", "naive"])
def test_the_programs_of_a_kernel_need_no_package_but_those_of_the_lock(module):
    done = alone(LOCKED | PARTS_OF, f"import respike.kernels.lif.{module}")

    assert done.returncode == 0, done.stderr[-2000:]


@needs_triton
@pytest.mark.parametrize("module", ["compiled", "triton"])
def test_nor_do_those_that_import_triton(module):
    done = alone(LOCKED | PARTS_OF, f"import respike.kernels.lif.{module}", PYTHON)

    assert done.returncode == 0, done.stderr[-2000:]


def test_it_imports_nothing_that_python_3_13_no_longer_has():
    found = set()
    for module in fingerprint.closure(*code.modules("bench_kernels", SETTINGS)):
        path = ROOT.joinpath(*module.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module.partition(".")[0])

    assert {"json", "numpy", "torch", "triton"} <= found
    assert found & GONE == set()


def test_a_package_that_is_blocked_cannot_be_imported():
    assert "yaml is not in the environment kernels" in alone(LOCKED, "import yaml").stderr
    assert "scipy is not in the environment kernels" in alone(LOCKED, "import scipy").stderr


def test_it_writes_content_times_and_a_record(data_folder, monkeypatch, capsys):
    code = run(monkeypatch, speed=speed_found())

    record = records.load(RECORD)
    assert code == 0
    assert record["outputs"].keys() == {"metrics.json", "times.json"}
    assert (record["settings"], record["data_kind"]) == (SETTINGS, "none")
    assert read(OUTPUTS["metrics"])["where"] == "on NVIDIA H100 80GB HBM3"
    assert read(OUTPUTS["times"])["rows"][0]["gb_per_s"] == 2000.0
    said = capsys.readouterr().err.splitlines()
    assert "respike.bench_kernels: lif: on NVIDIA H100 80GB HBM3" in said


def test_without_a_gpu_the_log_says_so(data_folder, monkeypatch, capsys):
    assert run(monkeypatch) == 0

    said = capsys.readouterr().err.splitlines()
    assert "respike.bench_kernels: lif: interpreted and cross-compiled, no GPU here" in said


def test_a_broken_kernel_fails_the_job_and_nothing_is_written(data_folder, monkeypatch, capsys):
    code = run(monkeypatch, parity=parity_rows(unequal_spikes=1))

    assert code == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "respike.bench_kernels: stopped: lif at T=5 N=513, sigmoid, reset attached, under "
        "Triton's interpreter: 1 of 2565 spikes are not naive's"
    )
    assert not [path for path in Path("results").rglob("*") if path.is_file()]
