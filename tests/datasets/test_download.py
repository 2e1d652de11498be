"""What a download does on each kind of bad day, and what it then says."""

import errno
import hashlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from email.utils import formatdate
from pathlib import Path

import pytest

from respike.core.errors import RespikeError
from respike.datasets.cache import Cache
from respike.datasets.download import Patience, Rejected
from respike.datasets.fetching import fetch
from respike.datasets.sources import Unreachable
from tests.datasets.server import (
    DATA,
    OTHER,
    Server,
    cut,
    dripping,
    endless,
    good,
    page,
    plain,
    stuck,
)

ROOT = Path(__file__).resolve().parents[2]
SHA = hashlib.sha256(DATA).hexdigest()
OTHER_SHA = hashlib.sha256(OTHER).hexdigest()
HASTE = Patience(tries=3, connect_s=2, read_s=0.3, first_wait_s=0.01, longest_wait_s=2)


def row(*urls):
    file = {"name": "big.bin", "bytes": len(DATA), "sha256": SHA, "urls": list(urls)}
    return {"source": "https", "files": [file]}


def get(tmp_path, *urls, patience=HASTE):
    """Fetch big.bin and say what is left in the folder of partial files."""
    return fetch("toy", row(*urls), cache=Cache(tmp_path), patience=patience)["big.bin"]


def partial(tmp_path):
    return sorted(p.name.replace(SHA, "SHA") for p in (tmp_path / "partial").iterdir())


def test_a_file_is_kept_under_its_hash_with_a_note_of_where_it_came_from(tmp_path):
    with Server(file=good()) as server:
        assert get(tmp_path, server.url("file")) == DATA

    kept = tmp_path / "sha256" / SHA[:2] / SHA
    note = json.loads(kept.with_name(f"{SHA}.json").read_text())
    assert kept.read_bytes() == DATA
    assert kept.stat().st_mode & 0o777 == 0o444
    assert (note["url"], note["etag"], note["tls"]) == (server.url("file"), '"a"', False)
    assert note["bytes"] == len(DATA)
    assert partial(tmp_path) == []


def test_a_named_client_asks_for_the_bytes_as_they_are(tmp_path):
    with Server(file=good()) as server:
        get(tmp_path, server.url("file"))

    asked = server.seen[0][1]
    assert asked["User-Agent"].startswith("respike/")
    assert asked["Accept-Encoding"] == "identity"


def test_a_second_fetch_asks_nobody(tmp_path):
    with Server(file=good()) as server:
        get(tmp_path, server.url("file"))
        get(tmp_path, server.url("file"))

    assert len(server.seen) == 1


def test_a_broken_download_goes_on_where_it_broke(tmp_path):
    with Server(file=[cut(), good()]) as server:
        assert get(tmp_path, server.url("file")) == DATA

    assert server.ranges() == [None, f"bytes={len(DATA) // 2}-"]
    assert server.seen[1][1]["If-Range"] == '"a"'


def test_each_progress_renews_the_budget_of_tries(tmp_path):
    def tenth(handler):
        start = int(handler.headers.get("Range", "bytes=0-")[6:-1])
        span = f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"
        handler.head(206 if start else 200, len(DATA) - start, ETag='"a"', Content_Range=span)
        handler.wfile.write(DATA[start : start + len(DATA) // 10])

    with Server(file=tenth) as server:
        assert get(tmp_path, server.url("file")) == DATA

    assert len(server.seen) >= 10 > HASTE.tries


def test_a_server_that_ignores_the_range_is_read_from_the_start(tmp_path):
    with Server(file=[cut(), good(resumable=False)]) as server:
        assert get(tmp_path, server.url("file")) == DATA

    assert len(server.seen) == 2


def test_a_file_that_changed_between_attempts_is_read_from_the_start(tmp_path):
    with Server(file=[cut(OTHER, etag='"old"'), good(etag='"new"')]) as server:
        assert get(tmp_path, server.url("file")) == DATA

    assert server.seen[1][1]["If-Range"] == '"old"'


def test_pieces_of_two_files_are_thrown_away_and_fetched_in_one(tmp_path, caplog):
    with Server(file=[cut(OTHER), good()]) as server, caplog.at_level(logging.WARNING):
        assert get(tmp_path, server.url("file")) == DATA

    assert server.ranges() == [None, f"bytes={len(DATA) // 2}-", None]
    assert "do not fit together; it is fetched anew" in caplog.text


def test_another_range_than_was_asked_for_is_not_pieced_in(tmp_path):
    def shifted(handler):
        span = f"bytes 0-{len(DATA) - 1}/{len(DATA)}"
        handler.head(206, len(DATA), Content_Range=span)
        handler.wfile.write(DATA)

    with Server(file=[cut(), shifted, good()]) as server:
        assert get(tmp_path, server.url("file")) == DATA

    assert server.ranges() == [None, f"bytes={len(DATA) // 2}-", None]


def test_a_range_that_cannot_be_satisfied_begins_anew(tmp_path):
    with Server(file=[cut(), plain(416), good()]) as server:
        assert get(tmp_path, server.url("file")) == DATA

    assert server.ranges()[-1] is None


BAD_DAYS = {
    "truncated": (
        cut(),
        r"it broke off after 200,000 of 400,000 bytes, 3 times in a row",
        3,
    ),
    "truncated without a length": (
        cut(claim=False),
        r"it broke off after 200,000 of 400,000 bytes, 3 times in a row",
        3,
    ),
    "challenge for browsers": (
        plain(202),
        r"it answered 202 Accepted \(its guard against robots asks for a browser\)",
        1,
    ),
    "web page": (
        page,
        r"it sent a web page \(text/html, 18 bytes\) where a file of 400,000 bytes is expected",
        1,
    ),
    "overloaded": (
        plain(503),
        r"it answered 503 Service Unavailable, 3 times in a row",
        3,
    ),
    "login": (
        plain(403),
        r"it answered 403 Forbidden \(it refuses this address or wants a login\)",
        1,
    ),
    "gone": (plain(404), r"it answered 404 Not Found \(the file is gone\)", 1),
    "come back in an hour": (
        plain(429, Retry_After="3600"),
        r"it answered 429 Too Many Requests and asks to come back in 3600 s",
        1,
    ),
    "stuck": (stuck, r"it sends nothing after 1,000 of 400,000 bytes, 3 times in a row", 3),
    "to another kind of place": (
        plain(302, Location="file:///etc/passwd"),
        r"it redirects to file:///etc/passwd; it may only to http or https",
        1,
    ),
    "into a private network": (
        plain(302, Location="http://169.254.169.254/latest"),
        r"it redirects into a private network \(169\.254\.169\.254\)",
        1,
    ),
    "in circles": (plain(302, Location="/file"), r"it redirects more than 5 times", 6),
}


@pytest.mark.parametrize("day", BAD_DAYS)
def test_what_is_not_the_file_is_refused_with_a_sentence(tmp_path, day):
    answer, sentence, requests = BAD_DAYS[day]

    with Server(file=answer) as server, pytest.raises(Unreachable, match=sentence) as error:
        get(tmp_path, server.url("file"))

    assert str(error.value).startswith("data set toy: big.bin cannot be had. http://127.0.0.1:")
    by_hand = f"(sha256 {SHA}) under any name into {tmp_path / 'inbox'}."
    assert str(error.value).endswith(f"or put {server.url('file')} {by_hand}")
    assert len(server.seen) == requests
    assert not (tmp_path / "sha256").exists()


WRONG = {
    "length": (
        plain(200, DATA[:-1]),
        "it announces 399,999 bytes where 400,000 are pinned",
        [],
    ),
    "more": (endless, "it sends more than the 400,000 bytes that are pinned", ["SHA"]),
    "bytes": (
        good(OTHER),
        f"it sent other bytes: sha256 {OTHER_SHA} where {SHA} is pinned",
        [f"SHA.bad-{OTHER_SHA[:8]}"],
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_other_bytes_than_pinned_are_an_error_even_where_the_data_set_is_optional(
    tmp_path, kind
):
    answer, sentence, left = WRONG[kind]

    with Server(file=answer) as server, pytest.raises(RespikeError, match=sentence) as error:
        get(tmp_path, server.url("file"))

    assert not isinstance(error.value, Unreachable)
    assert [name for name in partial(tmp_path) if not name.endswith(".etag")] == left
    assert not (tmp_path / "sha256").exists()


def test_the_next_mirror_is_asked_when_one_sends_a_page_or_other_bytes(tmp_path, caplog):
    with Server(page=page, other=good(OTHER), file=good()) as server:
        urls = [server.url(name) for name in ("page", "other", "file")]
        assert get(tmp_path, *urls) == DATA

    assert "it sent a web page" in caplog.text
    assert "it sent other bytes" in caplog.text


def test_the_sentence_names_every_mirror_that_was_tried(tmp_path):
    with Server(a=page, b=plain(404)) as server, pytest.raises(Unreachable) as error:
        get(tmp_path, server.url("a"), server.url("b"))

    assert f"{server.url('a')}: it sent a web page" in str(error.value)
    assert f"; {server.url('b')}: it answered 404" in str(error.value)


def test_the_first_mirrors_part_is_gone_on_with_at_the_second(tmp_path):
    with Server(a=[cut(), plain(404)], b=good()) as server:
        assert get(tmp_path, server.url("a"), server.url("b")) == DATA

    assert server.ranges()[-1] == f"bytes={len(DATA) // 2}-"
    assert "If-Range" not in server.seen[-1][1]  # that tag was the first mirror's


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_wait_that_a_server_asks_for_is_kept(tmp_path, monkeypatch, form):
    waited = []
    monkeypatch.setattr("respike.datasets.download.time.sleep", waited.append)
    asked = "1" if form == "seconds" else formatdate(time.time() + 2, usegmt=True)

    with Server(file=[plain(503, Retry_After=asked), good()]) as server:
        get(tmp_path, server.url("file"))

    (wait,) = waited
    assert wait == 1 if form == "seconds" else 0 < wait <= 2


def test_waits_are_random_below_a_limit_that_doubles(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr("respike.datasets.download.time.sleep", waited.append)
    monkeypatch.setattr("respike.datasets.download.secrets.randbelow", lambda n: n - 1)
    patience = HASTE._replace(tries=5, first_wait_s=1, longest_wait_s=3)

    with Server(file=plain(503)) as server, pytest.raises(Unreachable, match="5 times"):
        get(tmp_path, server.url("file"), patience=patience)

    assert waited == pytest.approx([0.999, 1.998, 2.997, 2.997])


def test_a_crawling_server_is_given_up(tmp_path):
    crawl = HASTE._replace(slowest_bytes_s=10_000_000, window_s=0.05, tries=1, read_s=2)

    with (
        Server(file=dripping()) as server,
        pytest.raises(Unreachable, match=r"it sent [0-9,]+ b"),
    ):
        get(tmp_path, server.url("file"), patience=crawl)


def test_a_slow_download_says_how_far_it_is(tmp_path, caplog):
    often = HASTE._replace(progress_s=0.05, read_s=2)

    with Server(file=dripping(piece=40_000)) as server, caplog.at_level(logging.INFO):
        get(tmp_path, server.url("file"), patience=often)

    lines = [r.getMessage() for r in caplog.records if " left" in r.getMessage()]
    assert lines
    assert lines[0].startswith("file: 0.")
    assert " of 0.4 MB, " in lines[0]


def test_nobody_listening_is_said_so(tmp_path):
    with Server(file=good()) as server:
        url = server.url("file")

    with pytest.raises(Unreachable, match="it refuses connections, 3 times in a row"):
        get(tmp_path, url)


CHILD = """
import json, sys
from pathlib import Path
from respike.datasets.cache import Cache
from respike.datasets.fetching import fetch
row = json.loads(sys.argv[2])
print(len(fetch("toy", row, cache=Cache(Path(sys.argv[1])))["big.bin"]))
"""


def child(tmp_path, url):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path), json.dumps(row(url))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_killed_download_is_gone_on_with_by_the_next(tmp_path):
    part = tmp_path / "partial" / SHA
    with Server(file=[dripping(), good()]) as server:
        process = child(tmp_path, server.url("file"))
        while not part.exists() or part.stat().st_size < 20_000:
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        left = part.stat().st_size

        assert get(tmp_path, server.url("file")) == DATA

    assert 20_000 <= left < len(DATA)
    assert server.ranges() == [None, f"bytes={left}-"]


@pytest.mark.parametrize("left", [DATA, DATA + b"more"])
def test_a_download_killed_after_its_last_byte_is_checked_and_kept(tmp_path, left):
    (tmp_path / "partial").mkdir()
    (tmp_path / "partial" / SHA).write_bytes(left)

    with Server(file=good()) as server:
        assert get(tmp_path, server.url("file")) == DATA

    assert server.ranges() == ([] if left == DATA else [None])


def test_two_processes_at_once_make_one_request(tmp_path):
    with Server(file=dripping(piece=20_000)) as server:
        both = [child(tmp_path, server.url("file")) for _ in range(2)]
        said = [process.communicate(timeout=30)[0].strip() for process in both]

    assert said == ["400000", "400000"]
    assert len(server.seen) == 1


# ------------------------------------------------------------------ this machine's bad days


def test_too_little_room_is_said_before_anything_is_asked(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 10 * 2**20))
    sentence = r"the disk is full: 0\.4 MB are to be fetched into .*, 10\.5 MB are free"

    with Server(file=good()) as server, pytest.raises(RespikeError, match=sentence):
        get(tmp_path, server.url("file"))

    assert server.seen == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's always full device")
def test_a_disk_that_fills_up_ends_in_a_sentence(tmp_path):
    (tmp_path / "partial").mkdir()
    (tmp_path / "partial" / SHA).symlink_to("/dev/full")

    with Server(file=good()) as server, pytest.raises(RespikeError) as error:
        get(tmp_path, server.url("file"))

    assert str(error.value).startswith("the disk is full: a file did not fit into")
    assert str(error.value).endswith("free space and run again")
    assert not (tmp_path / "sha256").exists()


def test_an_unknown_error_of_the_disk_keeps_its_name(tmp_path):
    error = Cache(tmp_path).trouble(OSError(errno.EIO, os.strerror(errno.EIO)))

    assert str(error).startswith(
        f"the cache folder {tmp_path} cannot be used: Input/output error"
    )


@pytest.fixture
def unwritable():
    """A folder that this process may not write, also where the tests run as root."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    shutil.rmtree(folder)


def test_a_cache_that_cannot_be_written_is_named(unwritable):
    with Server(file=good()) as server, pytest.raises(RespikeError) as error:
        get(unwritable, server.url("file"))

    assert str(error.value).startswith(
        f"the cache folder {unwritable} cannot be used: Permission"
    )
    assert "set RESPIKE_CACHE to a folder that is, and run again" in str(error.value)
    assert server.seen == []


def test_a_cache_that_cannot_be_written_is_still_read(tmp_path):
    folder = Path(tempfile.mkdtemp())
    with Server(file=good()) as server:
        get(folder, server.url("file"))
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    if os.geteuid() == 0:
        os.seteuid(65534)

    try:
        found = get(folder, server.url("file"))
    finally:
        if os.getuid() == 0:
            os.seteuid(0)

    assert found == DATA
    shutil.rmtree(folder, ignore_errors=True)


def test_a_kept_file_that_rotted_is_fetched_again(tmp_path, caplog):
    kept = tmp_path / "sha256" / SHA[:2] / SHA
    with Server(file=good()) as server:
        get(tmp_path, server.url("file"))
        kept.chmod(0o644)
        kept.write_bytes(OTHER)

        assert get(tmp_path, server.url("file")) == DATA

    assert f"{kept} was damaged on this disk; it is fetched again" in caplog.text
    assert len(server.seen) == 2


def test_offline_nothing_is_asked_and_the_way_in_by_hand_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("RESPIKE_OFFLINE", "1")

    with Server(file=good()) as server, pytest.raises(Unreachable) as error:
        get(tmp_path, server.url("file"))

    assert "RESPIKE_OFFLINE is set and it was not fetched before" in str(error.value)
    assert f"(sha256 {SHA}) under any name into {tmp_path / 'inbox'}." in str(error.value)
    assert server.seen == []


def test_offline_a_file_put_into_the_inbox_is_taken_if_its_hash_is_right(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setenv("RESPIKE_OFFLINE", "1")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.bin").write_bytes(OTHER)
    (tmp_path / "inbox" / "b.bin").write_bytes(DATA)

    assert get(tmp_path, "https://data.invalid/file") == DATA
    assert "inbox/a.bin is left alone" in caplog.text


def test_rejected_is_an_error_of_ours():
    assert issubclass(Rejected, RespikeError)
    assert not issubclass(Rejected, Unreachable)
