"""Which stages of a run are short, and when their grouping is left to the person."""

from argparse import Namespace
from types import SimpleNamespace

import pytest

from respike.cli import groups
from respike.cluster.nodes import Node, Partition
from respike.core import layout
from respike.core.errors import ConfigError

RUN = {"budget": "desk", "study": "s", "variant": "v", "seed": "0"}
QUEUE = Partition(
    "main", True, "UP", 1440, "OFF", None, None,
    (Node("n", 64, 256_000, 0, ("IDLE",), ("main",)),),
)  # fmt: skip


def timed(folder, stage, seconds, budget="desk"):
    """Leave the benchmark of one job."""
    path = folder / layout.told(layout.record(stage).format(**{**RUN, "budget": budget}))[1]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\n{seconds}\t0:00:01\n")


def test_a_stage_is_short_at_a_small_budget_until_it_was_timed_to_be_long(tmp_path):
    timed(tmp_path, "decode", 31)
    timed(tmp_path, "control", 30)

    found = groups.short(["emulate", "decode", "control"], "desk", tmp_path)

    assert found == ["emulate", "control"]


def test_at_paper_only_what_was_timed_there_is_short(tmp_path):
    timed(tmp_path, "emulate", 2, "paper")
    timed(tmp_path, "control", 2, "desk")

    assert groups.short(["emulate", "control"], "paper", tmp_path) == ["emulate"]


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A run of one emulation on a cluster of one large node; its words are a list to fill."""
    monkeypatch.setattr(groups.nodes, "read", lambda: [QUEUE])
    records = [layout.record("emulate").format(**RUN)]
    config = SimpleNamespace(budget="desk", targets=lambda budget: records)
    given = Namespace(rest=[], directory=tmp_path)
    return SimpleNamespace(given=given, arguments=lambda: groups.arguments(config, given))


def test_short_jobs_of_the_profiles_groups_are_sized_and_it_is_said(asked, capsys):
    words = asked.arguments()

    assert words[:2] == ["--group-components", "emulate-{study}=12"]
    assert words[2:6] == ["--cores", "64", "--resources", "mem_mb=256000"]
    assert capsys.readouterr().err == "up to 12 jobs of emulate go together\n"


@pytest.mark.parametrize(
    "word", ["--set-resources", "--groups", "--group-components=x=2", "--resources", "--cores"]
)
def test_words_of_the_persons_own_stand_instead(word, asked, capsys):
    asked.given.rest = [word]

    assert asked.arguments() == []
    said = capsys.readouterr().err
    assert said == f"{word} is yours: groups are not sized, and nothing is cut to the nodes\n"


def test_a_partition_named_on_the_command_line_is_used(asked):
    asked.given.rest = ["--default-resources", "slurm_partition=night"]

    with pytest.raises(ConfigError, match="no partition 'night'; it has: main"):
        asked.arguments()
