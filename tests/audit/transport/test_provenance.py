"""Snakemake's private surface that restore stands on: pinned by use."""

import inspect
import json

import pytest

from respike.audit.transport import provenance
from respike.audit.transport.provenance import Provenance

ROW = {
    "rule": "train", "input": ["data/a"], "log": ["logs/a"], "shellcmd": "exec true",
    "params": ["'x'"], "code": "exec true", "record_format_version": 6,
    "container_img_url": None, "software_stack_hash": "d41d8", "starttime": 1.5, "endtime": 2.5,
    "input_checksums": {"data/a": "sha256:00"},
}  # fmt: skip


def test_what_is_written_is_read_again(tmp_path):
    Provenance(tmp_path).write("results/a/model.npz", ROW)

    assert Provenance(tmp_path).read("results/a/model.npz") == ROW


def test_what_snakemake_never_knew_is_none(tmp_path):
    assert Provenance(tmp_path).read("results/a/model.npz") is None


def test_what_is_forgotten_is_not_read_again(tmp_path):
    Provenance(tmp_path).write("results/a", ROW)

    Provenance(tmp_path).forget("results/a")
    Provenance(tmp_path).forget("never there")

    assert Provenance(tmp_path).read("results/a") is None


def test_a_record_that_is_written_is_never_that_of_an_unfinished_job(tmp_path):
    Provenance(tmp_path).write("results/a", ROW)

    (file,) = [p for p in (tmp_path / ".snakemake/metadata").rglob("*") if p.is_file()]
    assert json.loads(file.read_text())["incomplete"] is False


def test_fields_of_snakemakes_record_are_those_that_the_ledger_keeps_or_leaves_out():
    from snakemake.persistence import MetadataRecord

    fields = set(MetadataRecord.model_fields)

    assert fields == {*ROW, *provenance._LEFT_OUT}


def test_the_form_is_the_one_that_this_was_written_for():
    assert provenance.FORMAT == 6
    assert provenance.VERSION == "9.27.1"


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("_read_record", ["self", "key"]),
        ("_write_record", ["self", "key", "record"]),
        ("_delete_record", ["self", "key"]),
    ],
)
def test_snakemake_still_has_the_three_methods(name, takes):
    from snakemake.persistence.file import FilePersistence

    assert list(inspect.signature(getattr(FilePersistence, name)).parameters) == takes
