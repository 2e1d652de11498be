"""A small checkout of respike for tests of the workflow: the real rules, core and command,
with stages that do a second's work at most."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STUDY = """\
id: toy
title: A toy
paper: {arxiv: "0000.00000", version: 1, title: A toy}
dataset: digits
seeds: {smoke: 1, desk: 2, paper: 2}
variants:
  dense: {train: {network: mlp, neuron: lif, learning: bptt, loss: tet, epochs: 2}}
  pruned: {prune: {from: dense, drop: magnitude, density: 0.1, epochs: 1}}
claims:
  - id: toy-claim
    says: the pruned toy is as good as the dense toy
    scope: analogue
    not_run: a toy has no claim to judge
"""
SOURCES = """\
version: 1
datasets:
  digits:
    title: Toy digits
    data_kind: real
    source: package
    licence: CC-BY-4.0
    attribution: nobody
    redistribute: true
    optional: true
    cite: nobody
    files: [{name: digits.csv, urls: ["package:nothing/digits.csv"]}]
"""


def make(folder: Path) -> Path:
    """Make the checkout in a folder that does not exist yet."""
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in ("workflow", "profiles", "respike", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    for name in ("Snakefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for stage in (Path(__file__).parent / "toy_stages").glob("*.py"):
        shutil.copy(stage, folder / "respike/stages" / stage.name)
    shutil.copy(folder / "respike/stages/train.py", folder / "respike/stages/prune.py")
    (folder / "respike/datasets/sources.yaml").write_text(SOURCES)
    (folder / "respike/datasets/digits.py").write_text("def build(files):\n    return files\n")
    (folder / "studies").mkdir()
    (folder / "studies/toy.yaml").write_text(STUDY)
    (folder / "config.yaml").write_text("version: 1\nbudget: desk\nstudies: [toy]\n")
    return folder


def large(folder: Path, jobs: int, seeds: int = 20) -> Path:
    """Make the checkout with a study of about so many jobs: half train, half prune."""
    make(folder)
    head, variants, rest = STUDY.partition("variants:\n")
    dense, pruned, *claims = rest.splitlines(keepends=True)
    rows = []
    for i in range(max(jobs // (2 * seeds), 1)):
        rows.append(dense.replace("dense:", f"t{i}:").replace("epochs: 2", f"epochs: {i + 1}"))
        rows.append(pruned.replace("pruned:", f"p{i}:").replace("from: dense", f"from: t{i}"))
    head = head.replace("desk: 2", f"desk: {seeds}")
    (folder / "studies/toy.yaml").write_text("".join([head, variants, *rows, *claims]))
    return folder


def environment(**more: str) -> dict[str, str]:
    """The environment of a command in the checkout: nothing of the one that tests run in."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RESPIKE_", "PYTHON"))}
    return {**kept, **more}


def respike(folder: Path, *words: str, **env: str):
    """Run the command in the checkout."""
    return _python("respike", folder, *words, **env)


def snakemake(folder: Path, *words: str, **env: str):
    """Run plain snakemake in the checkout."""
    return _python("snakemake", folder, *words, **env)


def _python(module: str, folder: Path, *words: str, timeout_s: float = 120, **env: str):
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        env=environment(**env),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
