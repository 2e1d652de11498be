"""data.dvc names the data of the default studies by hash, as DVC itself would compute it."""

import hashlib
import json
import sys

import pytest

from respike.core import layout, yaml
from respike.core.config import Config, sources
from tests.workflow import toy

ROOT = toy.ROOT
OUTS = {out["path"]: out for out in yaml.load(ROOT / "data.dvc").value["outs"]}


def md5_of_folder(folder):
    """DVC's hash of a folder: md5 over the JSON list of its files' hashes and names."""
    rows = [
        {
            "md5": hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest(),
            "relpath": path.relative_to(folder).as_posix(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    text = json.dumps(rows, sort_keys=True).encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest() + ".dir"


def test_every_data_set_of_the_default_studies_is_an_out_and_nothing_else():
    config = Config(ROOT, {"budget": "desk"})
    records = {r for study in config.asked for r in config.data_records(study, "desk")}

    assert set(OUTS) == {f"data/{record.split('/')[2]}" for record in records}


def test_what_may_not_be_passed_on_is_never_pushed():
    rows = sources(ROOT).value["datasets"]

    for path, out in OUTS.items():
        allowed = rows[path.removeprefix("data/")]["redistribute"]
        assert out.get("push", True) is allowed, path


def make(dataset, folder, monkeypatch):
    """Run the stages that make a data set, in a folder of its own."""
    import importlib

    from respike.core import job, lock

    monkeypatch.chdir(folder)
    monkeypatch.delenv(lock.EPOCH, raising=False)
    config = Config(ROOT)
    source = config._source(dataset).split("/")[2]
    for stage in (source, "prepare"):
        w = {"dataset": dataset}
        words = ["--settings", json.dumps(config.settings(stage, w))]
        for name, paths in config.inputs(stage, w).items():
            words += ["--in", name, *paths]
        outputs = [layout.output(stage, n) for n in layout.STAGES[stage].content]
        paths = [path.format(**w) for path in (*outputs, layout.record(stage))]
        module = importlib.import_module(f"respike.stages.{stage}")
        assert job.main(stage, module.run, [*words, "--out", *paths]) == 0
    lock.release(folder)
    monkeypatch.delenv(lock.EPOCH, raising=False)
    return folder / "data" / dataset


@pytest.mark.parametrize(
    "dataset",
    [
        "digits",
        "digits-saccades",
        pytest.param("grasp-lift-synthetic", marks=pytest.mark.slow),
        pytest.param("grasp-lift-null", marks=pytest.mark.slow),
        pytest.param("ecog-grip", marks=[pytest.mark.network]),
    ],
)
def test_making_a_data_set_anew_gives_the_hash_in_data_dvc(dataset, tmp_path, monkeypatch):
    folder = make(dataset, tmp_path, monkeypatch)

    assert md5_of_folder(folder) == OUTS[f"data/{dataset}"]["md5"]


def test_dvc_itself_reads_the_file(tmp_path):
    import subprocess

    for name in (".dvc/config", ".dvcignore", "data.dvc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    done = subprocess.run(
        [sys.executable, "-m", "dvc", "status", "--json", "data.dvc"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["data.dvc"][0]["changed outs"]) == set(OUTS)
