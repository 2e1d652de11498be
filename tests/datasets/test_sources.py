"""The rows of sources.yaml keep their promises, and bad rows are refused."""

import copy
import re
from pathlib import Path

import pytest

from respike.core import config, parts, strict
from respike.core.errors import ConfigError, RespikeError
from respike.datasets.sources import Unreachable, files

ROOT = Path(__file__).resolve().parents[2]
ROWS = config.sources(ROOT).value["datasets"]
SHA = "0" * 64
WITHOUT_READER = {"n-mnist", "dvs128-gesture", "shd"}  # nor are they pinned
FETCHED = [name for name, row in ROWS.items() if row["source"] != "generator"]


def row(*urls, **file):
    return {"source": "https", "files": [{"name": "a.bin", "urls": list(urls), **file}]}


@pytest.mark.parametrize("dataset", FETCHED)
def test_a_row_is_wholly_pinned_or_wholly_refused(dataset):
    pinned = ["sha256" in file for file in ROWS[dataset]["files"]]

    assert all(pinned) or not any(pinned)
    if all(pinned):
        assert len(files(dataset, ROWS[dataset])) == len(pinned)
    else:
        with pytest.raises(Unreachable, match="has no sha256 written beforehand"):
            files(dataset, ROWS[dataset])


@pytest.mark.parametrize("dataset", FETCHED)
def test_the_source_of_a_row_is_the_scheme_of_its_first_url(dataset):
    for file in ROWS[dataset]["files"]:
        first = file["urls"][0]
        url = first if isinstance(first, str) else first["url"]
        assert url.split(":")[0] == ROWS[dataset]["source"]


@pytest.mark.parametrize("dataset", sorted(set(ROWS) - WITHOUT_READER))
def test_the_settings_of_a_row_are_those_of_its_reader(dataset):
    reader = ROWS[dataset].get("reader", dataset)

    parts.check("dataset", {reader: ROWS[dataset].get("prepare", {})}, dataset)


@pytest.mark.parametrize("dataset", sorted(WITHOUT_READER))
def test_a_row_without_a_reader_is_not_pinned_either(dataset):
    assert ROWS[dataset].get("reader", dataset) not in parts.names("dataset")
    assert not any("sha256" in file for file in ROWS[dataset]["files"])


def test_data_kinds_are_said_as_they_are():
    kinds = {name: row["data_kind"] for name, row in ROWS.items()}

    assert kinds["digits"] == kinds["ecog-grip"] == kinds["mnist"] == "real"
    assert kinds["digits-saccades"] == "real-derived"
    assert {k for n, k in kinds.items() if ROWS[n]["source"] == "generator"} == {"synthetic"}


def test_digits_and_their_event_streams_are_made_of_the_same_file():
    assert ROWS["digits"]["files"] == ROWS["digits-saccades"]["files"]


def test_a_file_without_a_hash_is_refused_with_what_to_do():
    with pytest.raises(Unreachable) as error:
        files("toy", row("https://data.invalid/a.bin", md5="1" * 32))

    assert str(error.value) == (
        "data set toy: a.bin has no sha256 written beforehand, so it is not fetched. Get it by "
        f"hand from https://data.invalid/a.bin (published md5 {'1' * 32}), then write its "
        "bytes and sha256 into respike/datasets/sources.yaml and run again"
    )


def test_what_is_made_here_is_not_fetched():
    with pytest.raises(RespikeError, match="is made here, not fetched; its stage is"):
        files("toy", {"source": "generator"})


@pytest.mark.parametrize("url", ["ftp://data.invalid/a", "s3:bucket/a", "plain"])
def test_a_scheme_we_do_not_fetch_is_refused(url):
    with pytest.raises(RespikeError, match="has no scheme we fetch; known: package:, pypi:"):
        files("toy", row(url, bytes=1, sha256=SHA))


def test_a_file_inside_another_needs_the_pins_of_both():
    with pytest.raises(RespikeError, match=r"carries a\.bin inside another file; write bytes"):
        files("toy", row("npm:toy@1.0!/package/a.bin", bytes=1, sha256=SHA))


def test_a_plain_url_has_the_pins_of_its_file():
    (file,) = files("toy", row("https://data.invalid/x/a.bin?y=1", bytes=7, sha256=SHA))

    (origin,) = file.origins
    assert (origin.bytes, origin.sha256, origin.name) == (7, SHA, "a.bin")
    assert str(origin) == "https://data.invalid/x/a.bin?y=1"


BAD = {
    "an unknown key": ({"colour": "red"}, r"unknown key 'colour' in datasets\.digits"),
    "an unknown kind": ({"data_kind": "reel"}, r"data_kind is 'reel'.*Did you mean 'real'\?"),
    "a wrong type": ({"redistribute": "yes"}, "must be boolean, is text 'yes'"),
    "a licence in words": ({"licence": "ask the authors"}, "licence is 'ask the authors'"),
    "no files": ({"files": []}, "datasets.digits.files"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_row_is_refused_by_its_schema(kind):
    change, sentence = BAD[kind]
    table = {"version": 1, "datasets": copy.deepcopy(ROWS)}
    table["datasets"]["digits"].update(change)

    with pytest.raises(ConfigError, match=sentence):
        strict.check(table, "sources")


def test_a_hash_of_another_length_is_refused():
    table = {"version": 1, "datasets": copy.deepcopy(ROWS)}
    table["datasets"]["digits"]["files"][0]["sha256"] = "abc"

    with pytest.raises(ConfigError, match=re.escape("sha256 is 'abc'; it must match")):
        strict.check(table, "sources")
