"""Words that only read run no code of an artifact, start nothing, write nothing, and end.

Each word runs in a child process whose audit hook notes every event that could be harm, once on
a clean run, so that all is imported, then on folders full of hostile files.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit import finished, tamper
from tests.hostile import files as hostile
from tests.workflow import toy

AT = "results/smoke"
TRAIN = f"{AT}/small/dense/seed-0/train"
CHILD = """\
import json, os, sys
events, watching = [], False
HARM = {"pickle.find_class", "marshal.loads", "os.system", "os.exec", "os.fork", "os.forkpty",
        "os.posix_spawn", "os.spawn", "os.startfile", "subprocess.Popen", "os.remove",
        "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
        "os.chown", "os.utime", "os.mkfifo", "ctypes.dlopen", "code.__new__",
        "tempfile.mkstemp", "tempfile.mkdtemp"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
OURS = tuple(json.loads(sys.argv[1]))

def hook(event, args):
    if not watching:
        return
    if event in ("exec", "compile"):
        code = args[0] if event == "exec" else None
        name = code.co_filename if code is not None else args[1]
        if str(name).startswith(OURS) or str(name).startswith("<frozen"):
            return
        events.append(f"{event} {name}")
    elif event == "open":
        if isinstance(args[2], int) and args[2] & WRITES:
            events.append(f"open to write {args[0]}")
    elif event in HARM or event.partition(".")[0] in ("socket", "shutil", "urllib", "ftplib"):
        events.append(f"{event} {args!r}"[:300])

sys.addaudithook(hook)
from respike.cli import main
answers = []
for number, words in enumerate(json.loads(sys.argv[2])):
    watching = words[0] != "clean"
    try:
        if words[0] == "unpickle":
            import pickle
            answers.append(str(pickle.loads(open(words[1], "rb").read())))
        else:
            answers.append(main(words if watching else words[1:]))
    except BaseException as error:
        answers.append(f"{type(error).__name__}: {error}")
    watching = False
with open("said.json", "w") as file:
    json.dump({"answers": answers, "events": events}, file)
"""


def watched(cwd: Path, clean: list[list[str]], words: list[list[str]]):
    """Exit codes of the words after the clean ones, and what could be harm in any."""
    ours = [str(toy.ROOT), sys.prefix, sys.base_prefix]
    commands = [["clean", *line] for line in clean] + words
    done = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(ours), json.dumps(commands)],
        cwd=cwd, capture_output=True, text=True, errors="replace", timeout=120, check=False,
        env=toy.environment(PYTHONPATH=str(toy.ROOT), PYTHONDONTWRITEBYTECODE="1"),
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    said = json.loads((cwd / "said.json").read_text())
    return said["answers"][len(clean) :], said["events"]


def seed(folder: Path) -> int:
    """Put every hostile file into a run: among its files, and in the places of its own."""
    count = 0
    stage = folder / AT / "small/hostile/seed-0/train"
    count += len(hostile.make(stage))
    kinds = sorted(hostile.contents().items())
    listed = [line[66:] for line in (folder / AT / "SHA256SUMS").read_text().splitlines()]
    for number, path in enumerate(sorted(listed)):
        if number % 2 and (folder / path).exists():
            (folder / path).write_bytes(kinds[number * 7 % len(kinds)][1])
            count += 1
    for name in (
        "\x1b[31mred",
        "<img src=x onerror=alert(1)>",
        "=1+1",
        "\u202egnp",
        "a\nb",
        "-rf",
    ):
        (stage / name).write_bytes(b"x")
    (stage / "outside").symlink_to("/etc/passwd")
    (stage / "circle").symlink_to(".")
    (stage / "nowhere").symlink_to("nothing")
    os.mkfifo(stage / "pipe")
    os.mkfifo(stage / "record.json")
    curve = folder / TRAIN / "curve.csv"
    curve.unlink(missing_ok=True)
    os.mkfifo(curve)
    with open(stage / "huge.npz", "wb") as file:
        file.truncate(2**40)
    metrics = folder / TRAIN / "metrics.json"
    metrics.unlink(missing_ok=True)
    metrics.symlink_to("/dev/zero")
    escaping = f"{'0' * 64}  ../../../etc/passwd\n{'0' * 64}  /etc/passwd\n"
    with open(folder / AT / "SHA256SUMS", "a") as file:
        file.write(escaping)
    return count + 12


@pytest.fixture(scope="module")
def clean(small_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean") / "run"
    for top in ("results", "data", "logs", "benchmarks"):
        tamper.copy(small_run / top, folder / top)
    return folder


def test_at_least_sixty_hostile_files_are_met(clean, tmp_path):
    assert seed(tamper.copy(clean, tmp_path / "run")) >= 60


@pytest.mark.parametrize("kind", ["run", "bundle"])
def test_verify_runs_nothing_and_writes_nothing(kind, clean, small_bundle, tmp_path):
    whole = clean if kind == "run" else small_bundle.folder
    folder = tamper.copy(whole, tmp_path / "hostile")
    seed(folder)
    before = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))
    words = ["audit", "verify", str(folder)]

    answers, events = watched(
        tmp_path, [["audit", "verify", str(whole)]], [words, [*words, "--json"]]
    )

    assert events == []
    assert answers == [3, 3]
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*")) == before
    assert not list(tmp_path.rglob(hostile.MARK))
    assert not [p for p in tmp_path.rglob("*") if p.name.endswith(hostile.ESCAPED)]


@pytest.mark.parametrize("name", ["manifest.json", "SHA256SUMS", "verdict.json", "record.json"])
def test_verify_ends_with_a_sentence_where_what_holds_a_run_together_is_hostile(
    name, clean, tmp_path
):
    texts = [
        data for file, data in hostile.contents().items() if file.endswith((".json", ".yaml"))
    ]
    pickles = [data for file, data in hostile.contents().items() if "pickle" in file][:5]
    folders = []
    for number, data in enumerate([*texts[:25], *pickles]):
        folder = tmp_path / str(number)
        (folder / AT).mkdir(parents=True)
        for file in ("manifest.json", "SHA256SUMS", "verdict.json", "record.json"):
            (folder / AT / file).write_bytes((clean / AT / file).read_bytes())
        (folder / AT / name).write_bytes(data)
        folders.append(folder)

    answers, events = watched(
        tmp_path,
        [["audit", "verify", str(clean)]],
        [["audit", "verify", str(folder)] for folder in folders],
    )

    assert len(folders) >= 20
    assert events == []
    assert answers == [3] * len(folders)


def test_recompute_runs_nothing_though_every_hash_agrees(tmp_path, monkeypatch):
    whole = finished.copy(tmp_path / "whole")
    path = "results/desk/demo/a/seed-0/simulate/predictions.npz"
    chosen = [d for f, d in sorted(hostile.contents().items()) if f.endswith((".npz", ".npy"))]
    chosen += [d for f, d in sorted(hostile.contents().items()) if f.endswith((".pt", ".pkl"))]
    commands = []
    for number, data in enumerate([*chosen[:8], *chosen[-8:]]):
        folder = tamper.copy(whole, tmp_path / f"hostile-{number}")
        monkeypatch.chdir(folder)
        Path(path).write_bytes(data)
        finished.agree(path, {})
        commands.append(["audit", "recompute", str(folder)])

    answers, events = watched(tmp_path, [["audit", "recompute", str(whole)]], commands)

    assert events == []
    assert len(answers) == 16
    assert set(answers) <= {1, 3}
    assert not list(tmp_path.rglob(hostile.MARK))


def test_explain_runs_nothing(clean, tmp_path):
    folder = tamper.copy(clean, tmp_path / "hostile")
    (folder / AT / "small").rename(folder / AT / "mrf-mean-field")
    stage = folder / AT / "mrf-mean-field/weak/seed-0/simulate"
    hostile.make(stage)
    pickle = next(d for f, d in sorted(hostile.contents().items()) if f.endswith(".pkl"))
    (stage / "record.json").write_bytes(pickle)
    told = [
        ["audit", "explain", "mrf-mean-field/weak", "--budget", "smoke", "--directory", place]
        for place in (str(tmp_path / "empty"), str(folder))
    ]
    (tmp_path / "empty").mkdir()

    answers, events = watched(tmp_path, told[:1], told[1:])

    assert events == []
    assert answers[0] in (1, 2, 3)
    assert not list(tmp_path.rglob(hostile.MARK))


def test_the_hook_sees_what_it_is_there_for(tmp_path):
    """A positive control: unpickling the same files is noticed, and does what they want."""
    made = {path.name: path for path in hostile.make(tmp_path / "files")}
    pickles = [["unpickle", str(path)] for name, path in made.items() if name.endswith(".pkl")]

    _, events = watched(tmp_path, [], pickles)

    assert any(event.startswith("pickle.find_class") for event in events)
    assert any(
        event.startswith(("os.system", "subprocess", "exec", "open to")) for event in events
    )
