"""The digits are read as they were published, and a damaged file is refused."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.datasets import digits

LINE = ",".join(str(i % 17) for i in range(64))


def test_a_line_is_an_image_row_by_row_and_its_digit():
    found = digits.build({"digits.csv": f"{LINE},7\n{LINE},0\n".encode()})

    assert found["image"].shape == (2, 8, 8)
    assert found["image"].dtype == np.uint8
    assert found["image"][0, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert found["image"][0, 2, :3].tolist() == [16, 0, 1]
    assert found["label"].tolist() == [7, 0]
    assert found["item"].tolist() == [0, 1]


def test_the_arrays_are_those_that_scikit_learn_gives(digits_file):
    from sklearn.datasets import load_digits

    found, theirs = digits.build(digits_file), load_digits()

    assert (found["image"] == theirs.images).all()
    assert (found["label"] == theirs.target).all()
    assert np.bincount(found["label"]).tolist() == [
        178,
        182,
        177,
        183,
        181,
        182,
        181,
        179,
        174,
        180,
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{LINE},7\n{LINE}\n", "line 2 of digits.csv is not 65 whole numbers"),
        (f"{LINE},x\n", "line 1 of digits.csv is not 65 whole numbers"),
        (f"{LINE},10\n", "line 1 of digits.csv has a grey value or digit too large"),
        (f"17,{LINE[2:]},1\n", "line 1 of digits.csv has a grey value or digit too large"),
    ],
)
def test_a_damaged_line_is_named(text, sentence):
    with pytest.raises(RespikeError, match=sentence):
        digits.build({"digits.csv": text.encode()})


def test_a_missing_file_is_named_with_what_is_there():
    with pytest.raises(RespikeError, match=r"digits\.csv is missing; there is: digit\.csv"):
        digits.build({"digit.csv": b""})
