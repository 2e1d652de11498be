"""Counting identities: operations follow from spikes and stored connections alone."""

from dataclasses import replace

import numpy as np

from respike.core.seeds import numpy_stream
from respike.targets.counting import count, fan_out, mismatch
from respike.targets.int_core import IntCore
from respike.targets.quantise import CoreLayer, Program, quantise
from tests.targets.vectors import BASE, network


def layer(live):
    live = np.array(live, dtype=bool)
    return CoreLayer("one", live.astype(int), np.zeros(len(live), int), live, 0, 0, 1)


def test_each_active_input_costs_its_connections():
    one = layer([[1, 0, 1], [1, 1, 0]])  # fan-out 2, 1, 1
    source = np.array([[[3, 0, 1], [1, 0, 0]], [[0, 0, 0], [0, 5, 0]]])

    # item 0: inputs 0 and 2, then 0: 2 + 1 + 2; item 1: input 1
    assert fan_out(one, source).tolist() == [5, 1]


def test_input_integers_and_spikes_are_counted_apart():
    one, out = layer([[1, 1], [0, 1]]), layer([[1, 1]])
    spikes = np.array([[[1, 0], [1, 1]]], dtype=np.uint8)

    counts = count(Program((one,), out, 2), np.array([[[7, 0], [7, 7]]]), (spikes,))

    assert counts.graded.tolist() == [4]
    assert counts.synops.tolist() == [3]
    assert counts.updates == 3 * 2
    assert counts.dense_macs == 4 + 2
    assert counts.connections == 3 + 2


def test_pruning_removes_exactly_the_fan_out_of_active_inputs():
    rng = numpy_stream(5, "pruning")
    spec = replace(BASE, membrane_bits=12)
    program = quantise(network(spec, rng), spec)
    frames = rng.integers(0, 10, (30, 6, 6))
    readout = program.readout
    cut = readout.live & (rng.random(readout.live.shape) < 0.5)
    pruned = replace(program, readout=replace(readout, live=cut, weight=readout.weight * cut))

    full, less = (IntCore(spec).run(p, frames) for p in (program, pruned))

    # the readout feeds nothing back, so all spikes are equal and only its adds are fewer
    removed = (full.spikes[-1].sum(axis=1) * (readout.live ^ cut).sum(axis=0)).sum(axis=1)
    before = count(program, frames, full.spikes).synops
    after = count(pruned, frames, less.spikes).synops
    assert removed.sum() > 0
    assert (before - after).tolist() == removed.tolist()


def test_the_count_equals_the_adds_of_an_event_driven_walk():
    rng = numpy_stream(6, "walk")
    program = quantise(network(BASE, rng), BASE)
    frames = rng.integers(0, 10, (3, 6, 6))
    spikes = IntCore(BASE).run(program, frames).spikes
    counts = count(program, frames, spikes)

    for item in range(3):
        walked = 0
        for source, target in zip(spikes, (program.layers[1], program.readout), strict=True):
            for t in range(program.time_steps):
                for j in np.flatnonzero(source[item, t]):
                    walked += sum(bool(row[j]) for row in target.live)
        assert counts.synops[item] == walked


def test_what_a_delay_cuts_off_is_not_counted():
    one, out = layer([[1]]), layer([[1]])
    spikes = np.ones((1, 3, 1), dtype=np.uint8)

    counts = count(Program((one,), out, 3), np.ones((1, 3, 1), int), (spikes,), delay_steps=1)

    assert counts.graded.tolist() == [2]
    assert counts.synops.tolist() == [2]


def test_mismatch_is_the_share_of_entries_over_all_layers():
    one = (np.array([[[0, 1]], [[0, 0]]]), np.array([[[1, 1]], [[0, 0]]]))
    other = (np.array([[[0, 1]], [[1, 0]]]), np.array([[[1, 0]], [[0, 0]]]))

    assert mismatch(one, other).tolist() == [0.25, 0.25]
