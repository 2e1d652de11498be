"""What stands in a bundle, that it checks out elsewhere, and when none is made."""

import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from respike.audit import bundle, check, finished, licences
from respike.audit.readme import readme
from respike.cli import Parser, dispatch
from respike.cli.audit import WORDS
from respike.cli.audit import bundle as word
from respike.core.config import Config
from respike.core.errors import ConfigError, DamagedFile, RespikeError
from tests.audit import small
from tests.audit.conftest import MADE

NOBODY = 65534


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def listed(folder):
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    return {line[66:]: line[:64] for line in lines}


def statement(folder):
    return json.loads((folder / "bundle.json").read_text())


def files(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def make(run, target=None, **more):
    return bundle.make(run, run, small.BUDGET, target, MADE, **more)


def check_alone(folder, *words, python=None, **more):
    """Run a bundle's own checker with a bare interpreter, from another folder."""
    python = python or getattr(sys, "_base_executable", sys.executable)
    return subprocess.run(
        [python, "-I", "-S", str(folder / "check.py"), str(folder), *words],
        cwd="/", env={"PATH": os.defpath}, capture_output=True, text=True, check=False, **more,
    )  # fmt: skip


# ---------------------------------------------------------------- what stands in it


def test_a_bundle_lists_every_file_but_the_list_and_the_statement(small_bundle):
    folder = small_bundle.folder

    assert files(folder) - set(listed(folder)) == {"SHA256SUMS", "bundle.json"}
    assert set(listed(folder)) <= files(folder)
    assert listed(folder) == {path: sha256(folder / path) for path in listed(folder)}


def test_a_bundle_holds_all_that_the_run_lists_but_what_is_withheld(small_run, small_bundle):
    lines = (small_run / "results/smoke/SHA256SUMS").read_text().splitlines()
    run = {line[66:]: line[:64] for line in lines}

    assert len(run) > 90
    assert run.items() - small_bundle.withheld.keys() - listed(small_bundle.folder).items() == {
        (path, row["sha256"]) for path, row in small_bundle.withheld.items()
    }


@pytest.mark.parametrize(
    "path",
    [
        "results/smoke/SHA256SUMS",
        "results/smoke/manifest.json",
        "results/smoke/film/small.jpg",
        "logs/smoke/report.log",
        "benchmarks/smoke/report.tsv",
        "logs/smoke/small/dense/seed-0/train.log",
        "envs/base.lock",
        "envs/base.in",
        "envs/base.yaml",
        "studies/small.yaml",
        "config.yaml",
        "respike/datasets/sources.yaml",
        "Snakefile",
        "workflow/rules/train.smk",
        "CITATION.cff",
        "LICENSE",
        "ro-crate-metadata.json",
    ],
)
def test_a_bundle_holds_what_an_auditor_asks_for(path, small_run, small_bundle):
    found = listed(small_bundle.folder)[path]

    if path != "ro-crate-metadata.json":
        assert found == sha256(small_run / path)


def test_the_checker_in_a_bundle_is_ours(small_bundle):
    assert listed(small_bundle.folder)["check.py"] == sha256(Path(check.__file__))


def test_the_statement_names_the_lists_the_studies_and_what_is_withheld(small_bundle):
    folder = small_bundle.folder

    assert statement(folder) == {
        "schema": "respike-bundle/1",
        "budget": "smoke",
        "commit": "no git history",
        "made": MADE,
        "sums": {
            "path": "SHA256SUMS",
            "sha256": sha256(folder / "SHA256SUMS"),
            "files": len(listed(folder)),
        },
        "manifest": {
            "path": "results/smoke/manifest.json",
            "sha256": sha256(folder / "results/smoke/manifest.json"),
        },
        "withheld": small_bundle.withheld,
        "studies": {"small": sha256(folder / "studies/small.yaml")},
    }


def test_the_root_hash_is_that_of_the_statement(small_bundle):
    assert small_bundle.root == sha256(small_bundle.folder / "bundle.json")


def test_a_bundle_says_how_large_it_is(small_bundle):
    folder = small_bundle.folder

    assert small_bundle.files == len(listed(folder))
    assert small_bundle.bytes == sum((folder / p).stat().st_size for p in listed(folder))


def test_files_are_copied_not_linked(small_run, small_bundle):
    there = [small_bundle.folder / path for path in listed(small_bundle.folder)]

    assert not [path for path in there if path.is_symlink() or path.stat().st_nlink != 1]


def test_a_file_behind_a_link_to_another_disk_is_copied(small_run, copied, tmp_path):
    run = copied(small_run)
    (run / "data").rename(tmp_path / "disk")
    (run / "data").symlink_to(tmp_path / "disk")

    made = make(run, tmp_path / "made")

    assert not (made.folder / "data").is_symlink()
    assert check.verify(made.folder).passed


def test_two_bundles_of_one_run_are_equal_byte_for_byte(small_run, small_bundle, tmp_path):
    again = make(small_run, tmp_path / "again")

    assert again.root == small_bundle.root
    assert listed(again.folder) == listed(small_bundle.folder)


def test_only_the_time_makes_two_bundles_differ(small_run, small_bundle, tmp_path):
    later = bundle.make(
        small_run, small_run, "smoke", tmp_path / "later", "2026-11-23T06:00:00Z"
    )

    one, other = listed(small_bundle.folder), listed(later.folder)
    assert {path for path in one if one[path] != other[path]} == {
        "README.txt",
        "ro-crate-metadata.json",
    }


def test_without_a_target_the_folder_is_named_by_budget_and_root(small_run, copied):
    run = copied(small_run)

    made = make(run)

    root = sha256(run / "results/smoke/manifest.json")
    assert made.folder == run / f"bundles/smoke-{root[:12]}"
    assert check.verify(run).passed


# ---------------------------------------------------------------- withheld


def test_data_that_may_not_be_handed_on_are_left_out_with_hash_and_reason(
    small_run, small_bundle
):
    why = "respike/datasets/sources.yaml says `redistribute: false` of closed-set (licence MIT)"

    assert small_bundle.withheld == {
        path: {"sha256": sha256(small_run / path), "why": why}
        for path in (
            "data/closed-set/fetch/source.zip",
            "data/closed-set/prepare/arrays.npz",
        )
    }
    assert not (small_bundle.folder / "data/closed-set").exists()


def test_records_and_results_of_withheld_data_go_along(small_bundle):
    assert {
        "results/data/closed-set/fetch/record.json",
        "results/smoke/small/closed/seed-0/train/predictions.npz",
    } <= set(listed(small_bundle.folder))


def test_the_words_that_the_readme_names_take_a_folder(small_bundle):
    text = (small_bundle.folder / "README.txt").read_text()
    said = re.findall(r"^ +respike audit (\w+) (.+)$", text, re.M)

    assert [name for name, _ in said] == ["verify", "recompute"]
    for name, arguments in said:
        parser = Parser(prog=name)
        importlib.import_module(f"respike.cli.audit.{name}").arguments(parser)
        assert parser.parse_args(arguments.split()).folder == Path("FOLDER")


def test_the_readme_names_what_is_withheld(small_bundle):
    text = (small_bundle.folder / "README.txt").read_text()

    assert "- data/closed-set/fetch/source.zip: respike/datasets/sources.yaml says" in text


def test_the_readme_of_a_whole_bundle_says_that_nothing_is_missing():
    text = readme("smoke", "c", MADE, {})

    assert text.endswith("Nothing that the run read or wrote was left out.\n")
    assert "may not be handed on" not in text


def test_the_checker_reports_withheld_files_and_passes(small_bundle):
    report = check.verify(small_bundle.folder)

    assert report.passed
    assert sorted(f.path for f in report.findings if f.kind == "withheld") == sorted(
        small_bundle.withheld
    )


def of_data(checkout, **rows):
    """What is kept back of a run that lists one file of each data set, and a result."""
    (checkout / "respike/datasets").mkdir(parents=True)
    (checkout / licences.SOURCES).write_text(small.sources(rows, closed="none"))
    listed = {f"data/{name}/fetch/source.zip": "d" * 64 for name in rows}
    listed["results/smoke/open-set/x.npz"] = "e" * 64
    return finished.kept_back(checkout, finished.Run(checkout, "smoke", listed, b"", {}))


def test_data_whose_licence_lets_them_go_are_not_kept_back(tmp_path):
    assert of_data(tmp_path, **{"open-set": "CC-BY-4.0", "closed-set": "MIT"}) == {}


def test_only_the_files_of_the_data_set_are_kept_back(tmp_path):
    found = of_data(tmp_path, **{"open-set": "CC-BY-NC-4.0", "closed-set": "MIT"})

    assert list(found) == ["data/open-set/fetch/source.zip"]


def test_a_licence_without_derivatives_ends_it(tmp_path):
    with pytest.raises(
        RespikeError,
        match=r"^closed-set: its licence CC-BY-ND-4\.0 allows no derivatives, .*, so that no",
    ):
        of_data(tmp_path, **{"open-set": "MIT", "closed-set": "CC-BY-ND-4.0"})


# ---------------------------------------------------------------- checked elsewhere


def test_a_bundle_passes_its_own_checker_in_a_bare_interpreter_from_another_folder(
    small_bundle,
):
    done = check_alone(small_bundle.folder)

    assert (done.returncode, done.stderr) == (0, "")
    assert small_bundle.root in done.stdout


def test_a_bundle_passes_sha256sum(small_bundle):
    done = subprocess.run(
        ["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"],
        cwd=small_bundle.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def another_user():
    """An interpreter, and the arguments of a child that runs it as nobody."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    for python in (getattr(sys, "_base_executable", sys.executable), "/usr/bin/python3"):
        try:
            code = "import sys; sys.exit(sys.version_info < (3, 11))"
            if subprocess.run([python, "-I", "-c", code], check=False, **user).returncode == 0:
                return {"python": python, **user}
        except OSError:
            continue
    return pytest.skip("no Python 3.11 here that another user may run")


def test_another_user_checks_a_bundle_that_nobody_can_write(small_bundle, another_user):
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        folder = Path(shutil.copytree(small_bundle.folder, f"{place}/bundle"))
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)

        done = check_alone(folder, **another_user)

    assert (done.returncode, done.stderr) == (0, "")


def test_checking_changes_nothing_in_a_bundle(small_bundle):
    before = files(small_bundle.folder)

    check_alone(small_bundle.folder)

    assert files(small_bundle.folder) == before


# ---------------------------------------------------------------- forged


def forge(folder):
    """Give all claims another verdict and put every hash in the bundle right again."""
    at, page = folder / "results/smoke", folder / "results/smoke/verdict.json"
    page.write_text(page.read_text().replace('"holds"', '"differs"'))
    record = json.loads((at / "record.json").read_text())
    row = record["outputs"]["verdict.json"]
    row["bytes"], row["sha256"] = page.stat().st_size, sha256(page)
    record.pop("seal")
    seal = json.dumps(record, sort_keys=True).encode()
    record["seal"] = hashlib.sha256(seal).hexdigest()
    write(at / "record.json", record)
    relist(folder, at / "SHA256SUMS")
    manifest = json.loads((at / "manifest.json").read_text())
    manifest["root"]["sha256"] = sha256(at / "SHA256SUMS")
    write(at / "manifest.json", manifest)
    restate(folder)


def write(path, value):
    path.write_text(json.dumps(value, sort_keys=True, indent=1) + "\n")


def relist(folder, sums):
    paths = [line[66:] for line in sums.read_text().splitlines()]
    old = {line[66:]: line[:64] for line in sums.read_text().splitlines()}
    new = {p: sha256(folder / p) if (folder / p).exists() else old[p] for p in paths}
    sums.write_text("".join(f"{new[p]}  {p}\n" for p in paths))


def restate(folder):
    """Put the bundle's own list and statement right."""
    relist(folder, folder / "SHA256SUMS")
    said = statement(folder)
    said["sums"]["sha256"] = sha256(folder / "SHA256SUMS")
    said["manifest"]["sha256"] = sha256(folder / "results/smoke/manifest.json")
    write(folder / "bundle.json", said)


def test_a_consistent_forgery_fits_together_and_is_caught_by_the_published_root(
    small_bundle, copied
):
    folder = copied(small_bundle.folder)

    forge(folder)

    assert check.verify(folder).passed
    report = check.verify(folder, root=small_bundle.root)
    assert [(f.kind, f.path) for f in report.findings if f.fails] == [("root", "bundle.json")]


def test_an_older_valid_bundle_is_caught_by_the_published_root(
    small_run, small_bundle, tmp_path
):
    older = bundle.make(small_run, small_run, "smoke", tmp_path / "old", "2026-11-01T00:00:00Z")

    assert check.verify(older.folder).passed
    done = check_alone(older.folder, "--root", small_bundle.root)
    assert done.returncode == 3
    assert older.root in done.stdout


# ---------------------------------------------------------------- signed

signed = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed (openssh-client)"
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Two keys, and a file of signers that names the first."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name]
        subprocess.run(made, cwd=folder, check=True)
    kind, key, _ = (folder / "ours.pub").read_text().split()
    (folder / "signers").write_text(f"lab {kind} {key}\n")
    return folder


@pytest.fixture(scope="module")
def signed_bundle(small_run, keys, tmp_path_factory):
    target = tmp_path_factory.mktemp("signed") / "bundle"
    return make(small_run, target, key=keys / "ours").folder


def signature(folder, keys):
    """What the checker says of a signature: nothing where it is good."""
    report = check.verify(folder, signers=keys / "signers")
    return "; ".join(f.says for f in report.findings if f.kind == "signature" and f.fails)


@signed
def test_a_signed_bundle_passes_for_who_knows_the_signer(signed_bundle, keys):
    done = check_alone(signed_bundle, "--signers", str(keys / "signers"))

    assert (done.returncode, done.stderr) == (0, "")


@signed
def test_the_command_of_the_readme_verifies_the_signature(signed_bundle, keys):
    text = (signed_bundle / "README.txt").read_text()
    command = next(line for line in text.splitlines() if line.strip().startswith("ssh-keygen"))
    signers = str(keys / "signers")

    done = subprocess.run(
        command.replace("SIGNERS", signers).replace("NAME", "lab"),
        shell=True, cwd=signed_bundle, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert 'Good "respike" signature for lab' in done.stdout


@signed
def test_a_signature_of_another_key_is_refused(small_run, keys, tmp_path):
    made = make(small_run, tmp_path / "made", key=keys / "theirs")

    assert signature(made.folder, keys)


@signed
def test_a_forgery_is_caught_by_the_signature(signed_bundle, keys, copied):
    folder = copied(signed_bundle)

    forge(folder)

    assert check.verify(folder).passed
    assert signature(folder, keys)


@signed
def test_an_edited_statement_is_caught_by_the_signature(signed_bundle, keys, copied):
    folder = copied(signed_bundle)
    write(folder / "bundle.json", {**statement(folder), "made": "2020-01-01T00:00:00Z"})

    assert signature(folder, keys)


@signed
def test_a_missing_signature_is_a_failure_for_who_asks_for_one(signed_bundle, keys, copied):
    folder = copied(signed_bundle)
    (folder / "bundle.json.sig").unlink()

    assert signature(folder, keys).startswith("is missing")


@signed
def test_a_signature_for_another_purpose_is_refused(signed_bundle, keys, copied):
    folder = copied(signed_bundle)
    (folder / "bundle.json.sig").unlink()
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", keys / "ours", "bundle.json"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip

    assert signature(folder, keys)


def test_a_key_that_is_not_there_is_a_sentence_and_nothing_is_made(small_run, tmp_path):
    with pytest.raises(ConfigError, match=r"none is no key; make one with: ssh-keygen -t ed25"):
        make(small_run, tmp_path / "made", key=tmp_path / "none")

    assert list(tmp_path.iterdir()) == []


def test_a_key_is_looked_for_before_the_work(small_run, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "verified", lambda *_: pytest.fail("the work had begun"))

    with pytest.raises(ConfigError, match="is no key"):
        make(small_run, tmp_path / "made", key=tmp_path / "none")


@signed
def test_a_file_that_is_no_key_is_a_sentence_and_nothing_is_made(small_run, tmp_path):
    key = tmp_path / "key"
    key.write_text("no key\n")
    key.chmod(0o600)

    with pytest.raises(RespikeError, match=r"ssh-keygen did not sign with .*key: .*\w"):
        make(small_run, tmp_path / "made", key=key)

    assert list(tmp_path.iterdir()) == [key]


def test_without_ssh_keygen_signing_is_a_sentence_and_nothing_is_made(
    small_run, tmp_path, monkeypatch
):
    key = tmp_path / "key"
    key.write_text("a key\n")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RespikeError, match=r"ssh-keygen is not installed; install openssh-cl"):
        make(small_run, tmp_path / "made", key=key)

    assert list(tmp_path.iterdir()) == [key]


# ---------------------------------------------------------------- not made


def test_a_bundle_of_a_bundle_is_refused(small_run, small_bundle, tmp_path):
    with pytest.raises(ConfigError, match=r"is a bundle; copy the folder, or bundle its run$"):
        bundle.make(small_run, small_bundle.folder, None, tmp_path / "made", MADE)


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_a_target_that_is_there_is_refused_and_kept(kind, small_run, tmp_path):
    target = tmp_path / "made"
    if kind == "folder":
        target.mkdir()
    elif kind == "file":
        target.write_text("mine")
    else:
        target.symlink_to("nowhere")

    with pytest.raises(ConfigError, match=r"made is there already; remove it or say another w"):
        make(small_run, target)

    assert list(tmp_path.iterdir()) == [target]


def test_a_target_that_appears_meanwhile_is_kept(small_run, tmp_path, monkeypatch):
    target = tmp_path / "made"
    describe = bundle.describe

    def describe_and_appear(*arguments):
        target.mkdir()
        return describe(*arguments)

    monkeypatch.setattr(bundle, "describe", describe_and_appear)

    with pytest.raises(ConfigError, match=r"made appeared meanwhile; say another with --to$"):
        make(small_run, target)

    assert list(tmp_path.iterdir()) == [target]
    assert list(target.iterdir()) == []


def test_a_target_in_a_place_that_cannot_be_made_is_refused(small_run, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(
        ConfigError, match=r"file cannot be written \(Not a directory\); say an"
    ):
        make(small_run, tmp_path / "file" / "made")


def test_a_folder_without_a_run_is_refused(small_run, tmp_path):
    with pytest.raises(ConfigError, match=r"manifest\.json.*; `respike run` makes one$"):
        bundle.make(small_run, tmp_path, "smoke", tmp_path / "made", MADE)


def test_a_run_that_was_tampered_with_is_not_bundled(small_run, copied, tmp_path):
    run = copied(small_run)
    path = "results/smoke/small/dense/seed-0/train/metrics.json"
    (run / path).write_text('{"accuracy": 2.0}')

    said = rf"run is not what its records say: {path} .*\. Nothing was bundled; .* lists all$"
    with pytest.raises(finished.Unverified, match=said) as refusal:
        make(run, tmp_path / "made")

    assert refusal.value.exit_code == 3
    assert not (tmp_path / "made").exists()


def test_of_many_failures_three_are_named_and_the_rest_counted(tmp_path):
    findings = [check.Finding("changed", f"p{i}", "is another", i != 0) for i in range(6)]
    report = check.Report("smoke", "", 0, 0, findings, {})

    with pytest.raises(finished.Unverified) as refusal:
        finished.refuse_failures("this", report, "Do that")

    assert str(refusal.value) == (
        "this is not what its records say: p1 is another; p2 is another; p3 is another; "
        "and 2 more. Do that"
    )


def test_three_failures_are_named_without_a_count():
    findings = [check.Finding("changed", f"p{i}", "is another", True) for i in range(3)]
    report = check.Report("smoke", "", 0, 0, findings, {})

    with pytest.raises(finished.Unverified, match=r": p0 .*; p2 is another\. Do that$"):
        finished.refuse_failures("this", report, "Do that")


def test_a_warning_of_the_check_does_not_end_it():
    finding = check.Finding("extra", "p", "is of a variant that was removed", False)

    finished.refuse_failures("this", check.Report("smoke", "", 0, 0, [finding], {}), "Do that")


@pytest.mark.parametrize(
    "path",
    ["results/smoke/small/dense/seed-0/train/metrics.json", "results/smoke/manifest.json"],
)
def test_a_file_that_changes_after_it_was_verified_ends_it(
    path, small_run, copied, tmp_path, monkeypatch
):
    run = copied(small_run)
    verified = bundle.verified

    def verified_and_changed(*arguments):
        found = verified(*arguments)
        (run / path).write_text("{}")
        return found

    monkeypatch.setattr(bundle, "verified", verified_and_changed)

    with pytest.raises(DamagedFile, match=f"{path} changed while it was bundled; verify the"):
        make(run, tmp_path / "made")

    assert not (tmp_path / "made").exists()


def test_a_bundle_that_its_own_checker_refuses_gets_no_name(small_run, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "readme", lambda *_: "\n")
    verify = check.verify

    def spoiled(folder, *arguments):
        if folder.suffix == ".part":
            (folder / "README.txt").write_text("another")
        return verify(folder, *arguments)

    monkeypatch.setattr(bundle.check, "verify", spoiled)

    with pytest.raises(
        finished.Unverified,
        match=r"^the new bundle is not .*: README\.txt .*\. It was removed;",
    ):
        make(small_run, tmp_path / "made")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_interrupted_bundling_leaves_nothing(error, small_run, tmp_path, monkeypatch):
    def interrupted(*_):
        raise error

    monkeypatch.setattr(bundle, "describe", interrupted)

    with pytest.raises(error):
        make(small_run, tmp_path / "made")

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_sentence_and_leaves_nothing(small_run, tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle.os, "fsync", full)

    with pytest.raises(
        RespikeError, match=r"cannot be copied: No space left on device; nothing was left beh"
    ):
        make(small_run, tmp_path / "made")

    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- another checkout


def test_another_lock_than_the_run_had_is_refused(small_run, copied, tmp_path):
    run = copied(small_run)
    (run / "envs/base.lock").write_text("numpy==1.0\n")

    said = r"^judge of small ran in base:\w{15}\.\.\., the lock here is base:\w{15}\.\.\.: .*"
    with pytest.raises(
        RespikeError, match=f"{said}check that commit out, or run again; then b"
    ):
        make(run, tmp_path / "made")


def test_another_study_than_was_judged_is_refused(small_run, copied, tmp_path):
    run = copied(small_run)
    study = run / "studies/small.yaml"
    study.write_text(study.read_text().replace("as good as", "better than"))

    with pytest.raises(
        RespikeError,
        match=r"^studies/small\.yaml says something else now than judge of small was told: c",
    ):
        make(run, tmp_path / "made")


def test_another_row_of_a_data_set_than_was_fetched_is_refused(small_run, copied, tmp_path):
    run = copied(small_run)
    table = run / licences.SOURCES
    table.write_text(table.read_text().replace("licence: MIT", "licence: BSD-3-Clause"))

    with pytest.raises(
        RespikeError,
        match=r"^respike/datasets/sources\.yaml says something else now than \w+ of closed-set",
    ):
        make(run, tmp_path / "made")


def test_other_code_than_the_run_had_is_refused(small_run, tmp_path, monkeypatch):
    code = Config.code
    monkeypatch.setattr(
        Config, "code", lambda self, stage, w: code(self, stage, w) * (stage != "prune")
    )

    with pytest.raises(
        RespikeError, match=r"^prune of small/pruned seed 0 was made by other code than is here"
    ):
        make(small_run, tmp_path / "made")


def test_a_comment_in_a_study_is_no_other_study(small_run, copied, tmp_path):
    run = copied(small_run)
    study = run / "studies/small.yaml"
    study.write_text(study.read_text() + "# a remark\n")

    assert make(run, tmp_path / "made").files


# ---------------------------------------------------------------- the word


@pytest.fixture
def say(small_run, monkeypatch, capsys):
    """Say `respike audit bundle` of the small run; exit code and lines."""
    monkeypatch.setattr(word.common, "ROOT", small_run)
    package = "respike.cli.audit"

    def said(*words):
        given = ["bundle", "--directory", str(small_run), *map(str, words)]
        code = dispatch("respike audit", package, {"bundle": WORDS["bundle"]}, given)
        return code, capsys.readouterr()

    return said


def test_the_word_says_size_withheld_root_and_where_to_publish_it(say, tmp_path):
    code, printed = say("--to", tmp_path / "made")

    root = sha256(tmp_path / "made/bundle.json")
    first, *rest = printed.out.splitlines()
    count = len(listed(tmp_path / "made"))
    assert code == 0
    assert first.startswith(f"{tmp_path}/made: {count} files, 0.3 MB, ")
    assert rest == [
        "withheld: 2 files of closed-set; README.txt says why",
        "signed: no; --sign KEY does it",
        f"root hash: {root}",
        "publish the root hash where nobody can change it afterwards (the paper, a release, a "
        "letter); who has it checks with: python3 -I check.py . --root HASH",
    ]


@signed
def test_the_word_signs(say, keys, tmp_path):
    code, printed = say("--to", tmp_path / "made", "--sign", keys / "ours")

    assert code == 0
    assert "signed: bundle.json.sig\n" in printed.out
    assert signature(tmp_path / "made", keys) == ""


def test_the_word_says_why_it_does_not(say, tmp_path):
    code, printed = say("--to", tmp_path, "--budget", "smoke")

    assert code == 2
    assert printed.err == (
        f"respike audit bundle: {tmp_path} is there already; remove it or say another with "
        "--to\n"
    )


def test_the_time_in_a_bundle_is_that_of_its_making(say, tmp_path, monkeypatch):
    monkeypatch.setattr(word.time, "gmtime", lambda: (2026, 1, 2, 3, 4, 5, 4, 2, 0))

    say("--to", tmp_path / "made")

    assert statement(tmp_path / "made")["made"] == "2026-01-02T03:04:05Z"
