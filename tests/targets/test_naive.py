"""The slow core by hand; test_int_core and test_vectors hold it against the fast one."""

from dataclasses import replace

import numpy as np

from respike.targets import naive
from respike.targets.quantise import CoreLayer, Program
from tests.targets.vectors import BASE


def test_two_neurons_by_hand():
    weight = np.array([[3, -1], [0, 4]])
    one = CoreLayer("one", weight, np.array([0, 1]), weight != 0, 0, 0, 5)
    readout = np.array([[2, -7]])
    out = CoreLayer("out", readout, np.array([1]), readout != 0, 0, 0, 0)
    spec = replace(BASE, membrane_bits=8, readout_bits=8)

    got = naive.run_item(spec, Program((one,), out, 2), [[2, 1], [1, 1]])

    # neuron 0: 6 - 1 = 5 fires; 0 + 3 - 1 = 2.  neuron 1: 1 + 4 = 5 fires; again 5 fires
    assert got["spikes"] == [[[1, 1], [0, 1]]]
    assert got["membranes"] == [[[0, 0], [2, 0]]]
    # 1 + 2 - 7, then 1 - 7
    assert got["readout"] == [-10]
    assert got["overflow"] == 0


def test_each_overflow_is_counted():
    weight = np.array([[100, 100, -100]])
    one = CoreLayer("one", weight, np.array([0]), weight != 0, 0, 0, 127)
    unit = np.array([[1]])
    out = CoreLayer("out", unit, np.array([0]), unit != 0, 0, 0, 0)

    # 200 saturates, then -3 * 100 + 127 = -173 saturates
    got = naive.run_item(BASE, Program((one,), out, 1), [[1, 1, 3]])

    assert got["membranes"] == [[[-128]]]
    assert got["overflow"] == 2
