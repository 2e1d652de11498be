"""No hostile file runs code, leaves its folder, crashes its reader or fills the memory."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from respike.core.errors import DamagedFile
from respike.core.foreign import parse_foreign
from tests.hostile import files, forks
from tests.hostile.readers import suffixes_in_a_child

ROOT = Path(__file__).resolve().parents[2]
# What may be read: nothing in it is hostile to these readers, who take no name as a path and
# open nothing inside. Everything else must be refused.
READ = {
    ("csv-formula.csv", "io.parse"),  # text is text; writing one is another matter
    ("csv-escapes.csv", "io.parse"),
    ("csv-nul.csv", "io.parse"),
    ("gz-bomb-twice.tar.gz", "archives.gunzip"),  # once unpacked, it is small
    ("gz-joined-empty.tar.gz", "archives.gunzip"),
    ("gz-many.tar.gz", "archives.extract"),  # 2,000 empty members
    ("gz-many.tar.gz", "archives.gunzip"),
    ("tar-empty.tar", "archives.extract"),
    ("zip-comment.zip", "archives.extract"),  # git archive puts a commit there
    ("zip-bomb-nested.zip", "archives.extract"),  # the archive inside stays shut
    ("zip-device.zip", "io.parse"),  # members of our own zips never become files
    ("zip-file-and-folder.zip", "io.parse"),
}
READ_IN_A_CHILD = {
    "bdf-edf-inside.bdf",  # the first bytes say which of the two it is
    "edf-bdf-inside.edf",
    "hdf5-many.h5",
    "hdf5-object-text.h5",
    "hdf5-variable.h5",
    "mat-char-kind.mat",
    "mat-dims-negative.mat",  # scipy takes -1 for "as many as there are"
    "mat-dims-none.mat",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """All hostile files, in a folder inside another, so that an escape is seen."""
    inner = tmp_path_factory.mktemp("hostile") / "inner"
    files.make(inner)
    return inner


@pytest.fixture(scope="module")
def told(folder):
    """What the readers of one process said of all files."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.readers", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def told_by_children(folder):
    """The same of the files that are parsed in children, each in one of its own."""
    kept = [p for p in sorted(folder.iterdir()) if p.suffix in suffixes_in_a_child()]
    return forks.say({p.name: p.read_bytes() for p in kept})


def unhurt(folder: Path) -> bool:
    names = {path.name for path in folder.parent.rglob("*")}
    outside = [Path(files.ESCAPED), Path("/tmp") / files.ESCAPED, Path(files.MARK)]
    here = {files.MARK, files.ESCAPED} & names
    return not here and not any(path.exists() for path in outside)


def test_there_are_far_more_than_sixty(folder):
    assert len(list(folder.iterdir())) >= 300


def test_no_reader_crashes_and_each_refusal_is_one_sentence(told):
    crashed = [row for row in told["rows"] if row[2] == "crashed"]
    long = [row for row in told["rows"] if "\n" in row[3] or len(row[3]) > 900]

    assert crashed == []
    assert long == []


def test_what_is_hostile_is_refused(told):
    read = {(name, reader) for name, reader, end, _ in told["rows"] if end == "read"}

    assert read == READ


def test_no_code_runs_and_nothing_is_written_or_reached(told, folder):
    assert told["seen"] == []
    assert unhurt(folder)


def test_memory_stays_below_two_gigabytes(told, told_by_children):
    assert told["peak_mb"] < 2000
    assert max(said.peak_mb for said in told_by_children.values()) < 2000


def test_no_parser_of_a_foreign_format_gets_further_than_its_child(told_by_children, folder):
    read = {name for name, said in told_by_children.items() if said.end == "read"}
    strange = {n: s for n, s in told_by_children.items() if s.end not in {"read", "refused"}}

    assert read == READ_IN_A_CHILD
    assert {s.end for s in strange.values()} <= {"died"}
    assert unhurt(folder)


@pytest.mark.parametrize(
    "name", ["pickle-system.pt", "pickle-legacy.pth", "hdf5-external-link.h5", "mat-nested.mat"]
)
def test_the_real_child_says_the_same(name, folder, told_by_children):
    with pytest.raises(DamagedFile) as error:
        parse_foreign(name, (folder / name).read_bytes())

    assert told_by_children[name].why in str(error.value)
    assert unhurt(folder)


@pytest.mark.slow
def test_the_real_child_refuses_every_file(folder, told_by_children):
    def one(path):
        try:
            parse_foreign(path.name, path.read_bytes(), timeout_s=60)
        except DamagedFile as error:
            return path.name, str(error)
        return path.name, ""

    with ThreadPoolExecutor(2) as pool:
        found = dict(pool.map(one, [folder / name for name in told_by_children]))

    assert {name for name, said in found.items() if not said} == READ_IN_A_CHILD
    assert all("\n" not in said for said in found.values())
    assert unhurt(folder)
