"""A remote over SSH, for real: Debian's sshd on loopback, with keys made for the test."""

import getpass
import importlib.util
import os
import shutil
import socket
import subprocess
import time

import pytest

from tests.workflow import snapshots, toy
from tests.workflow.snapshots import MODEL, bring, edited, held

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin")
KEYGEN = shutil.which("ssh-keygen")
pytestmark = [
    pytest.mark.skipif(not (SSHD and KEYGEN), reason="no sshd: apt-get install openssh-server"),
    pytest.mark.skipif(
        importlib.util.find_spec("dvc_ssh") is None, reason="dvc-ssh is not in this environment"
    ),
]
CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {place}/host
PidFile {place}/sshd.pid
AuthorizedKeysFile {place}/user.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
            client.settimeout(5)
            return client.recv(4) == b"SSH-"
    except OSError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A running sshd: its port, its folder of keys, its process."""
    place = tmp_path_factory.mktemp("sshd")
    for name in ("host", "user"):
        subprocess.run(
            [KEYGEN, "-q", "-t", "ed25519", "-N", "", "-f", str(place / name)], check=True
        )
    port = free_port()
    (place / "config").write_text(CONFIG.format(port=port, place=place))
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)  # root's sshd wants it and does not make it
    with open(place / "log", "wb") as log:
        process = subprocess.Popen(
            [SSHD, "-f", str(place / "config"), "-D", "-e"], stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + 10
        while not answers(port):
            if process.poll() is not None or time.monotonic() > end:
                pytest.skip(f"sshd does not start: {(place / 'log').read_text()[-300:]}")
            time.sleep(0.05)
        yield port, place
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def origin(server, tmp_path_factory):
    """A checkout with the remote in .dvc/config as a user adds it, after `snapshot --push`."""
    port, keys = server
    place = tmp_path_factory.mktemp("ssh")
    folder = snapshots.checkout(place / "toy")
    url = f"ssh://{getpass.getuser()}@127.0.0.1:{port}{place}/far"
    for words in (
        ["add", "--default", "far", url],
        ["modify", "far", "verify", "true"],
        ["modify", "far", "keyfile", str(keys / "user")],
    ):
        done = toy._python("dvc", folder, "remote", *words, HOME=str(keys))
        assert done.returncode == 0, done.stderr
    snapshots.commit(folder)
    done = toy.respike(folder, "snapshot", "--push", HOME=str(keys))
    assert done.returncode == 0, done.stderr
    snapshots.commit(folder)
    return folder, place / "far", done


@pytest.fixture
def home(server, monkeypatch):
    """No key and no known host of whoever runs the tests."""
    monkeypatch.setenv("HOME", str(server[1]))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def test_push_says_where_to_without_a_password(origin, server):
    assert f" files to 127.0.0.1:{server[0]}{origin[1]}, " in origin[2].stderr
    assert held(origin[1], snapshots.md5_of((origin[0] / MODEL).read_bytes())).exists()


def test_a_clone_restores_over_ssh_and_a_run_would_do_nothing(origin, home, tmp_path):
    folder = snapshots.clone(origin[0], tmp_path / "clone ö")

    done = toy.respike(folder, "restore")

    assert done.returncode == 0, done.stderr
    assert done.stdout == "a run would do nothing: all is here\n"
    assert (folder / MODEL).read_bytes() == (origin[0] / MODEL).read_bytes()


@pytest.mark.parametrize(
    "wrong", [snapshots.flipped, lambda data: b"<html>Log in</html>", lambda data: None]
)
def test_what_the_server_sends_wrong_is_refused_by_name(wrong, origin, home, tmp_path):
    folder = snapshots.clone(origin[0], tmp_path / "clone")
    place = held(origin[1], snapshots.md5_of((origin[0] / MODEL).read_bytes()))

    with edited(place, wrong(place.read_bytes())):
        _, found = bring(folder, None)

    assert [bad.path for bad in found.bad] == [MODEL]
    assert not (folder / MODEL).exists()


def test_a_server_that_is_away_is_one_sentence(origin, home, tmp_path):
    folder = snapshots.clone(origin[0], tmp_path / "clone")
    config = folder / ".dvc/config"
    port = free_port()
    text = config.read_text()
    config.write_text(text.replace(text.split("127.0.0.1:")[1].split("/")[0], str(port)))

    done = toy.respike(folder, "restore")

    assert done.returncode == 1
    assert done.stderr.startswith(f"respike restore: the remote 127.0.0.1:{port}/")
    assert len(done.stderr.splitlines()) == 1
    assert not (folder / "results").exists()
