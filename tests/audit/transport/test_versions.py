"""The parts of a snapshot: what belongs to each, and what its .dvc file must say."""

import json
import types

import pytest

from respike.audit.transport import versions
from respike.audit.transport.versions import Version
from respike.core import records
from respike.core.config import sources
from respike.core.errors import ConfigError
from tests.workflow import toy


@pytest.fixture
def root(tmp_path):
    (tmp_path / "respike/datasets").mkdir(parents=True)
    (tmp_path / "respike/datasets/sources.yaml").write_text(toy.SOURCES)
    (tmp_path / "versions").mkdir()
    yield tmp_path
    sources.cache_clear()


def test_a_data_set_is_its_files_records_logs_and_benchmarks(root):
    assert versions.of_dataset(root, "digits") == Version(
        "data-digits",
        ("data/digits", "results/data/digits", "logs/data/digits", "benchmarks/data/digits"),
        {},
        (),
        "data set digits",
    )


def test_files_that_data_dvc_names_are_named_there_alone(root):
    (root / "data.dvc").write_text("outs:\n- path: data/digits\n  hash: md5\n")

    found = versions.of_dataset(root, "digits")

    assert found.shared == ("data/digits",)
    outs = versions.stage_file(found, {}, list(found.outs))["outs"]
    assert [out["path"] for out in outs] == [
        "results/data/digits",
        "logs/data/digits",
        "benchmarks/data/digits",
        "versions/data-digits.json",
    ]


def test_a_data_set_without_a_row_is_kept_back(root):
    assert (
        versions.of_dataset(root, "mine")
        .withheld["data/mine"]
        .startswith("mine stands in no row of")
    )


def test_a_study_is_its_results_logs_and_benchmarks_at_a_budget(root):
    config = types.SimpleNamespace(root=root, data_records=lambda study, budget: [])

    assert versions.of_study(config, "toy", "smoke").outs == (
        "results/smoke/toy", "logs/smoke/toy", "benchmarks/smoke/toy",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("licence", "kept"), [("CC-BY-ND-4.0", True), ("CC-BY-NC-4.0", False), ("CC0-1.0", False)]
)
def test_a_study_on_data_without_derivatives_is_kept_back_with_all_its_files(
    licence, kept, root
):
    file = root / "respike/datasets/sources.yaml"
    file.write_text(toy.SOURCES.replace("CC-BY-4.0", licence))
    config = types.SimpleNamespace(
        root=root, data_records=lambda study, budget: ["results/data/digits/fetch/record.json"]
    )

    found = versions.of_study(config, "toy", "desk")

    assert set(found.withheld) == (set(found.outs) if kept else set())
    assert all("allows no derivatives" in why for why in found.withheld.values())


def test_a_study_on_data_without_a_row_is_kept_back(root):
    config = types.SimpleNamespace(
        root=root, data_records=lambda study, budget: ["results/data/mine/fetch/record.json"]
    )

    assert versions.of_study(config, "toy", "desk").withheld


def test_the_page_is_all_that_its_record_names_and_what_is_made_of_the_record(root):
    row = {
        "schema": records.SCHEMA,
        "outputs": {"report.html": {}, "verdict.json": {}},
        "extras": {"film/a.mp4": {}, "film/a.jpg": {}},
    }
    for path, data in (
        ("results/desk/record.json", records.dump(row)),
        ("logs/desk/report.log", b""),
    ):
        (root / path).parent.mkdir(parents=True)
        (root / path).write_bytes(data)

    assert sorted(versions.of_page(root, "desk").outs) == [
        "logs/desk/report.log",
        "results/desk/SHA256SUMS",
        "results/desk/code.json",
        "results/desk/film",
        "results/desk/manifest.json",
        "results/desk/record.json",
        "results/desk/report.html",
        "results/desk/verdict.json",
    ]


def test_what_is_kept_back_has_push_false_in_its_dvc_file():
    version = Version("n", ("a", "b"), {"b": "why"}, (), "")

    assert versions.stage_file(version, {"budget": "desk"}, ["a", "b"]) == {
        "wdir": "..",
        "meta": {"respike": {"schema": "respike-version/1", "budget": "desk"}},
        "outs": [
            {"path": "a", "hash": "md5"},
            {"path": "b", "hash": "md5", "push": False},
            {"path": "versions/n.json", "hash": "md5"},
        ],
    }


def test_a_part_without_a_dvc_file_names_those_that_there_are(root):
    (root / "versions/smoke-toy.dvc").write_text("outs: []\n")

    with pytest.raises(
        ConfigError,
        match=r"^versions/desk-toy.dvc does not exist: .* There is: smoke-toy. `",
    ):
        versions.pointer(root, "desk-toy")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("outs: []\n", "was not written by this `respike snapshot`; take a new one"),
        ("- 1\n", "was not written by this `respike snapshot`; take a new one"),
        ("meta: {respike: {schema: x/1}}\n", "was not written by this `respike snapshot`"),
        (
            "meta: {respike: {schema: respike-version/1}}\n"
            "outs: [{path: versions/n.json, hash: md5}]\n",
            "names no ledger; the snapshot was cut short, take it again",
        ),
    ],
)
def test_a_dvc_file_that_is_not_ours_or_not_finished_is_refused(text, says, root):
    (root / "versions/n.dvc").write_text(text)

    with pytest.raises(ConfigError, match=f"^versions/n.dvc {says}"):
        versions.pointer(root, "n")


def test_without_any_dvc_file_it_says_none(root):
    with pytest.raises(ConfigError, match=r"There is: none\. `respike snapshot` takes one$"):
        versions.pointer(root, "desk-toy")


def test_a_dvc_file_of_ours_is_read(root):
    meta = {"schema": versions.SCHEMA, "ledger": "00", "outs": ["a"]}
    outs = [{"path": "a", "md5": "1.dir"}, {"path": "versions/n.json", "md5": "2"}]
    value = {"meta": {"respike": meta}, "outs": outs}
    (root / "versions/n.dvc").write_text(json.dumps(value))

    found = versions.pointer(root, "n")

    assert (found.meta, found.md5) == (meta, {"a": "1.dir", "versions/n.json": "2"})
