"""`doctor`: one line a thing, what is left out without it, and the package that helps."""

import fcntl
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from respike.cli import common, doctor, main
from respike.core.errors import ConfigError

IN = """\
# what we ask for
torch==2.13.0
PyYAML
scikit-learn >= 1
zoneinfo_x[extra]
not-locked
"""
LOCK = """\
--extra-index-url x
torch==2.13.0+cpu \\
    --hash=sha256:0
pyyaml==6.0.3 ; python_version > "3"
scikit-learn==1.8.0
zoneinfo-x==0.1
"""


@pytest.fixture
def root(tmp_path):
    """A checkout that pins five packages, one of them not in its lock."""
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/base.in").write_text(IN)
    (tmp_path / "envs/base.lock").write_text(LOCK)
    return tmp_path


@pytest.fixture
def children(monkeypatch):
    """Answers of the child processes, by a word in their code; what they were asked."""
    answers, asked = {}, []

    def child(code, *words, seconds=120, **env):
        asked.append((code, env))
        found = [answer for word, answer in answers.items() if word in code]
        return found[0] if found else (True, "1.0")

    monkeypatch.setattr(doctor, "_child", child)
    return SimpleNamespace(answers=answers, asked=asked)


def test_the_pinned_packages_are_those_asked_for_at_the_versions_of_the_lock(root):
    assert doctor.pinned(root) == [
        ("torch", "2.13.0+cpu"),
        ("PyYAML", "6.0.3"),
        ("scikit-learn", "1.8.0"),
        ("zoneinfo_x", "0.1"),
        ("not-locked", "?"),
    ]


def test_every_package_of_this_checkout_is_locked():
    versions = dict(doctor.pinned(common.ROOT))

    assert versions["torch"].startswith("2.")
    assert "?" not in versions.values()


def test_a_package_is_good_at_its_pinned_version_whatever_its_build(root, children):
    children.answers.update(
        {"'torch'": (True, "2.13.0"), "'yaml'": (True, "6.0.3"), "'sklearn'": (True, "1.7.9"),
         "'zoneinfo_x'": (False, "ModuleNotFoundError: no"), "'not_locked'": (False, "")}
    )  # fmt: skip

    assert doctor._packages(root) == [
        ("package torch", True, "2.13.0"),
        ("package PyYAML", True, "6.0.3"),
        (
            "package scikit-learn",
            False,
            "is 1.7.9, pinned is 1.8.0; run `make run` to repair",
        ),
        ("package zoneinfo_x", False, "ModuleNotFoundError: no"),
        ("package not-locked", False, "does not import"),
    ]


def test_a_package_is_asked_for_its_version_by_its_own_name_and_imported_by_pythons(
    root, children
):
    doctor._packages(root)

    assert "import_module('sklearn')" in children.asked[2][0]
    assert "m.version('scikit-learn')" in children.asked[2][0]


@pytest.mark.parametrize(
    ("egl", "osmesa", "found"),
    [
        ((True, "ok"), (True, "ok"), ("egl", "")),
        ((False, "no EGL"), (True, "ok"), ("osmesa", "")),
        ((False, "no EGL"), (False, "no OSMesa"), (None, "no OSMesa")),
    ],
)
def test_opengl_is_the_first_backend_that_renders_in_a_child(egl, osmesa, found, monkeypatch):
    answers = {"egl": egl, "osmesa": osmesa}
    monkeypatch.setattr(doctor, "_child", lambda code, MUJOCO_GL: answers[MUJOCO_GL])

    assert doctor.opengl() == found


# ------------------------------------------------------------------ children


def test_a_child_gives_the_last_line_it_says():
    assert doctor._child("print('first'); print('last')") == (True, "last")
    assert doctor._child("pass") == (True, "")
    assert doctor._child("import sys; print(sys.argv[1])", "word") == (True, "word")


def test_a_child_that_fails_gives_the_last_line_of_its_error():
    good, said = doctor._child("print('out'); raise ValueError('why')")

    assert (good, said) == (False, "ValueError: why")
    assert doctor._child("import os; os._exit(3)") == (False, "")


def test_a_child_gets_the_environment_and_what_is_added():
    code = "import os; print(os.environ['MUJOCO_GL'], bool(os.environ['PATH']))"

    assert doctor._child(code, MUJOCO_GL="egl") == (True, "egl True")


def test_a_child_that_does_not_answer_is_stopped():
    assert doctor._child("import time; time.sleep(60)", seconds=0.3) == (
        False,
        "no answer in 0 s",
    )


# ------------------------------------------------------------------ folders


def test_a_folder_whose_locks_work_is_good(tmp_path):
    good, _ = doctor._lock(tmp_path)

    assert good
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_locks_is_found_by_a_second_process(tmp_path, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", lambda *args: None)

    assert doctor._lock(tmp_path) == (
        False,
        "this file system has no working locks; choose another with --directory",
    )


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    folder = tmp_path / "none"

    assert doctor._lock(folder) == (
        False,
        f"{folder} cannot be written: No such file or directory",
    )
    assert doctor._disk(folder) == (False, f"{folder}: No such file or directory")


@pytest.mark.parametrize(
    ("gib", "row"),
    [
        (1.96, (False, "2.0 GiB free; 2 are needed")),
        (2, (True, "2.0 GiB free")),
        (1.5, (False, "1.5 GiB free; 2 are needed")),
    ],
)
def test_two_gib_of_disk_are_needed(gib, row, tmp_path, monkeypatch):
    usage = SimpleNamespace(free=gib * 2**30)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: usage)

    assert doctor._disk(tmp_path) == row


# ------------------------------------------------------------------ the whole


@pytest.fixture
def machine(root, children, monkeypatch):
    """A machine that has everything; a test takes something away."""
    monkeypatch.setattr(common, "ROOT", root)
    slurm = {"sbatch", "scontrol"}
    monkeypatch.setattr(
        doctor.shutil, "which", lambda name: None if name in slurm else f"/bin/{name}"
    )
    usage = SimpleNamespace(free=50 * 2**30)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: usage)
    monkeypatch.setattr(doctor, "_lock", lambda folder: (True, ""))
    (root / "envs/base.lock").write_text(LOCK + "not-locked==1.0\n")
    children.answers.update(
        {"'torch'": (True, "2.13.0"), "'yaml'": (True, "6.0.3"), "'sklearn'": (True, "1.8.0"),
         "'zoneinfo_x'": (True, "0.1"), "mujoco": (True, "ok"),
         "get_ffmpeg_exe": (True, "/somewhere/ffmpeg-7")}
    )  # fmt: skip
    return root


def said(capsys, root):
    code = main(["doctor", "--directory", str(root)])
    return code, capsys.readouterr().out.splitlines()


def test_a_machine_that_has_all_is_told_so(machine, capsys):
    code, lines = said(capsys, machine)

    assert code == 0
    assert lines == [
        "ok   package torch              2.13.0",
        "ok   package PyYAML             6.0.3",
        "ok   package scikit-learn       1.8.0",
        "ok   package zoneinfo_x         0.1",
        "ok   package not-locked         1.0",
        "ok   OpenGL                     egl",
        "ok   video encoder              ffmpeg-7",
        "ok   browser                    /bin/chromium",
        "ok   git                        /bin/git",
        "ok   file locks                 work",
        "ok   disk                       50.0 GiB free",
        f"ok   cores                      {len(os.sched_getaffinity(0))}",
        "ok   Slurm                      none here: jobs run on this machine",
        "all that a run needs is here",
    ]


@pytest.mark.parametrize(
    ("word", "line"),
    [
        (
            "mujoco",
            "LOOK OpenGL                     the film is left out; install libegl1 and "
            "libegl-mesa0 (gone)",
        ),
        ("get_ffmpeg_exe", "LOOK video encoder              the film is left out"),
    ],
)
def test_what_a_run_can_do_without_is_said_and_no_failure(
    word, line, machine, children, capsys
):
    children.answers[word] = (False, "gone")

    code, lines = said(capsys, machine)

    assert code == 0
    assert line in lines
    assert lines[-1] == "all that a run needs is here"


def test_without_browser_and_git_the_package_or_the_loss_is_named(machine, monkeypatch, capsys):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)

    code, lines = said(capsys, machine)

    assert code == 0
    assert "LOOK browser                    page tests are skipped; install chromium" in lines
    assert (
        "LOOK git                        claims have no registering commit; install git"
        in lines
    )


def test_a_slurm_that_does_not_answer_is_said_and_no_failure(machine, monkeypatch, capsys):
    def silent():
        raise ConfigError("Slurm's controller does not answer (timed out)")

    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(doctor.nodes, "read", silent)

    code, lines = said(capsys, machine)

    assert code == 0
    row = "LOOK Slurm                      Slurm's controller does not answer (timed out)"
    assert row in lines


def test_another_name_of_the_browser_will_do(machine, monkeypatch, capsys):
    found = {"chromium-browser": "/snap/chromium-browser", "git": "/bin/git"}
    monkeypatch.setattr(doctor.shutil, "which", found.get)

    assert "ok   browser                    /snap/chromium-browser" in said(capsys, machine)[1]


def test_a_broken_package_and_broken_locks_are_a_failure(
    machine, children, monkeypatch, capsys
):
    children.answers["'yaml'"] = (False, "ImportError: broken")
    monkeypatch.setattr(doctor, "_lock", lambda folder: (False, "no working locks"))

    code, lines = said(capsys, machine)

    assert code == 1
    assert "LOOK package PyYAML             ImportError: broken" in lines
    assert "LOOK file locks                 no working locks" in lines
    assert lines[-1] == "2 things must be mended first"


def test_the_probe_of_opengl_is_python_that_compiles():
    for code in (doctor._GL, doctor._LOCK):
        compile(code, "probe", "exec")


def test_the_second_process_cannot_take_a_lock_that_is_held(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    command = [sys.executable, "-c", doctor._LOCK, str(path)]
    with open(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        held = subprocess.run(command, capture_output=True, text=True, check=False)
    free = subprocess.run(command, capture_output=True, check=False)

    assert held.returncode == 1
    assert "BlockingIOError" in held.stderr
    assert free.returncode == 0
