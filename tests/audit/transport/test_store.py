"""DVC as far as it is used, in a checkout of two files."""

import os
import re
import subprocess
import sys

import pytest

from respike.audit.transport import ledger
from respike.audit.transport.store import opened
from respike.core.errors import Busy, ConfigError, RespikeError
from tests.workflow.snapshots import git, held, md5_of

NAMES = (
    "a/x",
    "a-b/x",
    "a.b/x",
    "a/y",
    "B/x",
    "ä/x",
)  # whose order differs, by part and by text


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "checkout"
    (folder / ".dvc").mkdir(parents=True)
    (folder / ".dvc/config").write_text("[core]\n    analytics = false\n")
    git(folder, "init", "-q")
    for name in NAMES:
        (folder / "results" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "results" / name).write_text(name)
    return folder


def remotes(root, *names, default=None, verify=True):
    text = "".join(
        f"['remote \"{name}\"']\n    url = ../{name}\n" + ("    verify = true\n" * verify)
        for name in names
    )
    core = f"[core]\n    remote = {default}\n" if default else ""
    (root / ".dvc/config").write_text(core + text)


def committed(root, store):
    store.describe("v.dvc", {"outs": [{"path": "results", "hash": "md5"}]})
    store.commit("v.dvc")
    return re.search(r"md5: (\w+\.dir)", (root / "v.dvc").read_text())[1]


def test_our_hash_of_a_folder_is_dvcs(root):
    with opened(root, print) as store:
        found = committed(root, store)

    files = {f"results/{name}": ledger.row(root / "results" / name) for name in NAMES}
    assert ledger.folder_md5(files, "results") == found
    assert held(root / ".dvc/cache", found).read_bytes() == ledger.listing(files, "results")


def test_an_edited_file_is_never_taken_for_the_one_that_it_was(root):
    """Of the same size and time, which DVC's memory goes by."""
    path = root / "results/a/x"
    with opened(root, print) as store:
        committed(root, store)
    status = path.stat()
    path.write_text("b/x")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    with opened(root, print) as store:
        committed(root, store)
        assert store.has(md5_of(b"b/x"))


def test_only_what_is_named_is_sent(root, tmp_path):
    with opened(root, print, str(tmp_path / "far")) as store:
        committed(root, store)
        count = store.push([md5_of(b"a/x")])
        again = store.push([md5_of(b"a/x")])

    assert (count, again) == (1, 0)
    assert [p.read_text() for p in (tmp_path / "far").rglob("*") if p.is_file()] == ["a/x"]


def test_what_is_fetched_is_checked_by_dvc(root, tmp_path):
    md5 = md5_of(b"a/x")
    with opened(root, print, str(tmp_path / "far")) as store:
        committed(root, store)
        store.push([md5])
        store.drop(md5)
    place = held(tmp_path / "far", md5)
    place.chmod(0o644)
    place.write_bytes(b"a/z")
    place.chmod(0o444)

    with opened(root, print, str(tmp_path / "far")) as store:
        store.fetch([md5])
        assert not store.has(md5)


@pytest.mark.parametrize("kind", ["copy", "reflink", "hardlink", "symlink"])
def test_a_file_is_placed_as_cache_type_says(kind, root):
    (root / ".dvc/config.local").write_text(f"[cache]\n    type = {kind}\n")
    with opened(root, print) as store:
        committed(root, store)
        store.place(md5_of(b"a/x"), root / "new/folder/x")
        source = store.object(md5_of(b"a/x"))

    path = root / "new/folder/x"
    assert path.read_text() == "a/x"
    assert path.is_symlink() is (kind == "symlink")
    assert (path.stat().st_ino == source.stat().st_ino) is (kind in {"hardlink", "symlink"})
    assert os.listdir(path.parent) == ["x"]


def test_a_kind_of_link_that_cannot_be_had_is_followed_by_the_next(root, monkeypatch):
    (root / ".dvc/config.local").write_text("[cache]\n    type = hardlink,copy\n")

    def refuse(*paths):
        raise OSError(18, "Invalid cross-device link")

    with opened(root, print) as store:
        committed(root, store)
        monkeypatch.setattr(os, "link", refuse)
        store.place(md5_of(b"a/x"), root / "new/x")

    assert (root / "new/x").read_text() == "a/x"


def test_where_no_kind_of_link_can_be_had_nothing_is_left_behind(root, monkeypatch):
    (root / ".dvc/config.local").write_text("[cache]\n    type = hardlink\n")

    def refuse(*paths):
        raise OSError(18, "Invalid cross-device link")

    with opened(root, print) as store:
        committed(root, store)
        monkeypatch.setattr(os, "link", refuse)
        with pytest.raises(RespikeError, match=r"new/x cannot be written: .*cross-device"):
            store.place(md5_of(b"a/x"), root / "new/x")

    assert os.listdir(root / "new") == []


def test_without_a_remote_there_is_none(root):
    with opened(root, print) as store:
        assert (store.remote(), store.where()) == (None, "no remote")


def test_one_remote_needs_not_be_the_default(root):
    remotes(root, "far")

    with opened(root, print) as store:
        assert store.remote() == "far"
        assert store.where().endswith("far")


@pytest.mark.parametrize(
    ("names", "options", "says"),
    [
        (["a", "b"], {}, r"there are 2 remotes \(a, b\) and none is the default; choose: "),
        (["a"], {"default": "b"}, r"the default remote 'b' is not configured; add one: "),
        (
            ["a"],
            {"verify": False},
            r"the remote 'a' has no `verify = true`, so that DVC would ",
        ),
        (["a", "b"], {"default": "a", "verify": False}, r"the remote 'a' has no `verify = tru"),
    ],
)
def test_a_remote_that_cannot_be_relied_on_is_refused(names, options, says, root):
    remotes(root, *names, **options)

    with opened(root, print) as store, pytest.raises(ConfigError, match=f"^{says}"):
        store.remote()


def test_one_remote_without_verification_among_several_is_refused(root):
    remotes(root, "a", "b", default="a")
    config = root / ".dvc/config"
    config.write_text(config.read_text().removesuffix("    verify = true\n"))

    with (
        opened(root, print) as store,
        pytest.raises(ConfigError, match=r"^the remote 'b' has no"),
    ):
        store.remote()


def test_a_password_in_an_address_is_not_said(root):
    (root / ".dvc/config").write_text(
        "['remote \"far\"']\n    url = ssh://me:secret@example.org/x\n    verify = true\n"
    )

    with opened(root, print) as store:
        assert store.where() == "example.org/x"


def test_a_remote_that_cannot_be_written_is_one_sentence(root, tmp_path):
    (tmp_path / "file").write_text("no folder")

    with opened(root, print, str(tmp_path / "file")) as store:
        committed(root, store)
        with pytest.raises(
            RespikeError, match=r"^the remote \S+/file (cannot be written|did not take 1 of 1)"
        ):
            store.push([md5_of(b"a/x")])


def test_another_dvc_command_that_never_ends_is_busy(root):
    code = (
        "import os, time, zc.lockfile; os.makedirs('.dvc/tmp', exist_ok=True)\n"
        "lock = zc.lockfile.LockFile('.dvc/tmp/lock'); print('held', flush=True)\n"
        "time.sleep(600)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True
    )
    said = []
    try:
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(Busy, match=r"^another dvc command works in \S+/checkout; wait"),
            opened(root, said.append, wait_s=0),
        ):
            pytest.fail("the lock is held by another")
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    assert said == []


def test_a_folder_that_dvc_does_not_know_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"has no .dvc/config, so that DVC does not know it"):
        opened(tmp_path, print).__enter__()
    assert not (tmp_path / ".dvc").exists()


def test_what_dvc_refuses_is_one_sentence(root):
    with (
        opened(root, print) as store,
        pytest.raises(RespikeError, match=r"^DVC cannot take absent.dvc into its cache: \S+"),
    ):
        store.commit("absent.dvc")
