"""AEDAT 2.0 recordings made here, event by event."""

import io
import struct
import zipfile

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.datasets import cifar10_dvs

HEAD = b"#!AER-DAT2.0\r\n# made here\r\n"


def recording(*events):
    """Bytes of events (across, down, dark, time)."""
    packed = [
        struct.pack(">II", down << 8 | across << 1 | dark, t)
        for across, down, dark, t in events
    ]
    return HEAD + b"".join(packed)


def zips(**recordings):
    files = {}
    for name in cifar10_dvs.CLASSES:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for member, data in recordings.get(name, {}).items():
                archive.writestr(member, data)
        files[f"{name}.zip"] = buffer.getvalue()
    return files


def test_the_picture_is_turned_upright_and_the_dark_bit_is_off():
    found = cifar10_dvs.read(recording((3, 100, 0, 7), (127, 0, 1, 9)), "a")

    assert found.tolist() == [[27, 124, 1, 7], [127, 0, 0, 9]]


def test_frames_hold_equal_numbers_of_events_and_the_last_the_rest():
    events = np.array([[0, 0, 1, t] for t in range(7)])

    counts = cifar10_dvs.count(events, frames=3, size=48)

    assert counts[:, 0, 0, 0].tolist() == [2, 2, 3]
    assert counts.sum() == 7


def test_fields_cover_the_camera_and_off_is_the_second_channel():
    events = np.array([[127, 0, 0, 0], [0, 127, 1, 1]])

    counts = cifar10_dvs.count(events, frames=1, size=48)

    assert counts[0, 1, 0, 47] == 1
    assert counts[0, 0, 47, 0] == 1


def test_recordings_come_class_by_class_in_the_order_of_their_numbers():
    one, two = recording((0, 0, 0, 0)), recording((0, 0, 0, 0), (0, 0, 0, 1))
    files = zips(
        bird={"bird/cifar10_bird_10.aedat": two, "bird/cifar10_bird_9.aedat": one},
        airplane={"cifar10_airplane_0.aedat": one},
    )

    found = cifar10_dvs.build(files, frames=2, size=4)

    assert found["frames"].shape == (3, 2, 2, 4, 4)
    assert found["frames"].sum(axis=(1, 2, 3, 4)).tolist() == [1, 1, 2]
    assert found["label"].tolist() == [0, 2, 2]
    assert found["item"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"#!AER-DAT3.1\r\n", "a is no AEDAT 2.0 recording"),
        (b"#!AER-DAT2.0", "a ends in its header"),
        (recording((0, 0, 0, 0))[:-1], "a: 7 bytes are no whole 8-byte events"),
        (HEAD + struct.pack(">II", 1 << 31, 0), "a: an address has bits that a DVS128"),
    ],
)
def test_a_damaged_recording_is_refused(data, sentence):
    with pytest.raises(RespikeError, match=sentence):
        cifar10_dvs.read(data, "a")


def test_a_missing_class_is_named():
    files = zips()
    del files["frog.zip"]

    with pytest.raises(RespikeError, match=r"frog\.zip is missing"):
        cifar10_dvs.build(files)


def test_counts_beyond_sixteen_bits_are_refused():
    with pytest.raises(RespikeError, match="65,536 events in one field do not fit 16 bits"):
        cifar10_dvs.count(np.zeros((65536, 4), int), frames=1, size=1)
