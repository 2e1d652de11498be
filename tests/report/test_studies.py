"""What runs show: means and bands over seeds, first items, tables; numbers checked by hand."""

import math

import numpy as np
import pytest

from respike.report import arm, chip, fields, origin, recordings, runs, studies
from tests.report import fake

OUTPUTS = ("metrics.json", "curve.csv", "predictions.npz", "model.npz")


def trained(seed: int, variant: str = "dense", *values: float, column: str = "loss"):
    """A run with one column of its curve."""
    rows = [{"epoch": n + 1, column: str(v)} for n, v in enumerate(values)]
    return fake.run("fake-sparse", variant, "train", seed, {"curve.csv": rows})


def test_a_band_goes_from_the_lowest_to_the_highest_seed():
    mean, low, high = runs.over_seeds([[1.0, 2.0], [3.0, 6.0]])

    assert (mean.tolist(), low.tolist(), high.tolist()) == ([2.0, 4.0], [1.0, 2.0], [3.0, 6.0])


def test_a_curve_that_is_not_over_epochs_is_no_learning_curve():
    rows = [{"share": str(n / 2), "train_error": "0.1"} for n in range(3)]
    line = fake.run("fake-sparse", "dense", "connect", 0, {"curve.csv": rows})

    assert studies.over_epochs(line, "train_error") == {}
    assert studies.learning("connect", [line], {"dense": 0}) is None


def test_a_seed_that_ends_early_leaves_the_rest_to_the_others():
    mean, low, _ = runs.over_seeds([[1.0], [3.0, 6.0], [5.0, math.nan]])

    assert mean.tolist() == [3.0, 6.0]
    assert low.tolist() == [1.0, 6.0]


def test_a_place_that_no_seed_has_is_missing():
    mean, *_ = runs.over_seeds([[math.nan, 1.0]])

    assert math.isnan(mean[0])
    assert mean[1] == 1.0


def test_each_variant_keeps_its_colour_over_all_curves():
    group = [trained(0, "a", 1.0, 2.0), trained(0, "b", 3.0, 4.0)]
    other = [trained(0, "a", column="x"), trained(0, "b", 3.0, 4.0)]

    places = {"a": 0, "b": 1}

    assert [s.colour for s in studies.lines(group, "loss", places)] == [0, 1]
    assert [(s.name, s.colour) for s in studies.lines(other, "loss", places)] == [("b", 1)]


def test_an_accuracy_is_drawn_in_percent():
    group = [trained(0, "a", 0.5, 0.75, column="validation_accuracy")]

    figure = studies.curve("train", group, "validation_accuracy", {"a": 0})

    assert "validation accuracy, %" in figure["drawing"]
    assert ">75<" in figure["drawing"]


def test_folds_and_members_of_an_ensemble_are_averaged_epoch_by_epoch():
    rows = [
        {"fold": "0", "member": "0", "epoch": "0", "loss": "4"},
        {"fold": "0", "member": "0", "epoch": "1", "loss": "2"},
        {"fold": "1", "member": "0", "epoch": "0", "loss": "6"},
        {"fold": "1", "member": "0", "epoch": "1", "loss": "3"},
        {"fold": "1", "member": "1", "epoch": "1", "loss": "99"},
    ]
    run = fake.run("fake-arm", "gate", "decode", 0, {"curve.csv": rows})

    assert studies.over_epochs(run, "loss") == {0: 5.0, 1: 2.5}


def test_a_seed_that_lacks_epochs_is_put_at_the_right_places():
    group = [trained(0, "a", 1.0, 2.0), trained(1, "a", 3.0)]
    group[1].files["curve.csv"] = [{"epoch": 2, "loss": "4"}, {"epoch": 3, "loss": "8"}]

    (line,) = studies.lines(group, "loss", {"a": 0})

    assert line.x == [1, 2, 3]
    assert list(line.y) == [1.0, 3.0, 8.0]


def test_connections_are_drawn_only_where_a_network_is_sparse():
    dense = [trained(0, "a", 1.0, 1.0, column="density")]
    sparse = [trained(0, "b", 0.1, 0.1, column="density")]

    places = {"a": 0, "b": 1}

    assert studies.connections("train", dense, places) is None
    assert studies.connections("train", dense + sparse, places)["figures"]


def test_a_run_without_results_is_drawn_nowhere():
    absent = fake.run("fake-sparse", "a", "train", 0, {}, reason="no data")

    assert studies.blocks([absent]) == []
    assert runs.drawn(absent.record, first=True) == []


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "–"),
        ([2.0, 2.0], "2"),
        ([1.0, 3.0], '<span>2</span><span class="range">1 to 3</span>'),
    ],
)
def test_a_cell_is_the_mean_with_the_range_where_seeds_differ(values, text):
    assert studies.cell(values) == text


@pytest.mark.parametrize(("steps", "strokes"), [(4, 6), (40, 2)])
def test_a_long_item_fills_a_raster_and_short_ones_stand_in_a_row(steps, strokes):
    spikes = np.zeros((3 * steps, 2), np.uint8)
    spikes[::steps] = 1  # two spikes at the first step of each of three items
    run = fake.run("fake-sparse", "dense", "train", 0, {})

    drawing = studies.raster(run, "hidden", spikes, 3)["drawing"]

    path = drawing.split('class="spikes"')[0].rsplit('d="', 1)[1]
    assert path.count("M") == strokes
    assert ("3 items of 4" in drawing) == (steps == 4)


def test_one_raster_of_each_variant_comes_before_a_second_of_any():
    made = [r for r in fake.runs(hostile=False) if r.study == "fake-sparse" and r.seed == 0]

    block = studies.rasters(made)

    titles = [f["title"] for f in (*block["figures"], *block["folded"]["figures"])]
    assert titles[:3] == [
        "dense: train, hidden",
        "evolved: train, hidden",
        "static: train, hidden",
    ]
    assert titles[3:] == ["dense: emulate, h", "evolved: emulate, h"]


def test_only_the_lowest_seed_that_ran_shows_its_traces():
    made = [fake.run("fake-arm", "gate", "decode", seed, {}, reason) for seed, reason in
            ((0, "no data"), (1, None), (2, None))]  # fmt: skip

    assert runs.firsts(run.record for run in made) == {("fake-arm", "gate", "decode", 1)}


def test_traces_of_other_seeds_are_not_read():
    record = {"status": "done", "stage": "decode", "outputs": OUTPUTS}

    assert runs.drawn(record, first=False) == ["metrics.json", "curve.csv"]
    assert runs.drawn(record, first=True) == ["metrics.json", "curve.csv", "predictions.npz"]


def test_the_robot_that_is_filmed_has_a_copilot_where_there_is_one():
    told = [("none", "lift", 0), ("gate", "lift", 1), ("gate", "lift", 0), ("gate", "grip", 0)]
    records = {}
    for copilot, task, seed in told:
        record = fake.run("fake-arm", "gate", "control", seed, {}).record
        record["settings"]["control"] = {"copilot": copilot, "task": task}
        records[f"{copilot} {task} {seed}"] = record

    assert runs.filmed(records) == {"fake-arm": "gate lift 0"}


def test_data_lead_to_their_records():
    record = {
        "inputs": {"data": [{"path": "data/digits/prepare/arrays.npz"}], "x": [{"path": "y"}]}
    }

    (path,) = runs.data_records(record)

    assert str(path) == "results/data/digits/prepare/record.json"


# ---------------------------------------------------------------- fields, chip, recordings


@pytest.mark.parametrize(
    ("method", "text"),
    [("snn1", "1 neuron a variable"), ("snn20", "20 neurons a variable"), ("mf", "mean field")],
)
def test_a_method_is_said_in_words(method, text):
    assert fields.called(method) == text


def test_errors_stand_one_row_a_variant_and_one_column_a_method():
    made = [r for r in fake.runs(hostile=False) if r.variant == "weak"]

    (inference,) = fields.blocks(made)

    against_exact, against_mean_field = inference["tables"]
    assert against_exact["head"] == ["variant", "mean field", "1 neuron a variable"]
    assert against_exact["rows"] == [["weak", "0.04", "0.05"]]
    assert against_mean_field["head"] == ["variant", "1 neuron a variable"]


def test_the_chip_table_carries_mismatch_overflow_energy_and_label():
    made = [
        r for r in fake.runs(hostile=False) if r.stage == "emulate" and r.variant == "dense"
    ]

    (block,) = chip.blocks(made)

    (row,) = block["tables"][0]["rows"]
    assert row[0] == "dense"
    assert row[3:5] == ["1.2", "3"]  # 1.2 % of spikes, 0 + 1 + 2 overflows
    assert row[6:] == ["0.3 to 300", "quantised model "]
    assert "recorded traces of a chip" in block["text"]


def test_no_line_joins_two_trials():
    values = recordings.apart(np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([7, 7, 9, 9]))

    assert np.isnan(values[:, 0]).tolist() == [False, False, True, False]


def test_every_predictor_has_a_row_and_axes_have_none():
    metrics = {"r2.template": 0.5, "r2.both": 0.75, "r2.both.x": 0.9, "pcc.both.x": 0.9}
    made = [fake.run("fake-arm", "cnn", "decode", 0, {"metrics.json": metrics})]

    (block,) = recordings.predictors(made)

    assert block["tables"][0]["rows"] == [["template", "0.5"], ["both", "0.75"]]


def test_success_is_in_percent_and_only_of_the_rates_there_are():
    metrics = {"lift_rate": 0.5, "hold_rate": 0.25}
    made = [fake.run("fake-arm", "gate", "control", 0, {"metrics.json": metrics})]

    (block,) = arm.blocks(made, None)

    assert block["tables"][0]["head"] == ["variant", "lift, %", "hold, %"]
    assert block["tables"][0]["rows"] == [["gate", "50", "25"]]


def test_the_path_is_that_of_the_first_recorded_episode_in_centimetres():
    meters = np.array([[0.1, 0.0, 0.2], [0.2, 0.1, 0.3], [9.0, 9.0, 9.0]])
    frames = {"item": np.array([4, 4, 5])} | dict.fromkeys(arm.PATHS, meters)
    made = [fake.run("fake-arm", "gate", "control", 0, {})]
    made[0].files["trajectory.npz"] = frames

    (block,) = arm.paths(made)

    side, above = block["figures"]
    assert (side["title"], above["title"]) == ("gate: x and z", "gate: x and y")
    assert ">20<" in side["drawing"]  # 20 cm stand on an axis
    assert ">900<" not in side["drawing"]


def test_controls_that_know_nothing_are_left_to_the_table():
    arrays = {"block": np.zeros(2), "item": np.zeros(2), "time_s": np.arange(2.0)}
    names = ("target", "predicted.eeg", "predicted.mean", "predicted.template-phase-randomised")
    arrays |= {key: np.array([[1.0], [2.0]]) for key in names}
    run = fake.run("fake-arm", "grip", "decode", 0, {"predictions.npz": arrays})
    run.record["settings"]["decode"] = {"truth": "grip_force"}

    (figure,) = recordings.drawings(run)

    assert figure["title"] == "grip: grip force"
    assert "<span>eeg</span>" in figure["legend"]
    assert "mean" not in figure["legend"]
    assert "randomised" not in figure["legend"]


def test_time_goes_on_where_a_trial_begins_anew():
    seconds = recordings.running(np.array([0.0, 0.1, 0.2, 0.0, 0.1]))

    assert seconds == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_a_long_pause_between_trials_is_cut_short():
    seconds = recordings.running(np.array([0.0, 0.1, 0.2, 60.0, 60.1]))

    assert seconds == pytest.approx([0, 0.1, 0.2, 0.7, 0.8])


def test_the_first_trials_are_those_of_the_first_block():
    arrays = {"block": np.array([3, 3, 3, 5]), "item": np.array([7, 7, 9, 7])}

    assert recordings.first_trials(arrays, 1).tolist() == [0, 1]
    assert recordings.first_trials(arrays, 9).tolist() == [0, 1, 2]


# ---------------------------------------------------------------- origin


def test_settings_are_counted_by_where_they_come_from():
    about = {
        "variants": {
            "a": {
                "train": {
                    "epochs": 3,
                    "structure": {"density": 0.1, "drop": "magnitude"},
                    "lr": 1,
                },
                "sources": {"epochs": "ours", "structure": "paper", "lr": "code"},
            },
            "b": {"train": {"epochs": 3, "batch": 9}, "sources": {"epochs": "ours"}},
        }
    }

    found = origin.settings(about)

    assert found["ours"] == {"train.epochs"}
    assert found["paper"] == {"train.structure.density", "train.structure.drop"}
    assert found["code"] == {"train.lr"}
    assert found["not said"] == {"train.batch"}
    assert origin.chosen(about) == "1 of 5"


def test_jobs_that_did_not_run_are_grouped_by_their_reason():
    made = [fake.run("fake-arm", v, "decode", 0, {}, "no package").record for v in ("a", "b")]

    (row,) = origin.not_run(made)["tables"][0]["rows"]

    assert row == ["no package", "decode of fake-arm/a and decode of fake-arm/b", 2]


def test_wall_time_and_peak_memory_come_from_the_records():
    made = [fake.run("fake-arm", "a", "decode", s, {}).record for s in (0, 1)]
    made[1]["evidence"] |= {"wall_s": 4.0, "peak_rss_mb": 900.0}

    (row,) = origin.cost(made)["tables"][0]["rows"]

    assert row[:6] == ["decode", 2, 0, "5.5 s", "4 s", "900 MB"]


def test_two_machines_are_both_named():
    made = [fake.run("fake-arm", "a", "decode", s, {}).record for s in (0, 1, 2)]
    made[2]["evidence"]["host"] = "other"

    rows = dict(origin.environment(made)["tables"][0]["rows"])

    assert rows["host"] == "fake-host<b> (2 jobs) and other (1 job)"
