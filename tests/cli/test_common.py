"""What the words of the command share: selection, overrides, the call of Snakemake, folders."""

import argparse
import io
import json
import os
import signal
import sys

import pytest

from respike.cli import common
from respike.cli.progress import LogHandler
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
        ["--set", 'a.b.c=it\'s "so": \\ ü=1'],
    ],
)
def test_snakemake_hands_every_change_on_as_it_was_said(words):
    from snakemake.cli import parse_config

    *_, flag, text = common.snakemake_arguments(given(*words))

    read = parse_config([text])["overrides"]
    assert flag == "--config"
    assert json.loads(read.removeprefix("json:")) == common.overrides(given(*words))


# ------------------------------------------------------------------ the call of Snakemake


@pytest.fixture
def called(monkeypatch):
    """Put a function in Snakemake's place; what it was given stands in the list."""
    import snakemake.cli

    seen = []

    def replace(act):
        def fake(argv):
            seen.append(argv)
            act()

        monkeypatch.setattr(snakemake.cli, "main", fake)
        return seen

    before = signal.getsignal(signal.SIGINT)
    yield replace
    signal.signal(signal.SIGINT, before)


def leave(code):
    def act():
        raise SystemExit(code)

    return act


@pytest.mark.parametrize(
    ("code", "ours"), [(0, 0), (1, 1), (75, 75), (None, 0), (False, 0), (True, 1), ("text", 1)]
)
def test_the_exit_code_of_snakemake_is_handed_on(code, ours, called):
    seen = called(leave(code))

    assert common.call_snakemake(["-n"], LogHandler, "respiketest") == ours
    assert seen == [["-n", "--logger", "respiketest"]]


def test_snakemake_that_returns_has_done_its_work(called):
    called(lambda: None)

    assert common.call_snakemake([], LogHandler, "respiketest") == 0


def test_ctrl_c_in_snakemake_is_130(called):
    def interrupt():
        raise KeyboardInterrupt

    called(interrupt)

    assert common.call_snakemake([], LogHandler, "respiketest") == 130


@pytest.mark.parametrize(("code", "ours"), [(1, 130), (0, 0)])
def test_ctrl_c_counts_where_snakemake_ends_by_itself(code, ours, called):
    """It may catch the signal and leave with 1; or have been done already."""

    def interrupted():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        raise SystemExit(code)

    called(interrupted)

    assert common.call_snakemake([], LogHandler, "respiketest") == ours


def test_our_logger_is_registered_under_its_name(called):
    from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

    called(lambda: None)

    common.call_snakemake([], LogHandler, "respiketest")
    common.call_snakemake([], LogHandler, "respiketest")

    assert LoggerPluginRegistry().plugins["respiketest"].log_handler is LogHandler


def test_the_line_about_the_profile_is_left_out_and_no_other(monkeypatch, called):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    def talk():
        for text in ("first\n", "Using workflow specific profile x", "\n", "second", "\n"):
            assert sys.stderr.write(text) == len(text)
        sys.stderr.flush()
        assert not sys.stderr.isatty()

    called(talk)

    common.call_snakemake([], LogHandler, "respiketest")

    assert stream.getvalue() == "first\nsecond\n"
    assert sys.stderr is stream


def test_standard_error_is_put_back_after_a_bug(monkeypatch, called):
    def bug():
        raise ZeroDivisionError

    before = sys.stderr
    called(bug)

    with pytest.raises(ZeroDivisionError):
        common.call_snakemake([], LogHandler, "respiketest")
    assert sys.stderr is before


# ------------------------------------------------------------------ folders


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_of_results_is_made_and_entered(here):
    folder = here / "a" / "b"

    assert common.enter(folder) == folder.resolve()
    assert os.getcwd() == str(folder)
    assert (folder / ".respike").is_dir()
    assert common.enter(folder) == folder.resolve()


def test_a_folder_named_from_here_is_the_one_entered(here):
    from pathlib import Path

    (here / "a").mkdir()

    assert common.enter(Path("a")) == (here / "a").resolve()
    assert os.getcwd() == str((here / "a").resolve())


def test_a_file_in_the_place_of_the_folder_is_a_sentence(here):
    (here / "a").write_text("")

    with pytest.raises(ConfigError) as error:
        common.enter(here / "a")

    assert str(error.value) == (
        f"the folder {here / 'a'} cannot be written (File exists); make it writable or give "
        "another with --directory"
    )


def test_a_folder_that_lets_nobody_write_is_a_sentence(here, monkeypatch):
    monkeypatch.setattr(common.os, "access", lambda path, mode: mode != os.W_OK)

    with pytest.raises(ConfigError, match=r"cannot be written \(Permission denied\)"):
        common.enter(here)
