"""The three-regime study at its smallest: a grid through the real rules, data to verdicts."""

import json
import shutil
import subprocess

import pytest

from tests.workflow import toy

pytestmark = pytest.mark.slow  # 17 jobs of 3 s


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Results of the smoke budget, made by the checkout's own code."""
    if not (toy.ROOT / ".venv/bin/respike").exists():
        pytest.skip("no environment: make setup")
    found = tmp_path_factory.mktemp("regimes")
    command = [".venv/bin/respike", "run", "three-regime", "--budget", "smoke"]
    done = subprocess.run(
        [*command, "--directory", str(found)],
        cwd=toy.ROOT,
        env=toy.environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    yield found
    shutil.rmtree(found)


def test_the_smallest_grid_runs_and_its_cells_stand_side_by_side(folder):
    study = folder / "results/smoke/three-regime"

    assert sorted(path.name for path in study.iterdir()) == [
        "dense-epochs5",
        "dense-epochs80",
        "judge",
        *(f"pruned-epochs{e}-density{d}" for e in (5, 80) for d in (0.05, 0.8)),
        *(f"twin-epochs{e}-density{d}" for e in (5, 80) for d in (0.05, 0.8)),
    ]


def test_a_line_begins_and_ends_at_two_networks_that_differ(folder):
    cell = folder / "results/smoke/three-regime/pruned-epochs5-density0.05/seed-0/connect"
    record = json.loads((cell / "record.json").read_text())
    metrics = json.loads((cell / "metrics.json").read_text())

    ends = [record["inputs"][name][0] for name in ("model", "other")]
    assert "pruned-epochs5-density0.05" in ends[0]["path"]
    assert "twin-epochs5-density0.05" in ends[1]["path"]
    assert ends[0]["sha256"] != ends[1]["sha256"]
    assert len(metrics["train_errors"]) == 11
    assert metrics["agreement"] < 1


def test_one_shot_pruning_is_judged_and_statistics_are_not(folder):
    path = folder / "results/smoke/three-regime/judge/verdicts.json"
    found = {v["claim"]: v["verdict"] for v in json.loads(path.read_text())["verdicts"]}

    assert found.pop("pruned-at-once") == "holds"
    assert set(found.values()) == {"not run"}
