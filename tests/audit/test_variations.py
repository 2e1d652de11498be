"""Copies of a checkout, and the proof that a variation was applied."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from respike.audit import probe, variations
from respike.audit.variations import Variation, unproven
from respike.core.errors import RespikeError
from tests.workflow import toy

# ------------------------------------------------------------------ copies


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_copy_holds_what_git_tracks_as_it_is_now(tmp_path):
    one = tmp_path / "one"
    (one / "deep").mkdir(parents=True)
    for name in ("kept", "gone", "deep/kept ü", "stray"):
        (one / name).write_text("before")
    for words in (["init", "-q"], ["add", "kept", "gone", "deep"]):
        subprocess.run(["git", "-C", str(one), *words], check=True)
    (one / "kept").write_text("now")
    (one / "gone").unlink()

    copy = variations.checkout(tmp_path / "a/copy", one)

    assert copy == tmp_path / "a/copy"
    assert files(copy) == ["deep/kept ü", "kept"]
    assert (copy / "kept").read_text() == "now"


def test_a_copy_of_what_is_no_git_checkout_leaves_out_what_runs_made(tmp_path):
    one = tmp_path / "one"
    made = ("data", "results", "logs", "benchmarks", "audits", ".snakemake", ".respike")
    for name in ("kept", "respike/b.py", "respike/__pycache__/c", ".venv/bin/python", *made):
        place = one / name / "file" if name in made else one / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()

    copy = variations.checkout(tmp_path / "copy", one)

    assert sorted(p.name for p in copy.iterdir()) == [".venv", "kept", "respike"]
    assert (copy / ".venv").readlink() == (one / ".venv").resolve()
    assert files(copy / "respike") == ["b.py"]


def test_where_git_fails_it_is_said(tmp_path):
    (tmp_path / ".git").write_text("gitdir: nowhere\n")

    with pytest.raises(
        RespikeError, match=r"^git does not say which files .* tracks: .*nowhere"
    ):
        variations.checkout(tmp_path / "copy", tmp_path)


def test_a_copy_is_run_by_its_own_interpreter_or_else_by_the_present_one(tmp_path):
    before = variations.python(tmp_path)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").touch()

    assert before == [sys.executable]
    assert variations.python(tmp_path) == [f"{tmp_path}/.venv/bin/python"]


def test_a_run_inherits_nothing_that_could_vary_it(monkeypatch, tmp_path):
    for name in ("RESPIKE_AUDIT_THREADS", "PYTHONPATH", "TZ", "LANG", "ATEN_CPU_CAPABILITY"):
        monkeypatch.setenv(name, "inherited")
    monkeypatch.setenv("RESPIKE_CACHE", "kept")
    monkeypatch.setenv("PATH", "kept")

    found = variations.environment(tmp_path)

    assert "inherited" not in found.values()
    assert found["RESPIKE_CACHE"] == found["PATH"] == "kept"
    named = (
        "TZ",
        "LC_ALL",
        "PYTHONHASHSEED",
        "RESPIKE_OFFLINE",
        "PYTHONPATH",
        "PYTHONNOUSERSITE",
    )
    assert [found[name] for name in named] == ["UTC", "C.UTF-8", "0", "1", str(tmp_path), "1"]


def test_without_a_cache_of_its_own_a_run_takes_the_users(monkeypatch, tmp_path):
    monkeypatch.delenv("RESPIKE_CACHE", raising=False)

    assert "RESPIKE_CACHE" not in variations.environment(tmp_path)


@pytest.fixture
def fake(tmp_path):
    """A copy whose command is a few lines of Python."""

    def make(code):
        (tmp_path / "respike").mkdir()
        (tmp_path / "respike/__main__.py").write_text(code)
        return tmp_path

    return make


def test_a_run_gets_budget_studies_variables_and_umask_and_tells_what_was_said(fake):
    folder = fake(
        "import os, sys\nprint(sys.argv[1:], os.environ['A'], oct(os.umask(0)), flush=True)\n"
        "print('to stderr', os.getcwd(), file=sys.stderr)\nsys.exit(7)"
    )

    ran = variations.run(folder, "smoke", ["one"], {"A": "b"}, umask=0o027)

    assert (ran.code, ran.said) == (
        7,
        f"['run', '--budget', 'smoke', 'one'] b 0o27\nto stderr {folder}\n",
    )
    assert 0 < ran.seconds < 20


def test_a_run_is_started_by_the_command_that_varies_it(fake):
    folder = fake("import os\nprint(os.environ['BY'])")

    assert variations.run(folder, "smoke", prefix=["env", "BY=env"]).said == "env\n"


def test_a_run_that_takes_too_long_is_killed(fake):
    folder = fake("import time\nprint('began', flush=True)\ntime.sleep(60)")

    ran = variations.run(folder, "smoke", timeout_s=2)

    assert (ran.code, ran.said) == (-9, "began\n\nkilled after 2 s")
    assert ran.seconds < 30


# ------------------------------------------------------------------ proof


def seen(**facts):
    return {"command": ["python", "-m", "respike.stages.train"], **facts}


VARIED = Variation("zone", "another time zone", "zone", lambda value: value[0] == 5)


def test_a_variation_is_proven_where_every_process_of_a_stage_saw_it():
    before, after = seen(zone=[0]), seen(zone=[5])

    assert unproven(VARIED, [after, after], [before, before]) == ""


def test_one_process_that_did_not_see_it_leaves_it_unproven():
    before, after = seen(zone=[0]), seen(zone=[5])

    why = unproven(VARIED, [after, before], [before, before])

    assert why == "a process of a stage saw zone [0], before [0]"


def test_another_value_than_the_one_that_was_set_proves_nothing():
    why = unproven(VARIED, [seen(zone=[4])], [seen(zone=[0])])

    assert why == "a process of a stage saw zone [4], before [0]"


def test_where_the_reference_was_like_that_already_nothing_is_proven():
    assert unproven(VARIED, [seen(zone=[5])], [seen(zone=[5])]) != ""


def test_fewer_processes_than_before_prove_nothing():
    why = unproven(VARIED, [seen(zone=[5])], [seen(zone=[0])] * 2)

    assert why == "1 processes of stages told what they saw, 2 before"


def test_no_process_at_all_proves_nothing():
    busy = Variation("load", "busy processes")

    assert unproven(busy, [], []) == "0 processes of stages told what they saw, 0 before"
    assert unproven(busy, [seen()], [seen()]) == ""


@pytest.mark.parametrize(
    ("listing", "proven"), [(["c", "b", "a"], True), (["b", "a", "c"], False)]
)
def test_a_listing_must_be_turned_about_whole(listing, proven):
    order = Variation("file-order", "listings backwards", "listing")

    why = unproven(order, [seen(listing=listing)], [seen(listing=["a", "b", "c"])])

    assert (why == "") is proven


def test_the_ten_are_ten_and_each_shows_its_own_change(tmp_path):
    found = {variation.name: variation for variation in variations.ten()}

    assert list(found) == [
        "path", "name", "zone", "locale", "umask", "user", "host", "hash-seed", "file-order",
        "load",
    ]  # fmt: skip
    assert [variation.fact for variation in found.values()] == [
        "folder", "folder", "zone", "locale", "umask", "user", "host", "hash", "listing", "",
    ]  # fmt: skip
    right = {
        "path": f"/tmp/x/{found['path'].folder}",
        "name": "/tmp/x/other folder ü",
        "zone": [-50400, "FAR", "FAR"],
        "umask": 0o077,
        "user": 4321,
        "host": "another-host",
        "hash-seed": variations.hash_under("20240229"),
    }
    assert [name for name, value in right.items() if not found[name].shown(value)] == []
    wrong = {**dict.fromkeys(right, 0), "path": "/tmp/x/copy", "name": "/tmp/x", "zone": [0]}
    assert [name for name, value in wrong.items() if found[name].shown(value)] == []
    assert found["load"].busy == os.cpu_count()


def test_the_host_name_and_the_user_are_changed_where_the_kernel_allows_it():
    for variation in variations.ten():
        if variation.name not in ("host", "user") or variation.missing:
            continue
        code = "import os; print([os.uname().nodename, os.getuid()])"

        done = subprocess.run(
            [*variation.prefix, sys.executable, "-c", code],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

        assert str({"host": "another-host", "user": 4321}[variation.name]) in done.stdout


def test_what_a_machine_cannot_do_has_its_reason():
    assert variations._cannot(["/no/such/command"]) == (
        "/no/such/command: No such file or directory"
    )
    assert variations._cannot(["sh", "-c", "echo why >&2; exit 3"]) == "why"
    assert variations._cannot(["sh", "-c", "exit 3"]) == "it ended with 3"
    assert variations._cannot(["env"]) == ""


def test_the_locale_is_the_first_that_is_installed(monkeypatch):
    order = ("de_DE.utf8", "tr_TR.utf8", "fr_FR.utf8", "en_US.utf8", "POSIX")
    for first, name in enumerate(order):
        said = subprocess.CompletedProcess(
            [], 0, stdout="\n".join(["C", *order[:first:-1], name])
        )
        monkeypatch.setattr(subprocess, "run", lambda *words, said=said, **more: said)

        assert variations.locale() == name


def test_without_a_list_of_locales_it_is_posix(monkeypatch):
    def fail(*words, **more):
        raise OSError

    monkeypatch.setattr(subprocess, "run", fail)

    assert variations.locale() == "POSIX"


def test_busy_processes_take_time_and_end(tmp_path):
    with variations.busy(2) as used:
        end = time.monotonic() + 20
        while used() < 0.2 and time.monotonic() < end:
            time.sleep(0.05)
        took = used()

    assert took >= 0.2
    assert used() == 0


# ------------------------------------------------------------------ the probe


def told(tmp_path, env, code="", **more):
    """Rows of a stage and of another process, in a folder that is watched."""
    (tmp_path / "respike.stages.toy").write_text(code)
    with variations.watched(tmp_path, tmp_path) as ours:
        for words in (["respike.stages.toy"], ["-c", ""]):
            subprocess.run(
                [sys.executable, *words], cwd=tmp_path, check=True,
                env=toy.environment(PYTHONPATH=str(tmp_path), **ours, **env), **more,
            )  # fmt: skip
    return variations.rows(tmp_path)


def test_a_process_of_a_stage_tells_what_it_sees(tmp_path):
    (row,) = told(tmp_path, {"TZ": "XYZ-1", "PYTHONHASHSEED": "5", "LC_ALL": "C"}, umask=0o017)

    assert row["command"] == [sys.executable, "respike.stages.toy"]
    assert row["folder"] == str(tmp_path)
    assert row["zone"] == [-3600, "XYZ", "XYZ"]
    assert row["locale"] == ["C", 1]
    assert row["umask"] == 0o017
    assert row["user"] == os.getuid()
    assert row["host"] == os.uname().nodename
    assert row["hash"] == variations.hash_under("5")
    assert row["listing"] == os.listdir(tmp_path / "listed")
    assert sorted(row["listing"]) == sorted(variations.LISTED)


def test_listings_are_turned_about_for_all_that_stands_on_them(tmp_path):
    code = (
        "import glob, json, os, pathlib; here = pathlib.Path('listed')\n"
        "with os.scandir('listed') as found: scanned = [e.name for e in found]\n"
        "print(json.dumps([os.listdir('listed'), scanned, [p.name for p in here.iterdir()],\n"
        "  [p.name for p in here.glob('*')], next(os.walk('listed'))[2],\n"
        "  [os.path.basename(p) for p in glob.glob('listed/*')]]))"
    )
    out = (tmp_path / "out").open("w+")

    (row,) = told(tmp_path, {probe.REVERSED: "1"}, code, stdout=out)

    backwards = os.listdir(tmp_path / "listed")[::-1]
    assert row["listing"] == backwards
    assert json.loads(Path(out.name).read_text()) == [backwards] * 6
    out.close()


def test_what_is_watched_no_longer_has_no_probe(tmp_path):
    with variations.watched(tmp_path, tmp_path):
        assert (tmp_path / "sitecustomize.py").exists()

    assert not (tmp_path / "sitecustomize.py").exists()


def test_without_its_variable_the_probe_does_nothing(monkeypatch, tmp_path):
    monkeypatch.delenv(probe.ROWS, raising=False)
    monkeypatch.delenv(probe.REVERSED, raising=False)
    monkeypatch.chdir(tmp_path)
    before = os.listdir, os.scandir

    probe.main()

    assert (os.listdir, os.scandir) == before
    assert list(tmp_path.iterdir()) == []
