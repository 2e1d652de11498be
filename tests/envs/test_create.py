"""envs/create.py before it installs anything: which machine, which Python, whether to work."""

import ast
import json
import os
import subprocess
import sys

import pytest

from tests.envs.conftest import ENVS


def fake_python(folder, name, answer, code=0):
    """Put a program on PATH that answers the probe like an interpreter."""
    path = folder / name
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' {answer}\nexit {code}\n")
    path.chmod(0o755)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A folder that is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_any_python_since_3_6_can_read_the_file():
    ast.parse((ENVS / "create.py").read_text(), feature_version=(3, 6))


@pytest.mark.parametrize(
    ("system", "machine", "libc", "sentence"),
    [
        ("Darwin", "arm64", None, r"this is macOS \(arm64\)\. Use a Linux machine"),
        ("Windows", "AMD64", None, r"this is Windows \(AMD64\)\. Use WSL 2"),
        ("Linux", "ppc64le", (2, 36), "x86-64 and arm64 processors; this one is ppc64le"),
        ("Linux", "x86_64", None, "glibc 2.28 or newer and this system has another C library"),
        ("Linux", "aarch64", (2, 17), "glibc 2.28 or newer and this system has glibc 2.17"),
    ],
)
def test_a_system_without_wheels_is_told_so(create, system, machine, libc, sentence):
    with pytest.raises(create.Stop, match=sentence):
        create.refuse_other_systems(system, machine, libc)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_linux_on_both_processors_is_accepted(create, machine):
    create.refuse_other_systems("Linux", machine, (2, 28))


def test_macos_gets_a_sentence_and_code_2_and_nothing_is_made(
    create, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(create, "ROOT", str(tmp_path))
    monkeypatch.setattr(create.platform, "system", lambda: "Darwin")

    code = create.main([])

    said = capsys.readouterr()
    assert code == 2
    assert said.err.startswith("respike set-up: respike runs on Linux")
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


def test_python_3_11_is_taken_though_python3_is_newer(create, path):
    fake_python(path, "python3", "3.12 /opt/new/python3 whole")
    fake_python(path, "python3.11", "3.11 /opt/old/python3.11 whole")

    assert create.find_python(["python3", "python3.11"]) == "/opt/old/python3.11"


def test_a_newer_python_alone_is_told_what_to_install(create, path):
    fake_python(path, "python3", "3.13 /opt/new/python3 whole")

    with pytest.raises(
        create.Stop, match=r"needs Python 3\.11; here is Python 3.13. Install it"
    ):
        create.find_python(["python3", "python3.11"])


def test_no_python_on_path_is_told_what_to_install(create, path):
    with pytest.raises(create.Stop, match=r"needs Python 3\.11; no Python is on PATH. Install"):
        create.find_python(["python3", "python3.11"])


def test_a_launcher_that_fails_is_passed_over(create, path):
    fake_python(path, "python3.11", "'no such version is active'", code=127)
    fake_python(path, "python3", "3.11 /opt/python3 whole")

    assert create.find_python(["python3.11", "python3"]) == "/opt/python3"


def test_a_python_without_ensurepip_names_the_package_that_is_missing(create, path):
    fake_python(path, "python3", "3.11 /usr/bin/python3.11 bare")

    with pytest.raises(
        create.Stop, match=r"python3\.11 lacks ensurepip.*apt-get install python3-venv"
    ):
        create.find_python(["python3"])


def test_the_running_python_is_recognised(create):
    found = create.find_python([sys.executable])

    version = subprocess.check_output([found, "-c", "import sys; print(sys.version_info[:2])"])
    assert version.split() == [b"(3,", b"11)"]


def test_every_entry_of_the_lock_is_read_with_its_hashes(create, lock):
    entries = create.read_lock("base.lock")

    packages = lock.read_lock(ENVS / "base.lock")
    assert list(entries) == list(packages)
    assert all(
        text.count("--hash=sha256:") == len(packages[name].hashes)
        for name, text in entries.items()
    )


@pytest.fixture
def finished(create, tmp_path, monkeypatch):
    """A checkout whose set-up is done, as far as one can see."""
    (tmp_path / "envs").mkdir()
    for name in ("base.lock", "cuda.lock"):
        (tmp_path / "envs" / name).write_text("six==1.17.0\n")
    monkeypatch.setattr(create, "ROOT", str(tmp_path))
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    for name in ("python", "respike"):
        (venv / "bin" / name).touch()
    state = {
        "base.lock": create.digest("base.lock"),
        "cuda.lock": None,
        "folder": os.path.realpath(venv),
    }
    (venv / "respike-ready").write_text(json.dumps(state))
    return tmp_path


def test_a_finished_set_up_starts_no_program_and_says_nothing(
    create, finished, monkeypatch, capfd
):
    monkeypatch.setattr(create.subprocess, "Popen", None)

    assert create.main([]) == 0
    assert capfd.readouterr() == ("", "")


def test_a_changed_lock_makes_the_set_up_unfinished(create, finished):
    (finished / "envs" / "base.lock").write_text("six==1.16.0\n")

    assert not create.is_ready(str(finished / ".venv"))


def test_a_cuda_lock_counts_only_where_it_was_installed(create, finished):
    ready = finished / ".venv" / "respike-ready"
    (finished / "envs" / "cuda.lock").write_text("triton==3.7.1\n")
    unused = create.is_ready(str(finished / ".venv"))
    state = json.loads(ready.read_text())
    ready.write_text(json.dumps({**state, "cuda.lock": "0" * 64}))

    assert unused
    assert not create.is_ready(str(finished / ".venv"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"base.lock": 1}'])
def test_a_torn_marker_makes_the_set_up_unfinished(create, finished, text):
    (finished / ".venv" / "respike-ready").write_text(text)

    assert not create.is_ready(str(finished / ".venv"))


def test_a_python_that_was_removed_makes_the_set_up_unfinished(create, finished):
    python = finished / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3.11")

    assert not create.is_ready(str(finished / ".venv"))


def test_an_environment_that_others_made_is_left_alone(create, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(create, "ROOT", str(tmp_path))
    theirs = tmp_path / ".venv" / "precious"
    theirs.parent.mkdir()
    theirs.write_text("theirs")

    code = create.main([])

    assert code == 2
    assert (
        "was not made by this program and is left as it is. Move it away"
        in capsys.readouterr().err
    )
    assert [path.name for path in theirs.parent.iterdir()] == ["precious"]


def test_a_full_disk_is_a_sentence(create, tmp_path, monkeypatch):
    usage = create.shutil.disk_usage(tmp_path)._replace(free=200_000_000)
    monkeypatch.setattr(create.shutil, "disk_usage", lambda _: usage)

    with pytest.raises(create.Stop, match=r"0\.2 GB are free at .*; the set-up needs 3"):
        create.refuse_full_disk(str(tmp_path), 3)


def test_a_folder_that_cannot_be_written_is_a_sentence(create, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(create, "ROOT", str(tmp_path / "envs"))
    (tmp_path / "envs").write_text("a file, so that no folder can be made below it")

    code = create.main([])

    assert code == 2
    assert capsys.readouterr().err == (
        f"respike set-up: {tmp_path}/envs/.venv: Not a directory\n"
    )
