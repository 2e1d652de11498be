"""A BrainVision header says what the samples are, or is refused by its line."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.datasets import brainvision

HEAD = """\
Brain Vision Data Exchange Header File Version 1.0
; a comment
[Common Infos]
Codepage=UTF-8
DataFile=rec.eeg
DataFormat=BINARY
DataOrientation=MULTIPLEXED
NumberOfChannels=2
SamplingInterval=2000.0
[Binary Infos]
BinaryFormat=IEEE_FLOAT_32
[Channel Infos]
Ch1=left\\1 hand,,0.5,\u00b5V
Ch2=F,ref,,N

[Comment]
anything = goes = here
"""


def test_a_header_gives_channels_rate_and_data_file():
    about = brainvision.header(("\ufeff" + HEAD).encode(), "rec.vhdr")

    assert about.rate_hz == 500
    assert about.data_file == "rec.eeg"
    assert about.channels == (("left, hand", 0.5, "\u00b5V"), ("F", 1.0, "N"))


def test_samples_are_stored_numbers_times_resolution():
    about = brainvision.header(HEAD.encode(), "rec.vhdr")

    found = brainvision.samples(np.array([2, 3, -4, 5], "<f4").tobytes(), about, "rec.eeg")

    assert found.dtype == np.float32
    assert found.tolist() == [[1, 3], [-2, 5]]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("Version 1.0", "Version 2.0", "does not begin as a BrainVision header, version 1.0"),
        ("IEEE_FLOAT_32", "INT_16", "BinaryFormat is INT_16; only IEEE_FLOAT_32 is read"),
        ("=MULTIPLEXED", "=VECTORIZED", "DataOrientation is VECTORIZED; only MULTIPLEXED"),
        ("Channels=2", "Channels=3", "NumberOfChannels is 3; there are 2"),
        ("Ch2=", "Ch3=", "NumberOfChannels is 2; there are 2"),
        ("2000.0", "fast", "SamplingInterval is 'fast'; it must be a number above 0"),
        ("2000.0", "0", "SamplingInterval is '0'; it must be a number above 0"),
        ("DataFile=rec.eeg\n", "", r"\[Common Infos\] lacks DataFile"),
        ("Codepage=UTF-8", "Codepage", "line 4: 'Codepage' is no key=value, or is twice"),
        ("Codepage=UTF-8", "DataFile=b", "line 5: 'DataFile=rec.eeg' is no key=value, or is"),
        ("F,ref,,N", "F,ref", "Ch2 is 'F,ref'; need name, reference, resolution, unit"),
        ("0.5", "half", "need name, reference, resolution, unit"),
    ],
)
def test_a_header_that_says_something_else_is_refused(before, after, sentence):
    assert before in HEAD
    with pytest.raises(RespikeError, match=rf"rec\.vhdr.*{sentence}"):
        brainvision.header(HEAD.replace(before, after).encode(), "rec.vhdr")


def test_a_header_in_another_encoding_is_refused():
    with pytest.raises(RespikeError, match=r"rec\.vhdr is not UTF-8 text"):
        brainvision.header(HEAD.encode("latin-1"), "rec.vhdr")


@pytest.mark.parametrize("size", [0, 4, 12])
def test_samples_cut_short_are_refused(size):
    about = brainvision.header(HEAD.encode(), "rec.vhdr")

    with pytest.raises(RespikeError, match=rf"rec\.eeg: {size} bytes are no whole number of"):
        brainvision.samples(bytes(size), about, "rec.eeg")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_sample_that_is_no_number_is_refused(value):
    about = brainvision.header(HEAD.encode(), "rec.vhdr")

    with pytest.raises(RespikeError, match=r"rec\.eeg: a sample is not a finite number"):
        brainvision.samples(np.array([1, value], "<f4").tobytes(), about, "rec.eeg")
