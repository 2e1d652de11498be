"""Time the planning of large studies beside a bare Snakefile of the same shape: `make bench`.

    .venv/bin/python .ci/dryrun.py [--jobs 1000 10000] [--rounds 3] [--keep FOLDER]

The tree is a toy checkout with the real rules and the real core: half of the jobs train, half
prune what was trained, then one judge and one page that read all records. The bare Snakefile
has the same jobs, inputs, outputs, logs and resources, and constants for params. Both sides of
a row run turn by turn. The results of finished trees are made here, with true records; only
their contents are empty.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from respike.core import layout  # noqa: E402
from tests.workflow import toy  # noqa: E402

CI = ROOT / ".ci"
SEEDS = 20


# ---------------------------------------------------------------- the bare Snakefile

RULE = """
rule {stage}:
    input:
        {inputs}
    output:
        {outputs}
    log:
        "{log}",
    benchmark:
        "{benchmark}"
    threads: 1
    resources:
        mem_mb=4000,
        runtime="60m",
    params:
        settings="{{}}",
        code="0",
        env="0",
    shell:
        "true"

"""


def bare(folder: Path, jobs: int) -> Path:
    """The same jobs without anything of ours behind them."""
    folder.mkdir()
    shutil.copytree(ROOT / "profiles", folder / "profiles")
    count = max(jobs // (2 * SEEDS), 1)
    place = "results/desk/toy/{}{}/seed-{}/{}/record.json"
    text = (
        f"RUNS = [r for i in range({count}) for r in (('t', i, 'train'), ('p', i, 'prune'))]\n"
        f"RECORDS = [f'{place.format('{k}', '{i}', '{s}', '{stage}')}'\n"
        f"    for k, i, stage in RUNS for s in range({SEEDS})]\n"
        "wildcard_constraints:\n    seed=r'\\d+',\n    budget='smoke|desk|paper'\n"
        "DATA = ['results/data/digits/fetch/record.json',\n"
        "    'results/data/digits/prepare/record.json']\n"
        "JUDGE = 'results/desk/toy/judge/record.json'\n"
        "rule all:\n    input:\n        DATA, RECORDS, JUDGE, 'results/desk/record.json'\n"
    )
    trained = layout.output("train", "model").replace("{variant}", "t{n}")
    data = '"data/digits/prepare/arrays.npz",'
    inputs = {
        "fetch": "", "prepare": '"data/{dataset}/fetch/source.zip",', "train": data,
        "prune": f'{data} model=lambda w: "{trained}".format(**{{**w, "n": w.variant[1:]}}),',
        "judge": "RECORDS,", "report": "JUDGE.replace('record', 'verdicts'), RECORDS,",
    }  # fmt: skip
    for stage, given in inputs.items():
        row = layout.STAGES[stage]
        names = (*row.content, *row.evidence)
        made = [*(layout.output(stage, name) for name in names), layout.record(stage)]
        told = {"log": layout.log(stage), "benchmark": layout.benchmark(stage)}
        outputs = ", ".join(f'"{path}"' for path in made)
        text += RULE.format(stage=stage, inputs=given, outputs=outputs, **told)
    (folder / "Snakefile").write_text(text)
    return folder


# ---------------------------------------------------------------- clocks


def spent(
    command: list[str], folder: Path, said: list[str] | None = None
) -> tuple[float, float]:
    """Wall and CPU seconds of a command that must go well, with those of its children."""
    start = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=folder, env=toy.environment(), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    text = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"dryrun: {command} ended with {child.returncode}\n{text}")
    if said is not None:
        said.append(text)
    return wall, usage.ru_utime + usage.ru_stime


def python(*words: str) -> list[str]:
    return [sys.executable, "-m", *words]


def job_start(folder: Path) -> list[str]:
    """What Slurm starts for one job, as Snakemake writes it; the last seed of the last run."""
    count = len(list((folder / "results").glob("desk/toy/t*"))) - 1
    job = f"train:budget=desk,study=toy,variant=t{count},seed={SEEDS - 1}"
    words = ["--snakefile", "Snakefile", "--target-jobs", job, "--allowed-rules", "train"]
    words += ["--cores", "1", "--force", "--nolock", "--no-hooks", "--ignore-incomplete"]
    words += ["--target-files-omit-workdir-adjustment", "--nocolor", "--mode", "remote"]
    return python("snakemake", *words, "--dry-run", "--quiet", "all")


def turns(rows: dict[str, Callable[[], tuple[float, float]]], rounds: int) -> dict[str, list]:
    """Clock the rows turn by turn."""
    found: dict[str, list] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, row in rows.items():
            found[name].append(row())
    return found


def say(title: str, found: dict[str, list]) -> None:
    """Best and median of wall and CPU, and the ratio of medians to the first row's."""
    print(f"{title}\n  best wall  median    best CPU  median    of the first (CPU)")
    first = statistics.median(cpu for _, cpu in next(iter(found.values())))
    for name, pairs in found.items():
        wall, cpu = ([pair[i] for pair in pairs] for i in (0, 1))
        cpu_s = statistics.median(cpu)
        print(
            f"  {min(wall):7.2f} s {statistics.median(wall):7.2f}   {min(cpu):7.2f} s "
            f"{cpu_s:7.2f}   {cpu_s / first:5.2f}   {name}",
            flush=True,
        )


def parse(folder: Path) -> tuple[float, float]:
    """Wall and CPU seconds in the Snakefile alone."""
    said: list[str] = []
    spent([sys.executable, str(CI / "parse_time.py"), "-n"], folder, said)
    wall, cpu = said[-1].split()[-2:]
    return float(wall), float(cpu)


def measure(jobs: int, rounds: int, folder: Path) -> None:
    """All rows of one size."""
    ours, other = toy.large(folder / "ours", jobs, SEEDS), bare(folder / "bare", jobs)
    dry = python("snakemake", "-n", "--quiet", "all")
    say(f"{jobs} jobs, nothing made: time of a plan", turns({
        "bare: snakemake -n": lambda: spent(dry, other),
        "ours: snakemake -n": lambda: spent(dry, ours),
        "ours: respike plan": lambda: spent(python("respike", "plan"), ours),
    }, rounds))  # fmt: skip
    say(f"{jobs} jobs: the Snakefile alone", turns({
        "bare": lambda: parse(other), "ours": lambda: parse(ours),
    }, rounds))  # fmt: skip
    said: list[str] = []
    spent([sys.executable, str(CI / "lay_results.py")], ours, said)
    number = int(said[0])
    shutil.copytree(ours / "results", other / "results")
    shutil.copytree(ours / "data", other / "data")
    say(f"{jobs} jobs: the start of one job under Slurm, planned in the job", turns({
        "bare": lambda: spent(job_start(other), other),
        "ours": lambda: spent(job_start(ours), ours),
    }, rounds))  # fmt: skip
    say(f"{number} jobs finished, Snakemake's notes lost: time of a plan", turns({
        "bare: snakemake -n": lambda: spent(dry, other),
        "ours: snakemake -n": lambda: spent(dry, ours),
        "ours: respike plan": lambda: spent(python("respike", "plan"), ours),
    }, rounds))  # fmt: skip
    for tree in (other, ours):
        spent(python("snakemake", "--touch", "--cores", "2", "--quiet", "all"), tree)
    say(f"{number} jobs finished, with notes: nothing to be done", turns({
        "bare: snakemake -n": lambda: spent(dry, other),
        "ours: snakemake -n": lambda: spent(dry, ours),
        "ours: respike plan": lambda: spent(python("respike", "plan"), ours),
        "ours: respike run": lambda: spent(python("respike", "run"), ours),
    }, rounds))  # fmt: skip


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    cli.add_argument("--jobs", type=int, nargs="+", default=[1000, 10000])
    cli.add_argument("--rounds", type=int, default=3)
    cli.add_argument("--keep", type=Path, help="leave the trees in this new folder")
    given = cli.parse_args()
    print(f"load before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="respike-dryrun-") as name:
        for jobs in given.jobs:
            folder = (given.keep or Path(name)) / str(jobs)
            folder.mkdir(parents=True)
            measure(jobs, given.rounds, folder)
    print(f"load after: {os.getloadavg()[0]:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
