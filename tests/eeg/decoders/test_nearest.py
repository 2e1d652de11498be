"""The nearest-window probe, by hand."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.eeg.decoders.nearest import Windows, build


def test_it_averages_the_truth_of_the_nearest_training_windows():
    decoder = build(None, neighbours=2)
    stored = Windows(np.array([[0.0, 0], [1, 0], [10, 0], [11, 1]]))

    fitted = decoder.fit([stored], [np.array([[1.0], [3.0], [100.0], [200.0]])])

    asked = Windows(np.array([[0.4, 0.0], [10.6, 0.5]]))
    assert fitted.predict(asked).tolist() == [[2.0], [150.0]]


def test_more_neighbours_than_windows_are_refused():
    decoder = build(None, neighbours=5)

    with pytest.raises(RespikeError, match=r"2 training windows; nearest.neighbours is 5"):
        decoder.fit([Windows(np.zeros((2, 1)))], [np.zeros((2, 1))])
