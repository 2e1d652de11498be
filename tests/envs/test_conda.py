"""The conda side: solved, locked, made and activated with py-rattler, on a stand-in channel.

tests/envs/channel.py is the stand-in. No public channel is reached here.
"""

import contextlib
import fcntl
import hashlib
import re
import shutil
import subprocess

import pytest

from respike.core import environment
from tests.envs.channel import VERSION, Channel, served
from tests.envs.words import Checkout

CONDA = "respike.cli.envs.conda"
ASK = (
    "import os, sys, demo_app, demo_lib; print(demo_lib.version, sys.prefix, "
    "os.environ['CONDA_PREFIX'], os.environ['ACTIVATED_DEMO_APP'], os.environ['PATH'][:20])"
)


@pytest.fixture(scope="module")
def channel(tmp_path_factory):
    made = Channel(tmp_path_factory.mktemp("stand-in") / "channel")
    made.python()
    made.module("demo_lib", "1.0")
    made.module("demo_lib", "1.1")
    made.module("demo_app", "2.0", ("python", "demo-lib >=1.0"), suffix=".conda")
    return made


@pytest.fixture(scope="module")
def _checkout(tmp_path_factory):
    return Checkout(tmp_path_factory.mktemp("conda") / "a checkout")


@pytest.fixture
def checkout(_checkout, channel):
    """A checkout whose environment `demo` is locked to the stand-in and not made."""
    shutil.rmtree(_checkout.root / ".envs", ignore_errors=True)
    _checkout.yaml("demo", channel.url, f"python={VERSION}", "demo-app")
    done = _checkout.run("lock", "--side", "conda")
    assert done.returncode == 0, done.stderr
    return _checkout


def prefix(checkout):
    return checkout.root / ".envs/demo-conda"


def is_ready(checkout):
    return (prefix(checkout) / "respike-ready").exists()


def there(checkout):
    """Packages of the prefix, as conda notes them."""
    return sorted(path.name for path in (prefix(checkout) / "conda-meta").glob("*.json"))


# ---------------------------------------------------------------- lock


def test_a_lock_names_every_package_by_url_and_the_sha256_of_its_file(checkout, channel):
    lines = checkout.pin("demo").read_text().splitlines()

    rows = lines[lines.index("@EXPLICIT") + 1 :]
    files = [
        "noarch/demo-app-2.0-0.conda",
        "noarch/demo-lib-1.1-0.tar.bz2",
        f"linux-64/python-{VERSION}-host_0.tar.bz2",
    ]
    hashes = [
        hashlib.sha256((channel.folder / file).read_bytes()).hexdigest() for file in files
    ]
    assert rows == [
        f"{channel.url}/{file}#sha256:{value}"
        for file, value in zip(files, hashes, strict=True)
    ]
    made_from = hashlib.sha256((checkout.root / "envs/demo.yaml").read_bytes()).hexdigest()
    assert f"# demo.yaml sha256:{made_from}" in lines


def test_a_lock_asks_for_what_the_yaml_asks_for(checkout, channel):
    checkout.yaml("demo", channel.url, f"python={VERSION}", "demo-app", "demo-lib=1.0")

    checkout.run("lock", "--side", "conda")

    assert "/demo-lib-1.0-0.tar.bz2#" in checkout.pin("demo").read_text()


@pytest.mark.parametrize("spec", ["demo-app=3.0", "no-such-package"])
def test_a_yaml_without_a_solution_leaves_the_pin_as_it_is(checkout, channel, spec):
    before = checkout.pin("demo").read_bytes()
    checkout.yaml("demo", channel.url, spec)

    done = checkout.run("lock", "--side", "conda")

    assert done.returncode == 1
    assert f"envs/demo.yaml could not be solved from {channel.url}: " in done.stderr
    assert done.stderr.endswith("demo.linux-64.pin.txt is left as it is\n")
    assert checkout.pin("demo").read_bytes() == before


def test_a_channel_that_cannot_be_reached_is_a_sentence_and_changes_nothing(checkout, channel):
    before = checkout.pin("demo").read_bytes()
    with served(channel) as url:
        pass  # and is gone
    checkout.yaml("demo", url, "demo-app")

    done = checkout.run("lock", "--side", "conda")

    assert done.returncode == 1
    assert f"envs/demo.yaml could not be solved from {url}: " in done.stderr
    assert done.stderr.count("\n") == 1
    assert checkout.pin("demo").read_bytes() == before


def test_a_yaml_with_a_pip_list_is_not_solved(checkout):
    text = "name: x\nchannels: [c]\ndependencies:\n  - python\n  - pip:\n      - six==1.0\n"
    path = checkout.root / "envs/made-from-a-lock.yaml"
    path.write_text(text)

    done = checkout.run("lock", "--side", "conda")
    path.unlink()

    assert done.returncode == 0, done.stderr
    assert "made-from-a-lock" not in done.stdout


# ---------------------------------------------------------------- create


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_an_environment_is_made_from_the_pin_and_activated(checkout, channel, scheme):
    with served(channel) if scheme == "http" else contextlib.nullcontext(channel.url) as url:
        text = checkout.pin("demo").read_text().replace(channel.url, url)
        checkout.pin("demo").write_text(text)

        done = checkout.run("create", "demo", "--conda")

    assert done.returncode == 0, done.stderr
    assert re.search(r"fetched 3 of 3, .*\n.*installing 3 packages\n.*done in", done.stdout)
    said = subprocess.check_output(
        [prefix(checkout) / "bin/respike-python", "-c", ASK], text=True
    )
    at = str(prefix(checkout))
    assert said == f"1.1 {at} {at} 1 {at[:20]}\n"
    found = environment.described(
        environment.of_prefix(prefix(checkout)), "demo", checkout.root
    )
    assert (found["side"], found["differs"]) == ("conda", [])


def test_what_is_made_names_the_channel_it_is_from_and_keeps_no_copy(checkout, channel):
    checkout.run("create", "demo", "--conda")

    note = (prefix(checkout) / "conda-meta/demo-lib-1.1-0.json").read_text()
    assert f'"url": "{channel.url}/noarch/demo-lib-1.1-0.tar.bz2"' in note
    assert not [p.name for p in prefix(checkout).glob("respike-[pc]*")]


def test_a_second_creation_does_nothing(checkout):
    checkout.run("create", "demo", "--conda")
    before = (prefix(checkout) / "respike-ready").stat().st_mtime_ns

    done = checkout.run("create", "demo", "--conda")

    assert done.stdout == "demo      conda  .envs/demo-conda     as pinned (3 packages)\n"
    assert (prefix(checkout) / "respike-ready").stat().st_mtime_ns == before


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_a_file_with_another_sha256_is_refused_before_anything_is_unpacked(
    checkout, channel, scheme
):
    with served(channel) if scheme == "http" else contextlib.nullcontext(channel.url) as url:
        text = checkout.pin("demo").read_text().replace(channel.url, url)
        pattern = r"(demo-lib\S+sha256:)[0-9a-f]{64}"
        checkout.pin("demo").write_text(re.sub(pattern, r"\g<1>" + "0" * 64, text))

        done = checkout.run("create", "demo", "--conda")

    assert done.returncode == 1
    assert f"{url}/noarch/demo-lib-1.1-0.tar.bz2 has sha256 " in done.stderr
    assert "the pin says 0000000000000000...; nothing of it was unpacked" in done.stderr
    assert there(checkout) == []
    assert not is_ready(checkout)


@pytest.mark.parametrize(
    ("where", "whom", "kept"),
    [
        (f"{CONDA}:_fetch_one:2", "os.getpid()", 1),
        (f"{CONDA}:_install", "os.getppid()", 3),
        (f"{CONDA}:_Progress.on_link_complete", "os.getppid()", 3),
        (f"{CONDA}:_name_source:2", "os.getpid()", 3),
        (f"{CONDA}:_write_python", "os.getpid()", 3),
        ("respike.cli.envs.standing:mark", "os.getpid()", 0),  # the marker, the last of all
    ],
)
def test_a_killed_creation_is_cleared_and_the_same_command_makes_it(
    checkout, where, whom, kept
):
    killed = checkout.killed(where, "create", "demo", "--conda", whom=whom)
    state = checkout.run("list").stdout
    fetched = len(list((prefix(checkout) / "respike-packages").glob("*[2a]")))
    ready = is_ready(checkout)

    done = checkout.run("create", "demo", "--conda")

    assert killed.returncode == -9, killed.stderr
    assert (fetched, ready) == (kept, False)
    assert "half made, respike envs create demo --conda goes on" in state
    assert done.returncode == 0, done.stderr
    assert "clearing demo-conda" in done.stdout
    assert done.stdout.endswith("as pinned (3 packages)\n")


def test_a_kill_of_the_process_that_unpacks_is_told_and_the_same_command_goes_on(checkout):
    killed = checkout.killed(f"{CONDA}:_Progress.on_link_complete", "create", "demo", "--conda")

    done = checkout.run("create", "demo", "--conda")

    assert killed.returncode == 1
    assert "ended with SIGKILL; the same command goes on" in killed.stderr
    assert done.returncode == 0, done.stderr


def test_a_changed_pin_makes_the_environment_anew(checkout, channel):
    checkout.run("create", "demo", "--conda")
    checkout.yaml("demo", channel.url, f"python={VERSION}", "demo-app", "demo-lib=1.0")
    checkout.run("lock", "--side", "conda")

    checked = checkout.run("check", "demo", "--conda")
    done = checkout.run("create", "demo", "--conda")

    assert checked.returncode == 1
    assert "not as pinned: demo-lib is 1.1 0, pinned is 1.0 0" in checked.stdout
    assert done.returncode == 0, done.stderr
    assert there(checkout)[1] == "demo-lib-1.0-0.json"


def test_another_creation_at_the_same_time_is_waited_for(checkout):
    prefix(checkout).mkdir(parents=True)
    with (prefix(checkout) / "respike-lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with checkout.start("create", "demo", "--conda") as waiting:
            first = waiting.stdout.readline()
            early = sorted(path.name for path in prefix(checkout).iterdir())
            fcntl.flock(held, fcntl.LOCK_UN)
            waiting.communicate(timeout=120)

    assert "another set-up is at work in this folder; waiting for it" in first
    assert early == ["respike-lock"]
    assert waiting.returncode == 0
    assert is_ready(checkout)


def test_of_two_creations_at_once_one_makes_and_both_end_well(checkout):
    with contextlib.ExitStack() as stack:
        both = [
            stack.enter_context(checkout.start("create", "demo", "--conda")) for _ in range(2)
        ]
        said = [one.communicate(timeout=120)[0] for one in both]

    assert [one.returncode for one in both] == [0, 0], said
    assert sum("making demo-conda" in text for text in said) == 1
    assert is_ready(checkout)


def test_a_prefix_that_others_made_is_left_alone(checkout):
    prefix(checkout).mkdir(parents=True)
    (prefix(checkout) / "precious").write_text("theirs")

    done = checkout.run("create", "demo", "--conda")

    assert done.returncode == 1
    assert "was not made by this program and is left as it is" in done.stderr
    assert (prefix(checkout) / "precious").read_text() == "theirs"


def test_a_pin_with_a_line_without_a_hash_is_refused(checkout):
    text = checkout.pin("demo").read_text()
    checkout.pin("demo").write_text(re.sub(r"(demo-lib[^#]+)#\S+", r"\1", text))

    done = checkout.run("create", "demo", "--conda")

    assert done.returncode == 2
    assert re.search(r"envs/demo\.linux-64\.pin\.txt: '.*' is no URL#sha256:HASH", done.stderr)


def test_a_package_that_is_another_one_than_its_name_says_is_refused(checkout, tmp_path):
    other = Channel(tmp_path / "other")
    path = other.add("secret", "1.1", "0", {"site-packages/x.py": ""}, called="demo-lib")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    text = checkout.pin("demo").read_text()
    row = f"{path.as_uri()}#sha256:{digest}"
    checkout.pin("demo").write_text(re.sub(r"\S+/demo-lib\S+", row, text))

    done = checkout.run("create", "demo", "--conda")

    assert done.returncode == 1
    assert "holds secret 1.1 0 noarch; its name says another package" in done.stderr
    assert not is_ready(checkout)


def test_a_name_without_a_conda_side_is_told_what_it_has(checkout):
    done = checkout.run("create", "base", "--conda")

    assert done.returncode == 2
    assert "environment base has no conda side; it has: pip" in done.stderr


def test_rattler_itself_takes_a_local_file_whatever_hash_is_asked_for(channel, tmp_path):
    """Why each file is hashed before: if this fails one day, that may go."""
    import asyncio

    import rattler

    async def install():
        path = channel.folder / f"linux-64/python-{VERSION}-host_0.tar.bz2"
        record = await rattler.RepoDataRecord.from_package_archive(path)
        record.sha256 = bytes(32)
        options = {"cache_dir": tmp_path / "cache", "show_progress": False}
        await rattler.install([record], tmp_path / "prefix", **options)

    asyncio.run(install())

    assert (tmp_path / f"prefix/conda-meta/python-{VERSION}-host_0.json").exists()
