"""`respike audit explain` beside Snakemake's dry run: the same jobs, and what that misses."""

import json
import os
import re

import pytest

from tests.workflow import toy

RUN = "results/desk/toy/{}/seed-{}/{}/record.json"
DATA = {f"results/data/digits/{stage}/record.json" for stage in ("fetch", "prepare")}
DENSE = {RUN.format("dense", seed, "train") for seed in (0, 1)}
PRUNED = {RUN.format("pruned", seed, "prune") for seed in (0, 1)}
JUDGE, PAGE = "results/desk/toy/judge/record.json", "results/desk/record.json"
END = {JUDGE, PAGE}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A checkout after one run."""
    folder = toy.make(tmp_path_factory.mktemp("explain") / "toy")
    done = toy.respike(folder, "run", "--cores", "2")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def checkout(finished):
    """The same, and a function that edits a file of it until the test has ended."""
    kept = {}

    def edit(name, change, keep_time=True):
        path = finished / name
        kept[path] = path.read_bytes(), path.stat()
        new = change(kept[path][0])
        path.unlink() if new is None else path.write_bytes(new)
        if new is not None and keep_time:
            os.utime(path, ns=(kept[path][1].st_atime_ns, kept[path][1].st_mtime_ns))

    edit.folder = finished
    yield edit
    for path, (data, status) in kept.items():
        path.write_bytes(data)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def explained(folder, target="report"):
    """Exit code, records of the jobs that would run, and record -> causes."""
    done = toy.respike(folder, "audit", "explain", target, "--json")
    assert done.stderr == ""
    found = json.loads(done.stdout)["jobs"]
    runs = {job["record"] for job in found if job["runs"]}
    causes = {
        job["record"]: [(c["kind"], c["what"]) for c in job["causes"]]
        for job in found
        if job["causes"]
    }
    return done.returncode, runs, causes


def planned(folder):
    """Records of the jobs that Snakemake's dry run plans."""
    done = toy.snakemake(folder, "--dry-run", "--cores", "1")
    assert done.returncode == 0, done.stderr
    outputs = re.findall(r"^    output: (.*)$", done.stdout + done.stderr, re.M)
    return {
        path for line in outputs for path in line.split(", ") if path.endswith("/record.json")
    }


def replace(before, after):
    def change(data):
        assert before in data
        return data.replace(before, after)

    return change


def test_after_a_run_and_after_an_edited_comment_nothing_would_run(checkout):
    module = "respike/stages/train.py"
    checkout(module, lambda data: b"# another comment\n" + data, keep_time=False)

    done = toy.respike(checkout.folder, "audit", "explain", "report")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "report at budget desk: would not run: everything is as it was (8 jobs)\n"
    )
    assert planned(checkout.folder) == set()


def test_an_edited_setting_runs_its_variant_and_what_follows_from_it(checkout):
    study = "studies/toy.yaml"
    checkout(study, replace(b"density: 0.1, epochs: 1", b"density: 0.2, epochs: 1"))

    code, runs, causes = explained(checkout.folder)

    assert code == 3
    assert runs == planned(checkout.folder) == PRUNED | END
    assert {record: found for record, found in causes.items() if record in PRUNED} == (
        {record: [("setting", "prune.density")] for record in PRUNED}
    )


def test_an_edited_setting_is_said_once_with_both_values_and_what_follows(checkout):
    checkout("studies/toy.yaml", replace(b"loss: tet, epochs: 2", b"loss: tet, epochs: 3"))

    done = toy.respike(checkout.folder, "audit", "explain", "toy/toy-claim")

    assert done.returncode == 3
    assert done.stdout.splitlines() == [
        "toy/toy-claim at budget desk: 1 of 1 job would run again",
        "setting     resolved.variants.dense.train.epochs: 2 -> 3",
        "              judge of toy",
    ]
    done = toy.respike(checkout.folder, "audit", "explain", "toy")
    assert done.stdout.splitlines() == [
        "toy at budget desk: 5 of 7 jobs would run again",
        "setting     train.epochs: 2 -> 3",
        "              train of toy/dense seeds 0, 1",
        "follows     prune of toy/pruned seeds 0, 1; judge of toy",
    ]


def test_an_edited_module_runs_its_users_and_is_named(checkout):
    checkout("respike/datasets/digits.py", replace(b"return files", b"return dict(files)"))

    code, runs, causes = explained(checkout.folder)

    assert code == 3
    assert runs == planned(checkout.folder)
    assert runs == DENSE | PRUNED | END | {"results/data/digits/prepare/record.json"}
    assert causes == {
        "results/data/digits/prepare/record.json": [("code", "respike.datasets.digits")]
    }


def test_a_flipped_bit_is_named_though_snakemake_sees_nothing(checkout):
    victim = RUN.format("pruned", 1, "prune").replace("record.json", "model.safetensors")
    checkout(victim, lambda data: data[:-1] + bytes([data[-1] ^ 1]))

    code, runs, causes = explained(checkout.folder)

    assert code == 3
    assert runs == planned(checkout.folder) == set()
    assert causes == {RUN.format("pruned", 1, "prune"): [("file", victim)]}


def test_a_flipped_bit_of_an_input_is_named_at_its_producer_and_at_its_reader(checkout):
    victim = RUN.format("dense", 0, "train").replace("record.json", "model.safetensors")
    checkout(victim, lambda data: data[:-1] + bytes([data[-1] ^ 1]))

    done = toy.respike(checkout.folder, "audit", "explain", "toy/pruned/0/prune")

    assert done.returncode == 3
    said = done.stdout.splitlines()
    assert said[0] == (
        "toy/pruned/0/prune at budget desk: 2 of 4 jobs not as recorded, or not as on this "
        "machine"
    )
    assert re.fullmatch(
        rf"file        {victim} changed since it was written: \w{{12}} -> \w{{12}}", said[1]
    )
    assert said[2] == "              train of toy/dense seed 0"
    assert re.fullmatch(
        rf"input       {victim} of train of toy/dense seed 0 is not what it read: "
        r"\w{12} -> \w{12}, which nobody recorded",
        said[3],
    )
    assert said[4] == "              prune of toy/pruned seed 0"
    assert planned(checkout.folder) == set()


def test_a_changed_lock_runs_everything(checkout):
    checkout("envs/base.lock", lambda data: data + b"# more\n")

    code, runs, causes = explained(checkout.folder)

    assert code == 3
    assert runs == planned(checkout.folder) == DATA | DENSE | PRUNED | END
    assert causes == {record: [("environment", "lock")] for record in runs}


def test_a_removed_record_runs_its_job_and_what_follows_from_it(checkout):
    checkout(RUN.format("dense", 1, "train"), lambda data: None)

    code, runs, causes = explained(checkout.folder)

    assert code == 3
    assert runs == planned(checkout.folder)
    assert causes[RUN.format("dense", 1, "train")] == [
        ("record", RUN.format("dense", 1, "train"))
    ]


def test_an_edited_record_is_named_though_snakemake_runs_only_its_readers(checkout):
    record = RUN.format("pruned", 0, "prune")
    checkout(record, replace(b'"seed": 0', b'"seed": 1'))

    _, runs, causes = explained(checkout.folder, "toy/pruned/0")

    assert runs == set()
    assert causes[record] == [("record", record)]
