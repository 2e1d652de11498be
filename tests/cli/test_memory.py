"""Results made otherwise are found by our records where the notes of Snakemake are gone."""

from types import SimpleNamespace

import pytest

from respike.audit.transport import provenance
from respike.cli import memory
from respike.core import layout, records

PLACE = {"budget": "desk", "study": "toy", "variant": "dense", "seed": "0"}
TARGET = layout.record("train").format(**PLACE)
SAID = {"schema": records.SCHEMA, "settings": {"a": 1}, "code": "c", "env": "base:1"}


@pytest.fixture
def found(tmp_path, monkeypatch):
    """What is found wrong with one record, given what a job would be told now."""

    def find(record, note=None, **now):
        known = SimpleNamespace(read=lambda path: note)
        monkeypatch.setattr(provenance, "Provenance", lambda root: known)
        path = tmp_path / TARGET
        if record is not None:
            path.parent.mkdir(parents=True)
            path.write_bytes(record if isinstance(record, bytes) else records.dump(record))
        told = {"settings": {"a": 1}, "code": "c", "env": "base:1", **now}
        config = SimpleNamespace(
            budget="desk", targets=lambda budget: [TARGET],
            settings=lambda stage, w: told["settings"] if w == PLACE else None,
            code=lambda stage, w: told["code"], env=lambda name: told["env"],
        )  # fmt: skip
        return [str(p.relative_to(tmp_path)) for p in memory.made_otherwise(config, tmp_path)]

    return find


@pytest.mark.parametrize("now", [{"settings": {"a": 2}}, {"code": "d"}, {"env": "base:2"}])
def test_another_setting_code_or_environment_is_found(now, found):
    assert found(SAID, **now) == [TARGET]


def test_a_damaged_record_vouches_for_nothing(found):
    assert found(b"{torn") == [TARGET]


def test_what_was_made_as_it_would_be_now_is_let_be(found):
    assert found(SAID) == []


def test_what_snakemake_has_a_note_of_is_left_to_snakemake(found):
    assert found(SAID, note={"rule": "train"}, code="d") == []


def test_nothing_made_yet_is_nothing_lost(found):
    assert found(None) == []


# ---------------------------------------------------------------- files that are gone


@pytest.fixture
def lacking(tmp_path, monkeypatch):
    """What `incomplete` finds where the files of two jobs are there but those named."""

    def find(*gone, licence="CC0-1.0"):
        row = {"licence": licence, "redistribute": True}
        table = SimpleNamespace(value={"datasets": {"digits": row}})
        monkeypatch.setattr(memory, "sources", lambda root: table)
        places = {"train": PLACE, "prepare": {"dataset": "digits"}}
        targets = []
        for stage, w in places.items():
            targets.append(layout.record(stage).format(**w))
            names = layout.STAGES[stage].content
            files = [layout.output(stage, name).format(**w) for name in names]
            for path in (tmp_path / file for file in (*files, targets[-1])):
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.name not in gone:
                    path.touch()
        config = SimpleNamespace(budget="desk", root=tmp_path, targets=lambda budget: targets)
        found = memory.incomplete(config, tmp_path)
        return {str(p.relative_to(tmp_path)): file for p, file in found.items()}

    return find


def test_a_job_with_all_its_files_is_whole(lacking):
    assert lacking() == {}


def test_a_record_whose_file_is_gone_is_found(lacking):
    path = layout.output("train", "trace").format(**PLACE)

    assert lacking("trace.npz") == {TARGET: path}


def test_a_job_without_its_record_is_left_to_snakemake(lacking):
    assert lacking("trace.npz", "arrays.npz", "record.json") == {}


def test_files_that_a_licence_keeps_back_are_not_missed(lacking):
    assert lacking("arrays.npz", licence="CC-BY-NC-4.0") == {}
    assert list(lacking("arrays.npz")) == ["results/data/digits/prepare/record.json"]
