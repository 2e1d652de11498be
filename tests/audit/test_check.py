"""The stand-alone checker: what it finds, what it refuses, and what it says."""

import argparse
import ast
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from respike.audit import check
from respike.cli.audit import verify
from respike.core import io, records
from tests.audit import tamper

SOURCE = Path(check.__file__)
AT = "results/smoke"
TRAIN = f"{AT}/small/dense/seed-0/train"
CLAIM = "small/small-claim"
NUMBERS = ("that the code gives these numbers again: `respike audit rerun`",)


@pytest.fixture(scope="module")
def _run(small_run, tmp_path_factory):
    target = tmp_path_factory.mktemp("check") / "run"
    target.mkdir()
    for top in ("results", "data", "logs", "benchmarks"):
        tamper.copy(small_run / top, target / top)
    return tamper.Reference(target, target)


@pytest.fixture
def run(_run):
    """A whole run, brought back afterwards."""
    yield _run
    _run.restore()


@pytest.fixture(scope="module")
def _bundled(small_bundle, tmp_path_factory):
    target = tamper.copy(small_bundle.folder, tmp_path_factory.mktemp("check") / "bundle")
    return tamper.Reference(target, target)


@pytest.fixture
def bundled(_bundled):
    """A whole bundle, brought back afterwards."""
    yield _bundled
    _bundled.restore()


def found(reference, **asked):
    """(kind, path, what it says) of all findings."""
    report = check.verify(reference.folder, **asked)
    return [(f.kind, f.path, f.says) for f in report.findings]


def edit(reference, path, change, seal=False):
    """Change a JSON file; a record may be sealed and its key made anew."""
    value = json.loads((reference.folder / path).read_bytes())
    change(value)
    if seal:
        del value["seal"]
        value["key"] = records.key(value)
        reference.put(path, records.dump(value))
    else:
        reference.put(path, io.dump(path, value))


def relist(reference):
    """Make lists and manifest agree with what is there, but leave records as they are."""
    digest = tamper._list(reference, f"{AT}/SHA256SUMS")
    edit(reference, f"{AT}/manifest.json", lambda m: m["root"].update(sha256=digest))


# ---------------------------------------------------------------- the file itself


def test_it_is_one_file_of_at_most_600_lines():
    assert len(SOURCE.read_text().splitlines()) <= 600


def test_it_imports_the_standard_library_only_and_nothing_that_runs_or_unpickles():
    tree = ast.parse(SOURCE.read_text())
    imported = {
        name.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
    }
    imported |= {
        node.module.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }

    assert imported <= sys.stdlib_module_names
    assert not imported & {"pickle", "socket", "ctypes", "urllib", "http", "shelve", "marshal"}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    calling = {
        function.name
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import) and node.names[0].name == "subprocess"
    }
    assert calling == {"check_signature"}


# ---------------------------------------------------------------- a clean run, a clean bundle


def test_a_whole_run_passes_with_its_root_hash_its_files_and_its_bytes(run):
    report = check.verify(run.folder)

    lines = run.bytes(f"{AT}/SHA256SUMS").decode().splitlines()
    assert report.passed
    assert report.budget == "smoke"
    assert report.root == io.sha256(run.bytes(f"{AT}/manifest.json"))
    assert report.files == len(lines)
    assert report.bytes == sum(len(run.bytes(line[66:])) for line in lines)
    assert (report.findings, report.claims) == ([], {})


def test_a_whole_bundle_passes_and_says_what_is_withheld(bundled):
    report = check.verify(bundled.folder)

    assert report.passed
    assert report.root == io.sha256(bundled.bytes("bundle.json"))
    assert {f.kind for f in report.findings} == {"withheld"}
    assert sorted(f.path for f in report.findings) == [
        "data/closed-set/fetch/source.zip",
        "data/closed-set/prepare/arrays.npz",
    ]
    assert all(f.says.startswith("is not here: ") for f in report.findings)


def test_a_withheld_file_that_is_there_all_the_same_is_checked(bundled, small_run):
    path = "data/closed-set/fetch/source.zip"
    bundled.put(path, (small_run / path).read_bytes())
    good = check.verify(bundled.folder)
    bundled.put(path, b"another")
    bad = check.verify(bundled.folder)

    assert good.passed
    assert path not in {f.path for f in good.findings}
    assert [(f.kind, f.path) for f in bad.findings if f.fails] == [("changed", path)]


def test_the_published_root_hash_is_compared(run):
    root = check.verify(run.folder).root

    assert found(run, root=root) == []
    assert found(run, root="0" * 64) == [
        ("root", f"{AT}/manifest.json", f"root hash is {root}; published was {'0' * 64}")
    ]


# ---------------------------------------------------------------- what is found


def test_a_changed_file_is_named_with_both_hashes_and_the_claim_it_touches(run):
    path = f"{TRAIN}/predictions.npz"
    tamper.bit_flip(run, path)

    report = check.verify(run.folder)

    now, listed = io.sha256((run.folder / path).read_bytes()), io.sha256(run.bytes(path))
    says = f"sha256 is {now[:16]}..., listed {listed[:16]}..."
    assert report.findings == [check.Finding("changed", path, says, True)]
    assert report.claims == {CLAIM: [path]}
    assert not report.passed


def test_a_file_of_another_size_is_told_by_its_size_and_not_read(run):
    path = f"{TRAIN}/predictions.npz"
    with open(run.folder / path, "rb+") as file:
        run._touched.add(path)
        file.truncate(10**13)

    size = len(run.bytes(path))
    assert found(run) == [("changed", path, f"has {10**13} bytes; recorded are {size}")]


def test_a_log_of_a_size_that_no_log_has_is_not_read(run):
    path = f"logs/smoke/{TRAIN.removeprefix(AT + '/')}.log"
    with open(run.folder / path, "rb+") as file:
        run._touched.add(path)
        file.truncate(check.MAX_LOG + 1)

    says = f"is larger than the {check.MAX_LOG} bytes that can be right"
    assert found(run) == [("changed", path, says)]


def test_a_missing_file_is_named(run):
    run.remove(f"{TRAIN}/model.safetensors")

    assert found(run) == [("missing", f"{TRAIN}/model.safetensors", "is missing")]


def test_a_file_that_no_claim_stands_on_touches_none(run):
    tamper.bit_flip(run, f"{AT}/results.csv")

    report = check.verify(run.folder)

    assert not report.passed
    assert report.claims == {}


@pytest.mark.parametrize(
    "path",
    [
        "data/open-set/fetch/source.zip",
        "results/data/open-set/fetch/record.json",
        f"{AT}/small/judge/verdicts.json",
        f"{AT}/verdict.json",
        f"{AT}/manifest.json",
        f"{AT}/SHA256SUMS",
        f"{AT}/small/dense/seed-0/train/model.safetensors",
    ],
)
def test_what_a_claim_was_made_from_touches_it(path, run):
    tamper.truncate(run, path)

    assert path in check.verify(run.folder).claims[CLAIM]


def test_a_link_in_the_place_of_a_file_is_not_followed(run, tmp_path):
    path = f"{TRAIN}/metrics.json"
    (tmp_path / "same").write_bytes(run.bytes(path))
    run.remove(path)
    (run.folder / path).symlink_to(tmp_path / "same")

    says = "is no regular file, or stands behind a link"
    assert found(run) == [("changed", path, says)]


def test_a_folder_behind_a_link_is_not_entered(run, tmp_path):
    folder = run.folder / TRAIN
    folder.rename(tmp_path / "train")
    folder.symlink_to(tmp_path / "train")
    try:
        kinds = {f.says for f in check.verify(run.folder).findings if f.path.startswith(TRAIN)}
    finally:
        folder.unlink()
        (tmp_path / "train").rename(folder)

    assert kinds == {"is no regular file, or stands behind a link", "is no regular file"}


def test_a_file_that_cannot_be_read_is_a_finding(run, monkeypatch):
    opened = os.open

    def refuse(path, *rest):
        if str(path).endswith("curve.csv"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest)

    monkeypatch.setattr(os, "open", refuse)

    assert {says for _, _, says in found(run)} == {"cannot be read (Permission denied)"}


def test_a_folder_that_cannot_be_listed_is_refused(run, monkeypatch):
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("small"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)

    with pytest.raises(check.Refused, match=r"small cannot be listed \(Permission denied\)"):
        check.verify(run.folder)


# ---------------------------------------------------------------- records


def test_an_edited_record_is_named(run):
    edit(run, f"{TRAIN}/record.json", lambda r: r.update(seed=7))

    says = "was edited: its seal is not the hash of what it says"
    assert found(run) == [("record", f"{TRAIN}/record.json", says)]


def test_a_whole_record_that_is_not_the_listed_one_is_named(run):
    edit(run, f"{TRAIN}/record.json", lambda r: r["evidence"].update(host="x"), seal=True)

    says = "is whole, but not the record that is listed: of another run?"
    assert found(run) == [("record", f"{TRAIN}/record.json", says)]


def test_a_missing_record_is_named_once(run):
    run.remove(f"{TRAIN}/record.json")

    assert found(run) == [("record", f"{TRAIN}/record.json", "is missing")]


def test_a_record_of_another_schema_is_named(run):
    edit(run, f"{TRAIN}/record.json", lambda r: r.update(schema="respike-record/1"))

    assert found(run)[0][2] == "is no respike-record/2"


def test_a_key_that_does_not_follow_from_what_it_says_is_found_though_all_is_listed(run):
    def change(record):
        record["settings"]["train"]["epochs"] = 9
        record["seal"] = records.seal(record)

    edit(run, f"{TRAIN}/record.json", change)
    relist(run)

    says = "has a key that is not the hash of its settings, code and inputs"
    assert ("record", f"{TRAIN}/record.json", says) in found(run)


@pytest.mark.parametrize("field", ["sha256", "bytes", "key"])
def test_an_input_that_is_not_its_producers_output_is_found_though_all_is_listed(field, run):
    def change(record):
        record["inputs"]["data"][0][field] = 7 if field == "bytes" else "7" * 64

    edit(run, f"{TRAIN}/record.json", change, seal=True)
    relist(run)

    says = "read another data/open-set/prepare/arrays.npz than was recorded"
    assert ("record", f"{TRAIN}/record.json", says) in found(run)


def test_an_input_that_nobody_made_is_found_though_all_is_listed(run):
    def change(record):
        record["inputs"]["data"][0]["path"] = "data/elsewhere/prepare/arrays.npz"

    edit(run, f"{TRAIN}/record.json", change, seal=True)
    relist(run)

    says = "read data/elsewhere/prepare/arrays.npz, which no record made"
    assert ("record", f"{TRAIN}/record.json", says) in found(run)


def test_an_output_that_is_not_the_listed_one_is_found_though_all_is_listed(run):
    def change(record):
        record["outputs"]["curve.csv"]["sha256"] = "7" * 64

    edit(run, f"{TRAIN}/record.json", change, seal=True)
    relist(run)

    says = f"says another hash of {TRAIN}/curve.csv than is listed"
    assert ("record", f"{TRAIN}/record.json", says) in found(run)


def test_an_output_that_is_not_listed_is_found(run):
    def change(record):
        record["extras"]["film.webp"] = {"bytes": 1, "sha256": "7" * 64}

    edit(run, f"{TRAIN}/record.json", change, seal=True)
    relist(run)

    says = f"is named by {TRAIN}/record.json but is not listed"
    assert ("manifest", f"{TRAIN}/film.webp", says) in found(run)


def test_a_key_or_status_unlike_the_manifests_is_found(run):
    path = f"{TRAIN}/record.json"
    edit(run, f"{AT}/manifest.json", lambda m: m["records"][path].update(status="not run"))

    assert found(run) == [("record", path, "has not the key and status of manifest.json")]


def test_a_record_that_the_manifest_has_not_is_found(run):
    path = f"{TRAIN}/record.json"
    edit(run, f"{AT}/manifest.json", lambda m: m["records"].pop(path))

    assert found(run) == [
        ("record", path, "stands in one only of manifest.json and SHA256SUMS")
    ]


def test_a_listed_file_that_no_record_names_is_found_though_all_is_listed(run):
    run.put(f"{TRAIN}/more.json", b"{}\n")
    text = run.bytes(f"{AT}/SHA256SUMS").decode() + f"{'0' * 64}  {TRAIN}/more.json\n"
    run.put(f"{AT}/SHA256SUMS", text.encode())
    relist(run)
    edit(run, f"{AT}/manifest.json", lambda m: m.update(files=m["files"] + 1))

    says = "is listed, but no record says who made it"
    assert found(run) == [("unaccounted", f"{TRAIN}/more.json", says)]


def test_evidence_of_a_claim_by_another_hash_is_found(run):
    def change(document):
        document["claims"][0]["evidence"][0]["sha256"] = "7" * 64

    edit(run, f"{AT}/verdict.json", change)
    digest = io.sha256((run.folder / AT / "verdict.json").read_bytes())
    size = (run.folder / AT / "verdict.json").stat().st_size
    row = {"bytes": size, "sha256": digest}
    edit(
        run, f"{AT}/record.json", lambda r: r["outputs"]["verdict.json"].update(row), seal=True
    )
    relist(run)

    says = f"{CLAIM} stands on another {AT}/small/closed/seed-0/train/predictions.npz than is"
    kind, path, said = found(run)[0]
    assert (kind, path) == ("record", f"{AT}/verdict.json")
    assert said == f"{says} listed"


# ---------------------------------------------------------------- manifest and list


def damaged(reference, path, data):
    reference.put(path, data)
    return [says for kind, at, says in found(reference) if (kind, at) == ("manifest", path)]


def test_a_manifest_with_one_blank_more_is_found(run):
    path = f"{AT}/manifest.json"

    assert damaged(run, path, run.bytes(path) + b"\n") == ["is not as respike writes it"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is not valid JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"[" * 100_000, "is not valid JSON: maximum recursion depth exceeded"),
        (b'{"a": 1, "a": 2}', "is not valid JSON: a key stands there twice"),
        (b'{"a": NaN}', "is not valid JSON: a number is not finite"),
        (b'{"a": 1e999}', "is not valid JSON: a number is not finite"),
        (b'{"a": "\xff"}', "is not valid JSON: 'utf-8' codec can't decode byte 0xff"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is not valid JSON: Exceeds the limit"),
        (b"[]", "is no respike-manifest/1"),
        (b'{"schema": "respike-manifest/1"}', "is no respike-manifest/1"),
    ],
)
def test_a_manifest_that_is_none_is_told_in_one_sentence(data, says, run):
    (said,) = damaged(run, f"{AT}/manifest.json", data)

    assert said.startswith(says)
    assert "\n" not in said


def test_a_manifest_too_large_to_be_one_is_not_read(run):
    path = f"{AT}/manifest.json"
    with open(run.folder / path, "rb+") as file:
        run._touched.add(path)
        file.truncate(check.MAX_JSON + 1)

    says = f"is larger than the {check.MAX_JSON} bytes that can be right"
    assert ("manifest", path, says) in found(run)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(more=1),
        lambda m: m.pop("files"),
        lambda m: m.update(files="99"),
        lambda m: m.update(files=True),
        lambda m: m.update(root=[]),
        lambda m: m["root"].pop("sha256"),
        lambda m: m.update(records=[]),
        lambda m: m["records"].update(x={"key": "k"}),
        lambda m: m["records"].update(x={"key": "k", "status": 1}),
    ],
)
def test_a_manifest_of_another_shape_is_found(change, run):
    edit(run, f"{AT}/manifest.json", change)

    assert ("manifest", f"{AT}/manifest.json", "is no respike-manifest/1") in found(run)


def test_a_manifest_of_another_budget_is_found(run):
    edit(run, f"{AT}/manifest.json", lambda m: m.update(budget="desk"))

    assert found(run) == [("manifest", f"{AT}/manifest.json", "is not of budget smoke")]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "", ".", "a\\b", "a\x1bb",
        "a\x7fb", "a" * 5000, "\udcff", "a/",
    ],
)  # fmt: skip
def test_a_line_that_leaves_the_folder_or_hides_what_it_names_is_refused(name, run):
    line = f"{'0' * 64}  ".encode() + name.encode(errors="surrogateescape") + b"\n"
    run.put(f"{AT}/SHA256SUMS", run.bytes(f"{AT}/SHA256SUMS") + line)
    digest = io.sha256((run.folder / AT / "SHA256SUMS").read_bytes())

    def change(manifest):
        manifest["root"]["sha256"] = digest
        manifest["files"] += 1

    edit(run, f"{AT}/manifest.json", change)

    says = "does not name files of this folder, each once"
    assert found(run) == [("manifest", f"{AT}/SHA256SUMS", says)]


def test_a_file_that_is_listed_twice_is_refused(run):
    text = run.bytes(f"{AT}/SHA256SUMS")
    run.put(f"{AT}/SHA256SUMS", text + text.splitlines(keepends=True)[0])

    said = [says for _, path, says in found(run) if path == f"{AT}/SHA256SUMS"]
    assert said == [
        "is not the list that was hashed when it was made",
        "does not name files of this folder, each once",
    ]


def test_an_emptied_list_is_not_a_run_without_files(run):
    run.put(f"{AT}/SHA256SUMS", b"")

    assert not check.verify(run.folder).passed


def test_a_missing_list_is_found(run):
    run.remove(f"{AT}/SHA256SUMS")

    assert ("missing", f"{AT}/SHA256SUMS", "is missing") in found(run)


def test_a_missing_manifest_beside_its_list_is_found(run):
    run.remove(f"{AT}/manifest.json")

    assert found(run) == [("missing", f"{AT}/manifest.json", "is missing")]
    assert found(run, budget="smoke") == [("missing", f"{AT}/manifest.json", "is missing")]


# ---------------------------------------------------------------- what is not listed


def test_a_file_of_no_record_is_unaccounted(run):
    run.put(f"{TRAIN}/other.npz", b"x")

    says = "is not listed, and no record says who made it"
    assert found(run) == [("unaccounted", f"{TRAIN}/other.npz", says)]


def another_variant(run, name="removed"):
    """A run of a variant that the page does not know: with its own whole record."""
    for file in ("record.json", "curve.csv"):
        run.put(f"{AT}/small/{name}/seed-0/train/{file}", run.bytes(f"{TRAIN}/{file}"))
    return f"{AT}/small/{name}/seed-0/train"


def test_a_removed_variant_is_a_warning_and_no_failure(run):
    folder = another_variant(run)

    report = check.verify(run.folder)

    says = "is not of this run; its record vouches for it"
    assert [(f.kind, f.path, f.says, f.fails) for f in report.findings] == [
        ("extra", f"{folder}/curve.csv", says, False),
        ("extra", f"{folder}/record.json", says, False),
    ]
    assert report.passed


@pytest.mark.parametrize("change", ["content", "size", "record", "unnamed"])
def test_what_a_removed_variants_record_does_not_vouch_for_fails(change, run):
    folder = another_variant(run)
    curve = run.bytes(f"{TRAIN}/curve.csv")
    if change == "record":
        edit(run, f"{folder}/record.json", lambda r: r.update(seed=7))
    elif change == "unnamed":
        run.put(f"{folder}/more.csv", curve)
    else:
        run.put(f"{folder}/curve.csv", curve[:-1] + (b"" if change == "size" else b" "))

    says = "is not listed, and no record says who made it"
    failing = {f.path for f in check.verify(run.folder).findings if f.fails and f.says == says}
    names = {"unnamed": {"more.csv"}, "record": {"record.json", "curve.csv"}}
    assert failing == {f"{folder}/{name}" for name in names.get(change, {"curve.csv"})}


def test_data_of_another_budget_are_no_finding(run):
    for top in ("results/data", "data"):
        for file in run.files():
            if file.startswith(f"{top}/open-set/fetch/"):
                run.put(file.replace("open-set", "other-set"), run.bytes(file))

    assert found(run) == []


def test_an_unfinished_file_of_a_stopped_job_is_a_warning(run):
    run.put(f"{TRAIN}/.model.safetensors.0123456789ab.part", b"half")

    report = check.verify(run.folder)

    assert [(f.kind, f.says, f.fails) for f in report.findings] == [
        ("extra", "is what a job left that was stopped", False)
    ]


@pytest.mark.parametrize("name", [".x.part", "model.0123456789ab.part", ".a.0123456789aB.part"])
def test_a_name_that_only_looks_unfinished_is_unaccounted(name, run):
    run.put(f"{TRAIN}/{name}", b"half")

    assert [kind for kind, _, _ in found(run)] == ["unaccounted"]


def test_snakemakes_empty_stamp_is_no_part_of_a_run_and_a_full_one_is_unaccounted(run):
    run.put(f"{TRAIN}/.snakemake_timestamp", b"")
    clean = found(run)
    run.put(f"{TRAIN}/.snakemake_timestamp", b"x")

    assert clean == []
    assert [kind for kind, _, _ in found(run)] == ["unaccounted"]


def test_a_pipe_and_a_socket_are_found_and_not_opened(run, tmp_path, monkeypatch):
    os.mkfifo(run.folder / TRAIN / "pipe")
    run._touched |= {f"{TRAIN}/pipe", f"{TRAIN}/socket"}
    monkeypatch.chdir(run.folder / TRAIN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")

        says = "is no regular file"
        assert found(run) == [
            ("unaccounted", f"{TRAIN}/pipe", says),
            ("unaccounted", f"{TRAIN}/socket", says),
        ]


def test_a_pipe_in_the_place_of_a_listed_file_does_not_hang(run):
    path = f"{TRAIN}/curve.csv"
    run.remove(path)
    os.mkfifo(run.folder / path)

    says = "is no regular file, or stands behind a link"
    assert found(run) == [("changed", path, says)]


def test_everything_that_a_bundle_does_not_list_fails(bundled):
    for path in ("more.txt", "logs/more.log", ".snakemake/x", f"{TRAIN}/.snakemake_timestamp"):
        bundled.put(path, b"")

    report = check.verify(bundled.folder)

    extra = [f.path for f in report.findings if f.kind == "extra" and f.fails]
    assert extra == [
        "more.txt", ".snakemake/x", "logs/more.log", f"{TRAIN}/.snakemake_timestamp",
    ]  # fmt: skip


# ---------------------------------------------------------------- bundles


def test_a_bundle_without_its_statement_is_no_run(bundled):
    bundled.remove("bundle.json")

    said = found(bundled)

    assert (
        "manifest",
        "bundle.json",
        "is missing, though a bundle's SHA256SUMS is here",
    ) in said


@pytest.mark.parametrize("path", ["SHA256SUMS", f"{AT}/SHA256SUMS", f"{AT}/manifest.json"])
def test_a_bundle_that_lacks_what_holds_it_together_fails(path, bundled):
    bundled.remove(path)

    assert ("missing", path, "is missing") in found(bundled)


def test_a_statement_of_another_shape_is_found(bundled):
    edit(bundled, "bundle.json", lambda b: b.update(more=1))

    assert ("manifest", "bundle.json", "is no respike-bundle/1") in found(bundled)


def test_a_statement_of_no_budget_is_found(bundled):
    edit(bundled, "bundle.json", lambda b: b.update(budget="none"))

    assert ("manifest", "bundle.json", "is no respike-bundle/1") in found(bundled)


@pytest.mark.parametrize("what", ["manifest", "studies"])
def test_a_statement_that_names_another_hash_than_the_list_is_found(what, bundled):
    key, path = ("sha256", f"{AT}/manifest.json"), "studies/small.yaml"
    key, path = key if what == "manifest" else ("small", path)
    edit(bundled, "bundle.json", lambda b: b[what].update({key: "7" * 64}))

    says = "has not the same hash in bundle.json and in SHA256SUMS"
    assert [row for row in found(bundled) if row[0] != "withheld"] == [("manifest", path, says)]


def test_a_list_of_the_bundle_that_leaves_a_file_of_the_run_out_is_found(bundled):
    path = f"{TRAIN}/curve.csv"
    lines = bundled.bytes("SHA256SUMS").decode().splitlines(keepends=True)
    bundled.put("SHA256SUMS", "".join(x for x in lines if path not in x).encode())
    digest = io.sha256((bundled.folder / "SHA256SUMS").read_bytes())

    def change(statement):
        statement["sums"].update(sha256=digest, files=len(lines) - 1)

    edit(bundled, "bundle.json", change)

    said = [row for row in found(bundled) if row[0] != "withheld"]
    assert ("manifest", path, "the lists of bundle and run do not agree on it") in said
    assert ("extra", path, "is not listed in the bundle's SHA256SUMS") in said


def test_a_withheld_file_by_another_hash_is_found(bundled):
    path = "data/closed-set/fetch/source.zip"
    edit(bundled, "bundle.json", lambda b: b["withheld"][path].update(sha256="7" * 64))

    assert ("manifest", path, "bundle.json withholds another file than is listed") in found(
        bundled
    )


# ---------------------------------------------------------------- numerics classes


def test_jobs_of_two_numerics_classes_are_a_warning_that_names_the_difference(run):
    for variant in ("dense", "closed"):
        path = f"{AT}/small/{variant}/seed-1/train/record.json"
        edit(run, path, lambda r: r["numerics"].update(threads=2, libc="musl"), seal=True)
    tamper.rehash(run)

    report = check.verify(run.folder)

    says = "its jobs ran under several numerics classes, which differ in: libc, threads"
    assert report.findings == [check.Finding("class", AT, says, False)]
    assert report.passed


# ---------------------------------------------------------------- environments


def differing(*rows):
    names = ("package", "found", "pinned")
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_a_job_in_another_environment_than_the_pinned_one_fails_with_the_package(run):
    path = f"{TRAIN}/record.json"
    rows = differing(("scipy", "1.17.0", "1.16.0"), ("stranger", "0.1", None))
    edit(run, path, lambda r: r["environment"].update(differs=rows), seal=True)
    tamper.rehash(run)

    report = check.verify(run.folder)

    says = "scipy was 1.17.0, pinned 1.16.0; differing packages: 2"
    assert report.findings == [check.Finding("environment", path, says, True)]
    assert not report.passed
    assert "environment  results/smoke/small/dense/seed-0/train/record.json: scipy was" in (
        check.said(report, known=False)
    )


def test_a_job_in_another_environment_is_not_called_tampered(run):
    rows = differing(("scipy", "1.17.0", "1.16.0"))
    edit(run, f"{TRAIN}/record.json", lambda r: r["environment"].update(differs=rows), True)
    tamper.rehash(run)

    assert check.verify(run.folder).claims == {}


def test_words_that_ask_the_numbers_go_on_where_an_environment_alone_is_at_fault(run):
    rows = differing(("scipy", "1.17.0", "1.16.0"))
    edit(run, f"{TRAIN}/record.json", lambda r: r["environment"].update(differs=rows), True)
    tamper.rehash(run)
    given = argparse.Namespace(folder=run.folder, budget=None)

    report = verify.trusted(given, "recompute", "nothing was judged again")

    assert [f.kind for f in report.findings] == ["environment"]


def test_a_job_of_the_data_in_another_environment_fails_as_well(run):
    path = "results/data/closed-set/prepare/record.json"
    rows = differing(("numpy", None, "2.4.6"))
    edit(run, path, lambda r: r["environment"].update(differs=rows), seal=True)
    tamper.rehash(run)

    says = "numpy was missing, pinned 2.4.6; differing packages: 1"
    assert found(run) == [("environment", path, says)]


def test_records_from_before_the_field_are_counted_and_pass(run):
    for variant in ("dense", "closed"):
        path = f"{AT}/small/{variant}/seed-1/train/record.json"
        edit(run, path, lambda r: r.pop("environment"), seal=True)
    tamper.rehash(run)

    report = check.verify(run.folder)

    says = "2 older records name no packages"
    assert report.findings == [check.Finding("environment", AT, says, False)]
    assert report.passed


@pytest.mark.parametrize("value", [None, [], {}, {"differs": None}, {"differs": [{}]}])
def test_an_environment_that_is_no_environment_makes_the_record_none(run, value):
    edit(run, f"{TRAIN}/record.json", lambda r: r.update(environment=value), seal=True)
    tamper.rehash(run)

    assert ("record", f"{TRAIN}/record.json", "is no respike-record/2") in found(run)


# ---------------------------------------------------------------- which budget, what is refused


def test_the_newest_budget_is_the_default_and_of_equals_the_larger(tmp_path):
    for budget, when in (("smoke", 30), ("desk", 30), ("paper", 20)):
        path = tmp_path / f"results/{budget}/manifest.json"
        path.parent.mkdir(parents=True)
        path.write_text("{}")
        os.utime(path, (when, when))

    assert check.verify(tmp_path).budget == "desk"
    (tmp_path / "results/desk/manifest.json").unlink()
    assert check.verify(tmp_path).budget == "smoke"
    assert check.verify(tmp_path, "paper").budget == "paper"


REFUSED = [
    ({}, "there is no results/BUDGET/manifest.json: the run has not ended, or was never made"),
    (
        {"budget": "desk"},
        "there is no results/desk/manifest.json: the run has not ended, or was never made",
    ),
    ({"budget": "dsk\x1b"}, "no budget 'dsk\\x1b'; there are: smoke, desk, paper"),
    ({"root": "abc"}, "--root is the 64 hex digits that the producer published"),
    ({"root": "A" * 64}, "--root is the 64 hex digits that the producer published"),
    ({"signers": "x"}, "--signers is of a bundle's signature, and this is a run"),
]


@pytest.mark.parametrize(("asked", "says"), REFUSED)
def test_a_question_that_cannot_be_asked_is_refused_in_one_sentence(asked, says, tmp_path):
    with pytest.raises(check.Refused) as refused:
        check.verify(tmp_path, **asked)

    assert str(refused.value) == says


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(check.Refused, match=r"nothing\\x1b is no folder$"):
        check.verify(tmp_path / "nothing\x1b")


def test_another_budget_than_a_bundles_is_refused(bundled):
    with pytest.raises(check.Refused, match=r"this bundle is of budget smoke, not of desk$"):
        check.verify(bundled.folder, "desk")


def test_more_findings_than_a_report_can_hold_are_refused(run, monkeypatch):
    monkeypatch.setattr(check, "MAX_FINDINGS", 3)
    for name in "abcd":
        run.put(f"{TRAIN}/{name}", b"")

    with pytest.raises(check.Refused, match=rf"more than 3 findings, as of {TRAIN}/d: is not"):
        check.verify(run.folder)


def test_three_findings_are_not_more_than_three(run, monkeypatch):
    monkeypatch.setattr(check, "MAX_FINDINGS", 3)
    for name in "abc":
        run.put(f"{TRAIN}/{name}", b"")

    assert len(found(run)) == 3


# ---------------------------------------------------------------- what it prints


def program(folder, *words, cwd="/"):
    command = [
        sys.executable,
        "-I",
        "-S",
        str(SOURCE),
        *([str(folder)] if folder else []),
        *words,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_without_a_folder_it_checks_where_it_stands(run):
    assert program(None, cwd=run.folder).stdout == program(run.folder).stdout


def test_a_pass_is_four_lines_and_says_what_was_not_checked(run):
    done = program(run.folder)

    report = check.verify(run.folder)
    assert done.stdout.splitlines() == [
        f"PASS  smoke: {report.files} files as listed, 0.1 MB",
        f"  root hash    {report.root}",
        "  not checked  that the code gives these numbers again: `respike audit rerun`",
        "  not checked  who made it: compare the root hash with the published one (--root)",
    ]
    assert (done.returncode, done.stderr) == (0, "")


def test_a_failure_names_the_file_the_claim_and_exits_with_3(run):
    tamper.bit_flip(run, f"{TRAIN}/predictions.npz")

    done = program(run.folder)

    lines = done.stdout.splitlines()
    assert lines[0].startswith("FAIL  smoke: ")
    assert lines[1].startswith(f"  changed      {TRAIN}/predictions.npz: sha256 is ")
    assert lines[2] == f"  tampered     {CLAIM}: stands on {TRAIN}/predictions.npz"
    assert done.returncode == 3


def test_with_a_root_hash_it_is_not_said_that_nobody_knows_who_made_it(run):
    done = program(run.folder, "--root", check.verify(run.folder).root)

    assert "who made it" not in done.stdout
    assert done.returncode == 0


def test_what_is_withheld_is_said_to_be_not_checked(bundled):
    done = program(bundled.folder)

    assert "  (withheld)   data/closed-set/fetch/source.zip: is not here" in done.stdout
    assert "  not checked  2 files that are withheld (their licence)\n" in done.stdout


def test_failures_stand_before_warnings_and_the_root_before_all(run):
    another_variant(run)
    tamper.bit_flip(run, f"{AT}/results.csv")

    lines = program(run.folder, "--root", "0" * 64).stdout.splitlines()

    assert [line.split()[0] for line in lines[1:5]] == ["root", "changed", "(extra)", "(extra)"]


def test_many_findings_are_capped_and_counted(run):
    for number in range(14):
        run.put(f"{TRAIN}/{number:02}", b"")

    lines = program(run.folder).stdout.splitlines()

    assert [line.split()[0] for line in lines[1:13]] == ["unaccounted"] * 12
    assert lines[13] == "  and 2 more; --json gives all"


def test_names_cannot_write_to_the_terminal(run):
    run.put(f"{TRAIN}/\x1b[2J\u202e\n\udcff", b"")

    done = program(run.folder)

    assert rf"{TRAIN}/\x1b[2J\u202e\n\udcff: is not listed" in done.stdout
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", done.stdout)


def test_json_holds_every_finding_and_is_valid(run):
    for number in range(14):
        run.put(f"{TRAIN}/{number:02}", b"")
    tamper.bit_flip(run, f"{TRAIN}/predictions.npz")

    done = program(run.folder, "--json")

    value = json.loads(done.stdout)
    report = check.verify(run.folder)
    assert value == {
        "schema": "respike-check/1",
        "passed": False,
        "budget": "smoke",
        "root": report.root,
        "files": report.files,
        "bytes": report.bytes,
        "findings": [f._asdict() for f in report.findings],
        "claims": report.claims,
        "not_checked": [
            *NUMBERS,
            "who made it: compare the root hash with the published one (--root)",
        ],
    }
    assert len(value["findings"]) == 15


def test_a_refusal_is_one_line_and_exits_with_2(tmp_path):
    done = program(tmp_path)

    assert done.stderr == f"check.py: {REFUSED[0][1]}\n"
    assert (done.returncode, done.stdout) == (2, "")


def test_the_word_gives_the_same_answer_and_the_same_codes(run, bundled, tmp_path, capsys):
    from respike.cli import main

    for folder, words in [(run.folder, []), (bundled.folder, ["--json"])]:
        assert main(["audit", "verify", str(folder), *words]) == 0
        assert capsys.readouterr().out == program(folder, *words).stdout
    tamper.bit_flip(run, f"{TRAIN}/predictions.npz")
    assert main(["audit", "verify", str(run.folder), "--root", "0" * 64]) == 3
    assert capsys.readouterr().out == program(run.folder, "--root", "0" * 64).stdout
    assert main(["audit", "verify", str(tmp_path), "--budget", "desk"]) == 2
    assert capsys.readouterr().err == f"respike audit verify: {REFUSED[1][1]}\n"


def test_a_file_that_goes_away_while_it_is_looked_at_is_a_refusal_and_no_traceback(
    run, monkeypatch
):
    run.put(f"{TRAIN}/other", b"")
    look = os.lstat

    def gone(path):
        if str(path).endswith("/other"):
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return look(path)

    monkeypatch.setattr(os, "lstat", gone)

    with pytest.raises(check.Refused, match=r"other'; does a run change this folder now\?$"):
        check.verify(run.folder)


def test_a_file_touches_only_the_claims_that_stand_on_it(run):
    def change(document):
        rows = document["claims"]
        rows.append({**rows[0], "claim": "of-another", "evidence": rows[0]["evidence"][:1]})
        rows[0]["evidence"] = rows[0]["evidence"][1:]

    edit(run, f"{AT}/verdict.json", change)
    tamper.rehash(run)
    path = f"{TRAIN}/predictions.npz"
    value = bytearray((run.folder / path).read_bytes())
    value[50] ^= 1
    run.put(path, bytes(value))

    rows = json.loads((run.folder / AT / "verdict.json").read_bytes())["claims"]
    stand = {
        f"small/{row['claim']}" for row in rows if path in [e["path"] for e in row["evidence"]]
    }
    others = {f"small/{row['claim']}" for row in rows} - stand
    assert len(stand) == 1
    assert check.verify(run.folder).claims.keys() == stand
    assert len(others) == 1


@pytest.mark.parametrize("seed", range(40))
def test_hostile_values_in_whole_records_end_in_findings_and_no_traceback(seed, run):
    draw = random.Random(seed)
    odd = [None, True, -1, 10**30, "", "../x", "\ud800", [], {}, [[]], {"a": {}}, "a\0b"]
    path = draw.choice(sorted(p for p in run.files() if p.endswith("record.json")))

    def change(record):
        record[draw.choice(sorted(record))] = draw.choice(odd)
        inner = record[draw.choice(["inputs", "outputs", "settings", "numerics"])]
        if isinstance(inner, dict):
            inner[draw.choice([*inner, "more"])] = draw.choice(odd)

    value = json.loads(run.bytes(path))
    change(value)
    value["seal"] = records.seal(value)
    run.put(path, records.dump(value))
    relist(run)

    report = check.verify(run.folder)

    assert not report.passed
    assert re.fullmatch(r"[ -~\n]*", check.said(report, known=False))


# ---------------------------------------------------------------- signature


@pytest.fixture(scope="module")
def signed(_bundled, tmp_path_factory):
    """A signed copy of the bundle, and a folder of signers: ours, theirs."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed (openssh-client)")
    keys = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name]
        subprocess.run(made, cwd=keys, check=True)
        kind, key, _ = (keys / f"{name}.pub").read_text().split()
        (keys / f"{name}.signers").write_text(f"lab {kind} {key}\n")
    folder = tamper.copy(_bundled.folder, tmp_path_factory.mktemp("signed") / "bundle")
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", "respike", "-f", str(keys / "ours")]
    subprocess.run([*sign, "bundle.json"], cwd=folder, check=True, capture_output=True)
    return tamper.Reference(folder, folder), keys


def signature(signed, signers="ours.signers"):
    reference, keys = signed
    said = check.verify(reference.folder, signers=keys / signers).findings
    return [(f.path, f.says, f.fails) for f in said if f.kind == "signature"]


def test_a_signature_by_whom_we_trust_passes(signed):
    assert signature(signed) == []


def test_a_signature_by_somebody_else_is_found(signed):
    says = "is of no signer that the file of signers names"
    assert signature(signed, "theirs.signers") == [("bundle.json.sig", says, True)]


def test_a_statement_that_was_changed_after_it_was_signed_is_found(signed):
    edit(signed[0], "bundle.json", lambda b: b.update(made="2026-11-22T06:00:01Z"))
    try:
        assert signature(signed) == [
            ("bundle.json.sig", "is not lab's of this bundle.json", True)
        ]
    finally:
        signed[0].restore()


def test_a_missing_and_a_linked_signature_are_found(signed, tmp_path):
    reference = signed[0]
    reference.remove("bundle.json.sig")
    missing = signature(signed)
    (tmp_path / "elsewhere").write_bytes(reference.bytes("bundle.json.sig"))
    (reference.folder / "bundle.json.sig").symlink_to(tmp_path / "elsewhere")
    linked = signature(signed)
    reference.restore()

    assert missing == [("bundle.json.sig", "is missing: the bundle is not signed", True)]
    says = "is no regular file, or stands behind a link"
    assert linked == [("bundle.json.sig", says, True)]


def test_a_file_of_signers_that_is_not_there_is_refused(signed):
    with pytest.raises(check.Refused, match=r"--signers: there is no file .*nobody\.signers$"):
        signature(signed, "nobody.signers")


def test_without_ssh_keygen_the_question_is_refused(signed, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(check.Refused, match=r"--signers needs ssh-keygen, which is not insta"):
        signature(signed)
