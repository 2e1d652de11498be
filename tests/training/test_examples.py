"""Reading prepared arrays and dividing them."""

import numpy as np
import pytest
import torch

from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from respike.training.examples import examples, split


def images():
    image = np.arange(24, dtype=np.uint8).reshape(3, 2, 4) % 17
    return {"image": image, "label": np.array([2, 0, 1]), "item": np.array([10, 11, 12])}


def test_images_are_flattened_and_scaled_by_their_levels():
    found = examples(images(), 16)

    assert (len(found), found.features, found.frames) == (3, 8, 0)
    assert found.inputs()[0].tolist() == [k / 16 for k in range(8)]
    assert found.inputs().dtype == torch.float32


def test_frames_come_one_a_step():
    frames = np.arange(2 * 3 * 2 * 1 * 2, dtype=np.uint8).reshape(2, 3, 2, 1, 2)
    data = {"frames": frames, "label": np.array([0, 1]), "item": np.array([0, 1])}

    found = examples(data, 32)

    assert (found.features, found.frames) == (4, 3)
    assert found.inputs().shape == (3, 2, 4)
    assert torch.equal(found.inputs()[1, 0], torch.tensor([4.0, 5, 6, 7]) / 32)


def test_items_are_taken_with_their_labels_and_ids():
    few = examples(images(), 16).take(np.array([2, 0]))

    assert few.label.tolist() == [1, 2]
    assert few.item.tolist() == [12, 10]
    assert few.inputs()[1].tolist() == [k / 16 for k in range(8)]


@pytest.mark.parametrize(
    ("change", "levels", "sentence"),
    [
        (
            {},
            4,
            "image holds the value 16 and input_levels is 4; input_levels must be >= 1 and at"
            " least the greatest value",
        ),
        (
            {"frames": np.zeros((3, 1, 1, 1, 1))},
            16,
            "the data hold frames, image, item, label; training needs either image or frames,"
            " with label and item",
        ),
        ({"label": np.array([0, -1, 1])}, 16, "label holds -1; classes are numbered from 0"),
    ],
)
def test_arrays_that_cannot_be_trained_on_are_refused(change, levels, sentence):
    with pytest.raises(RespikeError) as error:
        examples({**images(), **change}, levels)

    assert str(error.value) == sentence


SIZES = {"train": 50, "validation": 20, "test": 25}


def test_sets_share_no_item_and_are_the_permutation_in_order():
    found = split(100, SIZES, numpy_stream(3, "split"))

    order = numpy_stream(3, "split").permutation(100)
    assert found["train"].tolist() == order[:50].tolist()
    assert found["validation"].tolist() == order[50:70].tolist()
    assert found["test"].tolist() == order[70:95].tolist()


def test_another_seed_divides_otherwise():
    one, other = (split(100, SIZES, numpy_stream(seed, "split"))["test"] for seed in (0, 1))

    assert set(one.tolist()) != set(other.tolist())


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ({**SIZES, "train": 60}, "split asks for 105 items; the data have 100; lower one"),
        (
            {"train": 5, "test": 5},
            "split is {'train': 5, 'test': 5}; it needs train, validation and test, each >= 1",
        ),
        (
            {**SIZES, "validation": 0},
            "split is {'train': 50, 'validation': 0, 'test': 25}; it needs train, validation"
            " and test, each >= 1",
        ),
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes, sentence):
    with pytest.raises(RespikeError) as error:
        split(100, sizes, numpy_stream(0, "split"))

    assert str(error.value) == sentence
