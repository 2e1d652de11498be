"""`respike snapshot`: what it says, what it refuses, and what it never sends."""

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys

import pytest

from respike.core import yaml
from tests.workflow import snapshots, toy
from tests.workflow.snapshots import ARRAYS, MODEL, RECORD, SOURCE


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A checkout after a run, which every test leaves as it was."""
    return snapshots.checkout(tmp_path_factory.mktemp("snapshot") / "toy")


@pytest.fixture(scope="module")
def taken(made, tmp_path_factory):
    """The folder it was sent to, and what the command said."""
    remote = tmp_path_factory.mktemp("remote") / "new" / "folder"
    done = toy.respike(made, "snapshot", "--to", str(remote))
    assert done.returncode == 0, done.stderr
    return remote, done


def pointer(folder, name):
    return yaml.load(folder / f"versions/{name}.dvc").value


# ------------------------------------------------------------------ what it does


def test_it_says_each_part_and_what_to_commit(taken):
    _, done = taken

    lines = re.sub(r"[\d.]+ (MB|s)\b", r"N \1", done.stderr).splitlines()

    assert lines[0] == "[1/3] data set digits: 8 files, N MB, N s"
    assert lines[1] == "[2/3] toy at desk: 37 files, N MB, N s"
    assert lines[2] == "[3/3] the page of desk: 9 files, N MB, N s"
    assert lines[3] == "54 files, N MB are in DVC's cache, N s"
    assert re.fullmatch(rf"sent \d+ files to {taken[0]}, N s", lines[4])
    assert done.stdout == (
        "to keep it, commit: git add versions/data-digits.dvc versions/desk-toy.dvc "
        "versions/desk.dvc\n"
    )


def test_git_sees_the_dvc_files_and_nothing_else(made, taken):
    assert snapshots.git(made, "status", "--porcelain", "-uall").split() == [
        "??", "versions/data-digits.dvc", "??", "versions/desk-toy.dvc", "??",
        "versions/desk.dvc",
    ]  # fmt: skip


def test_the_dvc_file_has_the_hash_of_the_ledger_and_of_the_manifest(made, taken):
    meta = pointer(made, "desk")["meta"]["respike"]

    for name, path in (
        ("ledger", "versions/desk.json"),
        ("manifest", "results/desk/manifest.json"),
    ):
        assert meta[name] == hashlib.sha256((made / path).read_bytes()).hexdigest()
    assert meta["commit"] == snapshots.git(made, "rev-parse", "HEAD").strip()


def test_dvcs_memory_is_a_folder_that_only_its_owner_reads(made, taken):
    memory = made / ".dvc/site-cache"

    assert stat.S_IMODE(memory.stat().st_mode) == 0o700


def test_plain_dvc_pull_gets_the_same_files(made, taken, tmp_path):
    folder = snapshots.clone(made, tmp_path / "clone")
    shutil.copytree(made / "versions", folder / "versions")
    config = f"[core]\n    remote = r\n['remote \"r\"']\n    url = {taken[0]}\n"
    (folder / ".dvc/config.local").write_text(config)

    done = toy._python("dvc", folder, "pull", "-q", "versions/desk-toy.dvc")

    assert done.returncode == 0, done.stderr
    assert (folder / MODEL).read_bytes() == (made / MODEL).read_bytes()


def test_a_second_snapshot_sends_nothing_but_what_names_it(made, taken):
    done = toy.respike(made, "snapshot", "--to", str(taken[0]))

    assert done.returncode == 0, done.stderr
    assert re.search(r"^sent 0 files to", done.stderr, re.M)


def test_one_study_is_taken_without_the_page(made, taken, tmp_path):
    done = toy.respike(made, "snapshot", "toy", "--to", str(tmp_path / "one"))

    assert done.returncode == 0, done.stderr
    assert "[2/2] toy at desk: 37 files" in done.stderr


# ------------------------------------------------------------------ what it refuses


def test_an_edited_result_is_named_and_no_snapshot_is_taken(made, taken):
    before = (made / "versions/desk-toy.dvc").read_bytes()
    with snapshots.edited(made / MODEL, snapshots.flipped((made / MODEL).read_bytes())):
        done = toy.respike(made, "snapshot")

    assert done.returncode == 3
    assert MODEL in done.stderr
    assert "so no snapshot was taken; `respike audit verify` says all" in done.stderr
    assert (made / "versions/desk-toy.dvc").read_bytes() == before


def test_an_edited_result_of_one_study_is_named_too(made, taken):
    with snapshots.edited(made / MODEL, snapshots.flipped((made / MODEL).read_bytes())):
        done = toy.respike(made, "snapshot", "toy")

    assert done.returncode == 1
    assert done.stderr == (
        f"respike snapshot: {MODEL} is not what train of toy/dense seed 0 recorded; no "
        "snapshot was taken. Remove what is wrong and run again\n"
    )


def test_a_file_that_no_record_names_is_refused(made, taken):
    stray = made / "results/desk/toy/notes.txt"
    stray.write_text("mine")
    try:
        done = toy.respike(made, "snapshot", "toy")
    finally:
        stray.unlink()

    assert done.returncode == 1
    assert "results/desk/toy/notes.txt is named by no record; no snapshot" in done.stderr


def test_a_run_that_is_not_whole_is_refused(made, taken):
    with snapshots.edited(made / RECORD, None):
        done = toy.respike(made, "snapshot")

    assert done.returncode == 2
    assert done.stderr == (
        f"respike snapshot: the run is not whole: 1 records are missing, the first is "
        f"{RECORD}; `respike run` makes them\n"
    )


@pytest.mark.slow
def test_a_scratch_variant_is_left_out(made, taken):
    scratch = made / "results/desk/toy/scratch-dense/seed-0/train/record.json"
    scratch.parent.mkdir(parents=True)
    scratch.write_text("{}")
    try:
        done = toy.respike(made, "snapshot", "toy")
    finally:
        shutil.rmtree(made / "results/desk/toy/scratch-dense")

    assert done.returncode == 0, done.stderr
    assert "scratch" not in (made / "versions/desk-toy.json").read_text()


def test_push_without_a_remote_says_how_to_add_one(made, taken):
    done = toy.respike(made, "snapshot", "--push")

    assert done.returncode == 2
    assert done.stderr == (
        "respike snapshot: no remote is configured in .dvc/config; add one: `.venv/bin/dvc "
        "remote add --default NAME URL` and `.venv/bin/dvc remote modify NAME verify true`\n"
    )


@pytest.mark.parametrize("words", [["snapshot", "--push"], ["restore"]])
def test_a_remote_that_checks_nothing_is_refused(words, made, taken, tmp_path):
    local = made / ".dvc/config.local"
    local.write_text(
        f"[core]\n    remote = far\n['remote \"far\"']\n    url = {tmp_path}/far\n"
    )
    if words == ["restore"]:
        shutil.move(made / "versions/desk.json", tmp_path)
        cached = snapshots.held(
            made / ".dvc/cache",
            next(
                out["md5"]
                for out in pointer(made, "desk")["outs"]
                if out["path"].startswith("versions/")
            ),
        )
        shutil.move(cached, tmp_path / "object")
    try:
        done = toy.respike(made, *words)
    finally:
        local.unlink()
        if words == ["restore"]:
            shutil.move(tmp_path / "desk.json", made / "versions/desk.json")
            shutil.move(tmp_path / "object", cached)

    assert done.returncode == 2
    assert (
        "the remote 'far' has no `verify = true`, so that DVC would take any bytes from it; "
        "set it: `.venv/bin/dvc remote modify far verify true`"
    ) in done.stderr
    assert not (tmp_path / "far").exists()


def test_no_remote_of_this_project_is_without_verification():
    config = (toy.ROOT / ".dvc/config").read_text()

    assert config.count("['remote ") == config.count("verify = true")


def test_another_dvc_command_is_waited_for(made, taken):
    code = (
        "import time, zc.lockfile\n"
        "lock = zc.lockfile.LockFile('.dvc/tmp/lock')\n"
        "print('held', flush=True); time.sleep(600)"
    )
    words = {"cwd": made, "stdout": subprocess.PIPE, "text": True, "env": toy.environment()}
    other = subprocess.Popen([sys.executable, "-c", code], **words)
    assert other.stdout.readline() == "held\n"
    ours = subprocess.Popen(
        [sys.executable, "-m", "respike", "snapshot", "toy"], stderr=subprocess.PIPE, **words
    )
    try:
        said = ours.stderr.readline()
        other.kill()
        _, rest = ours.communicate(timeout=120)
    finally:
        for process in (other, ours):
            process.kill()
            process.wait()
        other.stdout.close()

    assert said == "another dvc command works here; waiting up to 60 s\n"
    assert ours.returncode == 0, rest


def test_no_rule_and_no_stage_names_dvc():
    files = [toy.ROOT / "Snakefile", *(toy.ROOT / "workflow").rglob("*.smk")]
    files += (toy.ROOT / "respike/stages").glob("*.py")

    assert [f.name for f in files if re.search(r"\bdvc\b", f.read_text())] == []


# ------------------------------------------------------------------ licences


def sources(licence, redistribute="true"):
    """The toy's sources with a licence, and a second data set that may go."""
    return toy.SOURCES.replace("CC-BY-4.0", licence).replace(
        "redistribute: true", f"redistribute: {redistribute}"
    )


SECRET = hashlib.shake_256(b"the data that go to nobody").digest(4096)


def secretive(folder):
    """Data that may not be passed on, with bytes that stand nowhere else."""
    (folder / "respike/datasets/sources.yaml").write_text(sources("MIT", "false"))
    fetch, prepare = (folder / f"respike/stages/{stage}.py" for stage in ("fetch", "prepare"))
    text = fetch.read_text()
    assert text.count("* 50}") == 1
    secret = 'hashlib.shake_256(b"the data that go to nobody").digest(4096)'
    text = text.replace("* 50}", f'* 50, "secret.bin": {secret}}}')
    fetch.write_text(text.replace("import os\n", "import hashlib\nimport os\n"))
    text = prepare.read_text()
    assert text.count('"image": np.zeros((size, 8, 8), np.uint8)') == 1
    secret = 'np.frombuffer(job.read("source")["secret.bin"], np.uint8)'
    prepare.write_text(text.replace("np.zeros((size, 8, 8), np.uint8)", secret))


def everything(remote):
    """Bytes of every object of a folder remote."""
    return {p.name: p.read_bytes() for p in remote.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A checkout whose data may not be passed on, after a snapshot to a folder."""
    place = tmp_path_factory.mktemp("kept")
    folder = snapshots.checkout(place / "toy", secretive)
    done = toy.respike(folder, "snapshot", "--to", str(place / "remote"))
    assert done.returncode == 0, done.stderr
    snapshots.commit(folder)
    return folder, place / "remote", done


def test_what_is_kept_back_is_said_with_its_reason(kept):
    assert kept[2].stderr.splitlines()[-1] == (
        "kept back: data/digits, since respike/datasets/sources.yaml says `redistribute: "
        "false` of digits (licence MIT)"
    )


@pytest.mark.parametrize("path", [SOURCE, ARRAYS])
def test_no_byte_of_what_is_kept_back_is_in_the_remote(path, kept):
    folder, remote, _ = kept
    data = (folder / path).read_bytes()
    sent = everything(remote)

    assert hashlib.md5(data, usedforsecurity=False).hexdigest()[2:] not in sent
    pieces = [SECRET[at : at + 16] for at in range(0, len(SECRET), 16)]
    assert all(piece in data for piece in pieces)
    assert [n for n, held in sent.items() if any(piece in held for piece in pieces)] == []


def test_what_was_computed_from_it_is_sent(kept):
    folder, remote, _ = kept

    assert (folder / MODEL).read_bytes() in everything(remote).values()
    assert (folder / "results/data/digits/prepare/record.json").read_bytes() in everything(
        remote
    ).values()


def test_a_clone_without_it_is_whole_and_a_run_would_do_nothing(kept, tmp_path):
    folder = snapshots.clone(kept[0], tmp_path / "clone")

    done = toy.respike(folder, "restore", "--from", str(kept[1]))

    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == (
        f"kept back by its licence: 2 files ({SOURCE}, ...), since "
        "respike/datasets/sources.yaml says `redistribute: false` of digits (licence MIT); 2 "
        "jobs make them anew when something needs them, or --repair now"
    )
    assert done.stdout == "a run would do nothing: all is here\n"
    assert not (folder / "data").exists()


def test_repair_fetches_it_anew_and_nothing_else_runs(kept, tmp_path):
    folder = snapshots.clone(kept[0], tmp_path / "clone")

    done = toy.respike(folder, "restore", "--from", str(kept[1]), "--repair")

    assert done.returncode == 0, done.stderr
    assert re.search(r"^2 jobs: 1 fetch, 1 prepare$", done.stderr, re.M)
    assert done.stdout == "a run would do nothing: all is here\n"
    for path in (SOURCE, ARRAYS, "results/data/digits/fetch/record.json"):
        assert (folder / path).read_bytes() == (kept[0] / path).read_bytes()


@pytest.mark.slow
def test_where_it_cannot_be_had_repair_leaves_all_as_it_was(kept, tmp_path):
    folder = snapshots.clone(kept[0], tmp_path / "clone")

    done = toy.respike(
        folder, "restore", "--from", str(kept[1]), "--repair", RESPIKE_TOY_ABSENT="1"
    )

    assert "could not be had: results/data/digits/fetch: the toy data cannot be" in done.stderr
    assert done.stdout == "a run would do nothing: all is here\n"
    assert not (folder / SOURCE).exists()
    record = "results/data/digits/fetch/record.json"
    assert (folder / record).read_bytes() == (kept[0] / record).read_bytes()


@pytest.mark.slow
def test_a_setting_changed_without_it_plans_its_data_too(kept, tmp_path):
    folder = snapshots.clone(kept[0], tmp_path / "clone")
    snapshots.bring(folder, kept[1])
    study = folder / "studies/toy.yaml"
    study.write_text(study.read_text().replace("0.1, epochs: 1", "0.2, epochs: 1"))

    planned = snapshots.jobs(folder)

    assert {"prepare digits", "prune pruned 0", "prune pruned 1"} <= {*planned}


@pytest.mark.slow
def test_of_a_set_without_derivatives_nothing_that_was_computed_is_sent(tmp_path):
    def edit(folder):
        (folder / "respike/datasets/sources.yaml").write_text(sources("CC-BY-ND-4.0"))

    folder = snapshots.checkout(tmp_path / "toy", edit)
    done = toy.respike(folder, "snapshot", "--to", str(tmp_path / "remote"))
    snapshots.commit(folder)
    clone = snapshots.clone(folder, tmp_path / "clone")
    back = toy.respike(clone, "restore", "--from", str(tmp_path / "remote"))

    why = "its licence CC-BY-ND-4.0 allows no derivatives, and its arrays are one"
    assert f"kept back: results/desk/toy, since {why}\n" in done.stderr
    sent = everything(tmp_path / "remote").values()
    files = [
        p for top in ("data/digits", "results/desk/toy") for p in (folder / top).rglob("*")
    ]
    assert [p.name for p in files if p.is_file() and p.read_bytes() in sent] == []
    assert f"since {why}; 7 jobs make them anew" in back.stderr
    assert back.stdout == "a run would do 8 jobs\n"


@pytest.mark.parametrize(
    ("licence", "why"),
    [
        ("CC-BY-ND-4.0", "allows no derivatives, and its arrays are one"),
        ("CC-BY-NC-4.0", "allows no commercial use, which we cannot see to"),
        ("none-stated", "nobody has stated a licence for digits"),
    ],
)
def test_nd_nc_and_no_licence_are_kept_back(licence, why, tmp_path):
    from respike.audit.transport import versions

    (tmp_path / "respike/datasets").mkdir(parents=True)
    (tmp_path / "respike/datasets/sources.yaml").write_text(sources(licence))

    (said,) = versions.of_dataset(tmp_path, "digits").withheld.values()

    assert why in said


def test_the_bytes_of_what_is_kept_back_go_under_no_other_name(kept, tmp_path):
    folder = kept[0]
    record = folder / "results/data/digits/prepare/record.json"
    from respike.audit.transport import snapshot, versions
    from respike.audit.transport.ledger import Row
    from respike.audit.transport.whole import Named
    from respike.core.errors import RespikeError

    row = Row(3, "0" * 64, "1" * 32)
    secret = versions.Version("data-digits", ("data/digits",), {"data/digits": "why"}, (), "")
    open_ = versions.Version("desk-toy", ("results/desk/toy",), {}, (), "")
    parts = [
        snapshot.Part(secret, {ARRAYS: row}),
        snapshot.Part(open_, {"results/desk/toy/copy.npz": row}),
    ]

    with pytest.raises(
        RespikeError,
        match=rf"^results/desk/toy/copy.npz has the bytes of {ARRAYS}, which may be handed to ",
    ):
        snapshot.check_licences(parts, Named(folder, {}))
    assert json.loads(record.read_bytes())["status"] == "done"


def test_data_dvc_must_say_push_false_of_what_is_kept_back(kept):
    folder = kept[0]
    (folder / "data.dvc").write_text("outs:\n- path: data/digits\n  hash: md5\n")
    before = (folder / "versions/data-digits.dvc").read_bytes()
    try:
        done = toy.respike(folder, "snapshot", "toy")
    finally:
        os.unlink(folder / "data.dvc")

    assert done.returncode == 1
    assert "data.dvc would let data/digits be sent on, but" in done.stderr
    assert (folder / "versions/data-digits.dvc").read_bytes() == before
