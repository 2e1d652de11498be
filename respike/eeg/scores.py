"""Numbers of a decoded trajectory: R2, correlation, error and lag, all test moments pooled.

For the reader of a table; verdicts are made from the predictions themselves.
"""

import numpy as np

AXES = ("x", "y", "z")


def r2(target: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """1 - SSE / SST of each axis; [S, D] -> [D]."""
    return 1 - ((target - predicted) ** 2).sum(0) / ((target - target.mean(0)) ** 2).sum(0)


def correlation(target: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each axis; 0 where a prediction does not vary."""
    y, p = target - target.mean(0), predicted - predicted.mean(0)
    scale = np.sqrt((y * y).sum(0) * (p * p).sum(0))
    return np.divide((y * p).sum(0), scale, out=np.zeros(len(scale)), where=scale > 0)


def lag_steps(
    target: np.ndarray, predicted: np.ndarray, block: np.ndarray, most: int = 12
) -> int:
    """By how many steps a prediction trails the truth, where their correlation is largest.

    Args:
        target, predicted: [S, D]; correlations of the axes are averaged.
        block: of each moment; only pairs within a block count.
        most: largest lag tried, both ways.
    """
    best, most = {}, min(most, len(block) - 2)
    for lag in range(-most, most + 1):
        late = slice(max(lag, 0), len(block) + min(lag, 0))
        early = slice(max(-lag, 0), len(block) - max(lag, 0))
        same = block[late] == block[early]
        if same.sum() < 2:
            continue
        best[lag] = correlation(target[early][same], predicted[late][same]).mean()
    return max(best, key=lambda lag: (best[lag], -abs(lag)))


def table(
    target: np.ndarray, predicted: dict[str, np.ndarray], block: np.ndarray, step_ms: float
) -> dict[str, float]:
    """Flat numbers of every predictor: r2.NAME, r2.NAME.AXIS, pcc.NAME.AXIS, rmse, lag_ms."""
    found: dict[str, float] = {}
    total = ((target - target.mean(0)) ** 2).sum()
    axes = AXES[: target.shape[1]] if target.shape[1] > 1 else ("",)
    for name, p in predicted.items():
        found[f"r2.{name}"] = float(1 - ((target - p) ** 2).sum() / total)
        found[f"rmse.{name}"] = float(np.sqrt(((target - p) ** 2).sum(axis=1).mean()))
        found[f"lag_ms.{name}"] = lag_steps(target, p, block) * step_ms
        for axis, one, r in zip(axes, r2(target, p), correlation(target, p), strict=True):
            end = f".{axis}" if axis else ""
            found[f"pcc.{name}{end}"] = float(r)
            if axis:
                found[f"r2.{name}{end}"] = float(one)
    return found
