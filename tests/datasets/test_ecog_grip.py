"""The recording of cortex and grip force: by hand, and as the package has it."""

from pathlib import Path

import numpy as np
import pytest

from respike.core import config
from respike.core.errors import RespikeError
from respike.datasets import ecog_grip
from respike.datasets.cache import Cache
from respike.datasets.fetching import fetch

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("LFP_RIGHT_0", "ECOG_RIGHT_0", "ECOG_RIGHT_1", "MOV_RIGHT")


def recording(*names, resolution="0.5"):
    channels = "".join(f"Ch{i}={n},,{resolution},\u00b5V\n" for i, n in enumerate(names, 1))
    head = (
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\n"
        "DataFile=rec.eeg\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
        f"NumberOfChannels={len(names)}\nSamplingInterval=1000.0\n[Binary Infos]\n"
        f"BinaryFormat=IEEE_FLOAT_32\n[Channel Infos]\n{channels}"
    )
    samples = np.arange(3 * len(names), dtype="<f4").reshape(3, len(names))
    return {"rec.vhdr": head.encode(), "rec.eeg": samples.tobytes(), "channels.tsv": b""}


def test_channels_go_by_their_names():
    found = ecog_grip.build(recording(*NAMES))

    assert found["lfp"].tolist() == [[0.0], [2.0], [4.0]]
    assert found["ecog"].tolist() == [[0.5, 1.0], [2.5, 3.0], [4.5, 5.0]]
    assert found["grip"].tolist() == [1.5, 3.5, 5.5]
    assert found["ecog.channel"].tolist() == ["ECOG_RIGHT_0", "ECOG_RIGHT_1"]
    assert found["lfp.channel"].tolist() == ["LFP_RIGHT_0"]
    assert found["rate_hz"].tolist() == [1000.0]
    assert found["unit"].tolist() == ["\u00b5V"] * 3
    assert {found[k].dtype for k in ("ecog", "lfp", "grip")} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (NAMES[:3], "0 channels begin with MOV_"),
        ((*NAMES, "MOV_LEFT"), "2 channels begin with MOV_"),
        (NAMES[1:], "0 channels begin with LFP_"),
        ((*NAMES, "EEG_1"), "channel EEG_1 is neither ECoG, LFP nor force"),
    ],
)
def test_channels_that_were_not_expected_are_refused(names, sentence):
    with pytest.raises(RespikeError, match=sentence):
        ecog_grip.build(recording(*names))


def test_a_missing_file_is_named():
    files = recording(*NAMES)
    del files["rec.eeg"]

    with pytest.raises(RespikeError, match=r"rec\.vhdr names rec\.eeg, which is missing"):
        ecog_grip.build(files)
    with pytest.raises(RespikeError, match=r"need one \.vhdr file; there are 0"):
        ecog_grip.build({})


@pytest.mark.network
def test_the_real_recording_has_its_size_and_three_grips(tmp_path):
    row = config.sources(ROOT).value["datasets"]["ecog-grip"]

    found = ecog_grip.build(fetch("ecog-grip", row, cache=Cache(tmp_path)))

    assert found["ecog"].shape == (19001, 6)
    assert found["lfp"].shape == (19001, 3)
    assert found["rate_hz"].tolist() == [1000.0]
    pressed = found["grip"] > (found["grip"].min() + found["grip"].max()) / 2
    assert np.count_nonzero(np.diff(pressed.astype(int)) == 1) == 3
