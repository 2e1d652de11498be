"""The UCI handwritten digits that scikit-learn carries: 1,797 still images of 8 x 8.

Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, 10.24432/C50P49;
each grey value counts the ink pixels, 0..16, in a field of 4 x 4 of a 32 x 32 bitmap.
"""

import numpy as np

from respike.core.errors import RespikeError

FILE = "digits.csv"
SIDE = 8
WHITE = 16


def build(files: dict[str, bytes]) -> dict[str, np.ndarray]:
    """Parse digits.csv.

    Args:
        files: {"digits.csv": one line an image, 64 grey values 0..16, then the digit}.

    Returns:
        image uint8 [N, 8, 8] in 0..16, label int64 [N], item int64 [N]: the line, from 0.

    Raises:
        RespikeError: the file is missing, or a line is not 65 whole numbers in range.
    """
    if FILE not in files:
        raise RespikeError(
            f"digits: {FILE} is missing; there is: {', '.join(files) or 'nothing'}"
        )
    rows = [_row(line, n) for n, line in enumerate(files[FILE].decode("ascii").splitlines(), 1)]
    table = np.array(rows, np.int64).reshape(-1, SIDE * SIDE + 1)
    return {
        "image": table[:, :-1].reshape(-1, SIDE, SIDE).astype(np.uint8),
        "label": np.ascontiguousarray(table[:, -1]),
        "item": np.arange(len(table), dtype=np.int64),
    }


def _row(line: str, number: int) -> list[int]:
    cells = line.split(",")
    if len(cells) != SIDE * SIDE + 1 or not all(cell.isdigit() for cell in cells):
        raise RespikeError(f"digits: line {number} of {FILE} is not 65 whole numbers")
    values = [int(cell) for cell in cells]
    if max(values[:-1]) > WHITE or values[-1] > 9:
        raise RespikeError(
            f"digits: line {number} of {FILE} has a grey value or digit too large"
        )
    return values
