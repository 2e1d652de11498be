"""How the jobs of a finished run stand: records, files and what a checkout would tell them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from respike.audit import standing
from respike.cli.audit import explain as word
from respike.core import fingerprint, io, job, layout, records
from respike.core.errors import ConfigError, DamagedFile
from tests.audit import finished
from tests.workflow import toy

RUN = "results/desk/demo/a/seed-0/simulate"
RECORD, JUDGE, PAGE = f"{RUN}/record.json", "results/desk/demo/judge/record.json", (
    "results/desk/record.json"
)  # fmt: skip
PREPARE = "results/data/digits/prepare/record.json"


class Told:
    """A configuration that tells every job what its record says it was told."""

    known = ("demo",)

    def __init__(self):
        self.changes = {}
        self._records = {str(p): records.load(p) for p in Path("results").rglob("record.json")}

    def _record(self, stage, wildcards):
        return self._records[layout.record(stage).format(**wildcards)]

    def settings(self, stage, wildcards):
        if stage in self.changes:
            raise self.changes[stage]
        return self._record(stage, wildcards)["settings"]

    def inputs(self, stage, wildcards):
        rows = self._record(stage, wildcards)["inputs"]
        return {n: [r["path"] for r in found] for n, found in rows.items() if n != "beside"}

    def env(self, name):
        return f"{name}:" + "e" * 64


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A finished run in the current folder, of this test's own."""
    monkeypatch.chdir(tmp_path)
    return finished.copy(tmp_path)


@pytest.fixture
def folder(here):
    return standing.Folder(here, Told())


def test_a_job_that_is_as_it_was(folder):
    found = folder.job(RECORD)

    record = records.load(RECORD)
    assert found.record == record
    assert found.trouble is None
    assert found.made == {
        f"{RUN}/{name}": (row["sha256"], row["sha256"])
        for name, row in record["outputs"].items()
    }
    (row,) = found.read
    sha = io.sha256(Path("data/digits/prepare/arrays.npz").read_bytes())
    key = records.load(PREPARE)["key"]
    assert row == ("data/digits/prepare/arrays.npz", sha, key, sha, key, sha)
    assert found.parents == (PREPARE,)


def test_what_the_checkout_would_tell_a_job(folder):
    now = folder.job(RECORD).now

    record = records.load(RECORD)
    assert now.settings == record["settings"]
    assert now.inputs == ("data/digits/prepare/arrays.npz",)
    assert now.code == record["code"] == fingerprint.combined(now.modules)
    assert "respike.inference.experiments.denoising" in now.modules
    assert now.env == record["env"]


def test_what_the_checkout_refuses_is_why_there_is_nothing_to_tell(folder):
    folder._config.changes["simulate"] = ConfigError("no variant 'a'.\nKnown: b.")

    assert folder.job(RECORD).now == "no variant 'a'."


def test_all_that_a_job_stands_on_comes_before_it(folder):
    found = list(folder.jobs([PAGE]))

    assert found[0] == PREPARE
    assert found[-2:] == [JUDGE, PAGE] or found[-1] == PAGE
    assert len(found) == 1 + 8 + 2
    for path in found:
        made = folder.job(path)
        assert all(found.index(parent) < found.index(path) for parent in made.parents)


def test_a_job_that_is_looked_at_alone_brings_nothing(folder):
    assert list(folder.jobs([RECORD, JUDGE], [JUDGE])) == [PREPARE, RECORD, JUDGE]


def test_records_that_read_each_other_are_refused(folder):
    record = records.load(PREPARE)
    record["inputs"] = {"source": [{"path": f"{RUN}/metrics.json", "sha256": "0", "key": "k"}]}
    Path(PREPARE).write_bytes(records.dump(record))

    with pytest.raises(DamagedFile, match="reads its own output, through others"):
        folder.jobs([RECORD])


def test_a_record_that_reads_where_no_job_writes_is_refused(folder):
    record = records.load(RECORD)
    record["inputs"]["data"][0]["path"] = "../../etc/passwd"
    Path(RECORD).write_bytes(records.dump(record))

    with pytest.raises(DamagedFile, match="is not where the record of a job stands"):
        folder.jobs([RECORD])


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (None, "is missing"),
        (b"{}", "is no respike-record/2"),
        (b'{"schema": "respike-record/2"}', "was edited after it was written"),
    ],
)
def test_why_a_record_cannot_be_believed(folder, data, trouble):
    Path(RECORD).unlink() if data is None else Path(RECORD).write_bytes(data)

    found = folder.job(RECORD)

    assert (found.record, found.trouble, found.read) == (None, trouble, ())
    assert found.made[f"{RUN}/metrics.json"][0] is None
    assert found.made[f"{RUN}/metrics.json"][1] is not None


def test_files_that_changed_or_went_are_seen_by_their_hashes(folder):
    Path(f"{RUN}/metrics.json").write_bytes(b"x")
    Path(f"{RUN}/trace.npz").unlink()

    made = folder.job(RECORD).made

    assert made[f"{RUN}/metrics.json"][1] == io.sha256(b"x")
    assert made[f"{RUN}/trace.npz"][0] is not None
    assert made[f"{RUN}/trace.npz"][1] is None


def test_a_film_beside_the_page_is_one_of_its_files(folder):
    film = "results/desk/film/demo.jpg"
    Path(film).write_bytes(b"another still")

    assert folder.job(PAGE).made[film] == (io.sha256(b"a still"), io.sha256(b"another still"))


def test_the_list_of_files_is_held_against_the_manifest(folder):
    listed = "results/desk/SHA256SUMS"
    before = folder.job(PAGE).made[listed]
    Path(listed).write_bytes(b"x")

    made = standing.Folder(Path(), Told()).job(PAGE).made

    assert before[0] == before[1]
    assert made[listed] == (before[0], io.sha256(b"x"))
    assert made["results/desk/manifest.json"][0] is None
    assert made["results/desk/verdict.json"][0] == made["results/desk/verdict.json"][1]


@pytest.mark.parametrize("data", [None, b"{", b"[]", b"{}"])
def test_without_a_manifest_the_list_is_not_known(folder, data):
    manifest = Path("results/desk/manifest.json")
    manifest.unlink() if data is None else manifest.write_bytes(data)

    assert folder.job(PAGE).made["results/desk/SHA256SUMS"][0] is None


def test_a_file_that_a_licence_withholds_is_as_it_was(here):
    path = "data/digits/prepare/arrays.npz"
    sha = io.sha256(Path(path).read_bytes())
    Path(path).unlink()

    found = standing.Folder(here, Told(), {path: sha}).job(PREPARE)

    assert found.made[path] == (sha, sha)


def test_an_input_that_is_a_record_is_held_against_its_bytes(folder):
    (row,) = [row for row in folder.job(JUDGE).read if row.path == RECORD]

    assert row.said == row.here == row.read == io.sha256(Path(RECORD).read_bytes())


def test_an_input_without_its_record_is_nobodys(folder):
    Path(PREPARE).unlink()

    (row,) = folder.job(RECORD).read

    assert (row.said, row.said_key) == (None, None)
    assert row.here == row.read


def test_a_row_of_code_json_counts_only_if_it_makes_its_fingerprint(folder):
    known = folder.known_code("desk")

    assert records.load(RECORD)["code"] in known
    finished.forge(
        "results/desk/code.json", lambda value: value["code"].update({"0" * 64: {"x": "00"}})
    )
    assert folder.known_code("desk") == known
    Path("results/desk/code.json").unlink()
    assert folder.known_code("desk") == {}


def test_verdicts_are_read_by_claim_where_they_are_whole(folder):
    found = folder.verdicts("desk")

    assert list(found) == ["demo/lead", "demo/same", "demo/absent"]
    assert found["demo/lead"]["verdict"] == "holds"
    Path("results/desk/demo/judge/verdicts.json").write_bytes(b"{}")
    assert folder.verdicts("desk") == {}


def test_the_class_of_this_machine_is_that_of_a_job_here(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS")
    before = dict(os.environ)

    found = standing.numerics()

    assert found["variables"]["OMP_NUM_THREADS"] == job.THREADS["OMP_NUM_THREADS"] == "1"
    assert found["variables"]["MKL_NUM_THREADS"] == "1"
    assert dict(os.environ) == before


# ------------------------------------------------------------------ the word


def test_neither_torch_nor_snakemake_is_imported():
    code = (
        "import sys; from respike.audit import explain, standing, targets; "
        "from respike.claims import grammar; from respike.core.config import Config; "
        "from respike.cli.audit import explain as word; standing.numerics(); "
        "print([m for m in ('torch', 'mujoco', 'snakemake', 'scipy') if m in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=toy.ROOT, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")


def ask(*words):
    """Exit code of the word in this process."""
    import argparse

    parser = argparse.ArgumentParser()
    word.arguments(parser)
    return word.execute(parser.parse_args(words))


def test_a_job_of_a_study_that_is_not_here_is_compared_by_its_files(here, capsys):
    code = ask(f"{RUN}/metrics.json", "--directory", str(here))

    assert code == 3
    said = capsys.readouterr().out.splitlines()
    assert said[0] == (f"{RUN}/metrics.json at budget desk: 3 of 3 jobs would run again")
    assert said[1:3] == ["record      never made here", "              fetch of digits"]
    assert said[-2].startswith("setting     it would not run: no study named 'demo'. Known: ")
    assert said[-1] == "              simulate of demo/a seed 0"


def test_a_path_is_seen_from_the_folder_of_the_results(here, monkeypatch, capsys):
    monkeypatch.chdir(here / "results")

    ask("./desk/demo/a/seed-0/simulate/metrics.json", "--directory", str(here), "--json")

    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["budget"]) == ("respike-explain/1", "desk")
    assert found["target"] == f"{RUN}/metrics.json"
    assert [one["record"] for one in found["jobs"]][1:] == [PREPARE, RECORD]


def test_a_path_outside_the_folder_of_the_results_is_refused(here):
    with pytest.raises(ConfigError, match=r"^/etc/passwd is not below .*; say --directory$"):
        ask("/etc/passwd", "--directory", str(here))


def test_a_bundle_says_which_files_it_leaves_out(here, capsys):
    path = "data/digits/prepare/arrays.npz"
    sha = io.sha256(Path(path).read_bytes())
    Path(path).unlink()

    ask(path, "--directory", str(here))
    without = capsys.readouterr().out
    Path("bundle.json").write_text(
        json.dumps({"withheld": {path: {"sha256": sha, "why": "x"}}})
    )
    ask(path, "--directory", str(here))

    assert f"file        {path} is missing" in without
    assert f"{path} is missing" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("results/smoke/report.html", "smoke"),
        ("results/data/digits/fetch/record.json", None),
        ("results", None),
        ("toy/smoke", None),
    ],
)
def test_a_path_says_its_budget(text, budget):
    assert word._budget_of(text) == budget
