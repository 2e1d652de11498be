"""Five-byte event files, by hand and against one real recording."""

import hashlib

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.datasets import nmnist


def test_the_bits_of_an_event_are_where_the_format_says():
    data = bytes([3, 33, 0b1000_0001, 0x02, 0x03]) + bytes([33, 0, 0b0000_0001, 0x02, 0x04])

    found = nmnist.read(data)

    assert found.tolist() == [[3, 33, 1, 0x010203], [33, 0, 0, 0x010204]]


def test_an_event_in_row_240_moves_the_clock_and_is_none():
    data = bytes([1, 1, 0, 0, 5]) + bytes([0, 240, 0, 0, 0]) + bytes([2, 2, 128, 0, 1])

    assert nmnist.read(data).tolist() == [[1, 1, 0, 5], [2, 2, 1, 8193]]


def test_writing_is_the_inverse_of_reading():
    events = np.array([[0, 33, 1, 0], [33, 0, 0, 8_388_607]])

    data = nmnist.write(events)

    assert len(data) == 10
    assert nmnist.read(data).tolist() == events.tolist()


def test_no_events_are_no_bytes():
    assert nmnist.write(np.zeros((0, 4), int)) == b""
    assert nmnist.read(b"").shape == (0, 4)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (bytes(7), "digit: 7 bytes are no whole number of 5-byte events"),
        (bytes([34, 0, 0, 0, 0]), r"digit: event 0 is at \(34, 0\), outside 34 x 34"),
        (bytes([0, 0, 0, 0, 9, 0, 0, 0, 0, 8]), "digit: time runs backwards at event 1"),
    ],
)
def test_a_damaged_recording_is_refused(data, sentence):
    with pytest.raises(RespikeError, match=sentence):
        nmnist.read(data, "digit")


@pytest.mark.parametrize(
    "event", [[34, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1 << 23], [-1, 0, 0, 0]]
)
def test_what_the_format_cannot_hold_is_not_written(event):
    with pytest.raises(RespikeError, match="an event lies outside 34 x 34 pixels"):
        nmnist.write(np.array([event]))


def test_a_real_recording_is_read_and_written_back_byte_by_byte(shared_data):
    data = (shared_data / "events/sample_nmnist.bin").read_bytes()
    assert hashlib.sha256(data).hexdigest().startswith("3c915932963")

    events = nmnist.read(data)

    assert len(events) == 4325
    assert events[:, 2].sum() == 2145
    assert events[0, 3] == 654
    assert events[-1, 3] == 311175
    assert nmnist.write(events) == data
