"""What the words of the command share: selection, overrides, the call of Snakemake, folders."""

import argparse
import io
import json
import os
import signal
import stat
from pathlib import Path

import pytest

from respike.cli import common
from respike.core.errors import ConfigError


def given(*words):
    parser = argparse.ArgumentParser()
    common.selection(parser)
    return parser.parse_args(words)


def test_without_words_nothing_of_the_configuration_is_changed():
    assert common.overrides(given()) == {}
    assert common.snakemake_arguments(given()) == [
        "--snakefile",
        str(common.ROOT / "Snakefile"),
        "--directory",
        str(common.ROOT),
    ]


def test_words_change_the_configuration_and_a_named_study_leaves_the_page():
    words = given("b", "a", "--budget", "smoke", "--seeds", "3", "--set", "a.b.c=1")

    assert common.overrides(words) == {
        "budget": "smoke",
        "studies": ["b", "a"],
        "page": False,
        "seeds": 3,
        "set": ["a.b.c=1"],
    }


def test_no_seeds_at_all_is_handed_on_to_be_refused():
    assert common.overrides(given("--seeds", "0")) == {"seeds": 0}


@pytest.mark.parametrize(
    "words",
    [
        ["--seeds", "1"],
        ["--budget", "smoke"],
        ["toy", "--budget", "smoke", "--seeds", "2"],
        ["--set", "a.b.c={x: 1, y: [2, 3]}", "--set", "a.b.d=a # b"],
        ["--set", "a.b.c=it's \"so\": \\ ü=1"],
    ],
)
def test_snakemake_hands_every_change_on_as_it_was_said(words):
    from snakemake.cli import parse_config

    *_, flag, text = common.snakemake_arguments(given(*words))

    read = parse_config([text])["overrides"]
    assert flag == "--config"
    assert json.loads(read.removeprefix("json:")) == common.overrides(given(*words))
