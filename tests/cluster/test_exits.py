"""What the submitter reads of a job's own file."""

import os

import pytest

from respike.cluster import exits, start
from respike.core.errors import RespikeError


def test_before_its_first_start_a_submission_says_nothing(submit):
    assert exits.look(submit("true")) == exits.NOTHING


def test_what_was_submitted_can_be_read_again(submit):
    told = exits.told(submit("echo 'a \"b\" $HOME'", limit_s=60))

    assert told["command"] == "echo 'a \"b\" $HOME'"
    assert (told["epoch"], told["run"], told["limit_s"]) == ("now", "run", 60)


def test_two_submissions_of_one_job_are_two_files(submit, folder):
    first, second = submit("true"), submit("true")
    half = first.with_suffix(".new")
    half.touch()

    assert sorted([first, second]) == list(exits.submissions(folder))
    assert not half.exists()


@pytest.mark.parametrize(
    "area", [b"", b'{"code": 0, "ended": 1', b"[0]", b"\xff\xfe", b'{"code": 0}']
)
def test_an_area_that_is_torn_or_without_an_end_says_nothing_of_an_end(area, submit):
    path = submit("true")
    with open(path, "r+b") as file:
        file.write(area.ljust(start.AREA))

    assert exits.look(path).code is None


def test_a_file_that_is_gone_says_nothing(submit):
    path = submit("true")
    exits.forget(path)

    assert exits.look(path) == exits.NOTHING
    assert exits.told(path) == {}
    assert exits.close(path)


def test_a_submission_that_lives_cannot_be_given_up(submit):
    path = submit("true")
    fd = start.locked(str(path))

    assert not exits.close(path)
    assert path.exists()
    os.close(fd)
    assert exits.close(path)
    assert not path.exists()


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exits.os, "replace", full)

    with pytest.raises(RespikeError, match="the disk is full: a file does not fit into"):
        exits.submit(folder, "run", "true", None, "x")
