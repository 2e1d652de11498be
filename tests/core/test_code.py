"""Which modules stand behind a job, and the table that keeps what each of them was."""

import pytest

from respike.core import code
from respike.core.errors import ConfigError
from respike.core.fingerprint import combined, digests, fingerprint

TRAIN = {
    "stage": "train",
    "dataset": "digits",
    "train": {"network": "mlp", "structure": {"drop": {"magnitude": {}}, "density": 0.1}},
}
METRIC = {"metric": {"number": {"name": "counts"}}}
CLAIMS = [
    {"id": "a", "test": {"metric": "accuracy", "of": "x"}},
    {"id": "b", "test": {"all": [METRIC, {"metric": "accuracy"}]}},
    {"id": "c", "not_run": "no such data"},
]


def of(stage, settings):
    """Names of the modules without the package's."""
    return [name.removeprefix("respike.") for name in code.modules(stage, settings)]


def test_a_run_stands_on_its_stage_and_on_the_parts_it_names():
    assert of("train", TRAIN) == ["networks.mlp", "stages.train", "structure.drop.magnitude"]


def test_preparing_stands_on_the_reader_of_its_data_set_and_fetching_on_none():
    own = {"dataset": "digits", "row": {"source": "package"}}
    other = {"dataset": "another", "row": {"reader": "digits"}}

    assert of("prepare", own) == ["datasets.digits", "stages.prepare"]
    assert of("prepare", other) == ["datasets.digits", "stages.prepare"]
    assert of("fetch", own) == ["stages.fetch"]


def test_judging_stands_on_the_metrics_of_all_claims():
    settings = {"resolved": {"claims": CLAIMS}}

    assert of("judge", settings) == ["metrics.accuracy", "metrics.number", "stages.judge"]


def test_a_page_stands_on_its_stage_alone():
    assert of("report", {"studies": {}}) == ["stages.report"]


def test_the_fingerprint_of_a_job_is_that_of_its_modules():
    assert code.of("train", TRAIN) == fingerprint(*code.modules("train", TRAIN))


def test_a_part_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="no network part named 'mlpp'"):
        code.modules("train", {"train": {"network": "mlpp"}})


# ------------------------------------------------------------------ the table


def table(*records):
    return code.table(records, "fetch", {})


def test_the_table_gives_each_module_of_a_job_by_the_jobs_fingerprint():
    record = {"stage": "train", "settings": TRAIN, "code": code.of("train", TRAIN)}

    found = table(record, record)

    assert found["schema"] == "respike-code/1"
    own = code.of("fetch", {})
    assert sorted(found["code"]) == sorted([own, record["code"]])
    assert found["code"][record["code"]] == digests(*code.modules("train", TRAIN))
    assert "respike.networks.mlp" in found["code"][record["code"]]
    assert "respike.networks.mlp" not in found["code"][own]


def test_every_row_of_the_table_makes_its_own_fingerprint():
    record = {"stage": "train", "settings": TRAIN, "code": code.of("train", TRAIN)}

    for fingerprinted, rows in table(record)["code"].items():
        assert combined(rows) == fingerprinted


@pytest.mark.parametrize(
    "record",
    [
        {"stage": "train", "settings": TRAIN, "code": "0" * 64},
        {"stage": "train", "settings": {"train": {"network": "gone"}}, "code": "0" * 64},
        {"stage": "prepare", "settings": {"row": {}}, "code": "0" * 64},
    ],
    ids=["other code", "a part that is gone", "settings of another version"],
)
def test_a_job_of_other_code_than_is_here_is_left_out(record):
    assert list(table(record)["code"]) == [code.of("fetch", {})]
