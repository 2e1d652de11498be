"""How often the procedures err and decide, on synthetic claims whose truth is known.

Each row judges many claims by the production code. On the edge of the region neither
verdict is right: there `false_holds` and `false_differs` may be 5 %. Then the truth is moved
into and out of the region, by the margin that 80 % power is registered for.

    python -m respike.claims.calibration > respike/claims/calibration.csv

Outcomes of test items are probits: item difficulty, seed and rest add to a unit normal, each
correlated between two arms; accuracy is the share above zero.
"""

import pkgutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm
from scipy.stats import t as student

from respike.claims import family, looks, paired, published, ratio
from respike.claims.estimate import LEVEL, Estimate, Region, decide
from respike.claims.jackknife import jackknife
from respike.claims.power import POWER, decidable
from respike.claims.rate import rate
from respike.claims.scale import LINKS
from respike.core import io
from respike.core.seeds import numpy_stream
from respike.metrics import pcc, r2, r2_gain

Procedure = Callable[..., Estimate]
NUMBERS = 20_000_000  # random outcomes of one row of the committed table
MOST = 4_000  # claims of one row
FILE = "calibration.csv"


class Items(NamedTuple):
    """One design of two arms tested on items.

    Attributes:
        name: what it stands for.
        n, m: seeds, test items of a seed.
        accuracy: of the better arm.
        alike: correlation of the arms in items, seeds and rest.
        item, seed: shares of the variance.
        heavy: seed effects from Student's t with 3 degrees of freedom.
        pool: items that each seed draws its test set from; 0 = one test set for all.
    """

    name: str
    n: int
    m: int
    accuracy: float = 0.90
    alike: float = 0.8
    item: float = 0.6
    seed: float = 0.004
    heavy: bool = False
    pool: int = 0


DESIGNS = (
    Items("3 seeds", 3, 360),
    Items("5 seeds", 5, 360),
    Items("8 seeds", 8, 360),
    Items("20 seeds", 20, 360),
    Items("small test set", 8, 200),
    Items("large test set", 8, 1000),
    Items("item noise", 8, 360, item=0.9, seed=0.0005),
    Items("weak pairing", 8, 360, alike=0.3),
    Items("ties", 8, 360, accuracy=0.95, alike=0.97),
    Items("ceiling", 8, 360, accuracy=0.99, alike=0.9),
    Items("heavy tails", 8, 360, seed=0.01, heavy=True),
    Items("resplits of a pool", 8, 120, pool=600),
)
RATES = (
    Items("rate, 5 seeds", 5, 100, accuracy=0.8, seed=0.02),
    Items("rate, 8 seeds", 8, 100, accuracy=0.9, seed=0.02),
    Items("rate, item noise", 8, 100, accuracy=0.9, item=0.9, seed=0.01),
    Items("rate, ceiling", 8, 360, accuracy=0.97),
    Items("rate, 20 seeds", 20, 50, accuracy=0.9, seed=0.02),
    Items("rate, few failures", 8, 50, accuracy=0.97, item=0.9, seed=0.01),
)


def table(
    seed: int = 2026, size: float = 1.0, procedure: Procedure = paired.paired
) -> list[dict[str, Any]]:
    """Judge synthetic claims of every procedure.

    Args:
        seed: of all random numbers.
        size: share of NUMBERS and MOST to use.
        procedure: stands in for `paired.paired`, so that a test can break it.

    Returns:
        One row a design and kind; shares in percent: errors on the edge, `limit` what they
        may be (5 + 3 standard errors), verdicts where the truth is the registered distance
        inside and outside.
    """
    rows: list[dict[str, Any]] = []
    for design in DESIGNS:
        rows += _paired_rows(design, _draws(seed, design.name), size, procedure)
    for design in RATES:
        rows.append(_rate_row(design, _draws(seed, design.name), size))
    rows += _published_rows(_draws(seed, "published"), size)
    rows.append(_ratio_row(_draws(seed, "ratio"), size))
    rows += _jackknife_rows(_draws(seed, "jackknife"), size)
    rows.append(_conjunction_row(_draws(seed, "conjunction"), size))
    rows.append(_looks_row(_draws(seed, "looks"), size, procedure))
    rows.append(_page_row(_draws(seed, "page"), size))
    return rows


def committed() -> list[dict[str, str]]:
    """The table as it was last generated, for the page: calibration.csv beside this module."""
    return io.parse(FILE, pkgutil.get_data("respike.claims", FILE))


# ------------------------------------------------------------------ rows


def _draws(seed, use):
    return numpy_stream(seed, f"calibration {use}")


def _count(size, numbers):
    return max(40, int(min(size * MOST, size * NUMBERS / numbers)))


def _row(procedure, design, kind, n, m, claims, margin, edge, inside, outside, rate=5.0):
    """Shares in percent; `edge`, `inside`, `outside` are decisions, or None."""

    def share(which, at):
        return None if at is None else round(100 * float(np.mean(getattr(at, which))), 1)

    return {
        "procedure": procedure,
        "design": design,
        "kind": kind,
        "seeds": n,
        "items": m,
        "claims": claims,
        "margin": round(float(margin), 4),
        "false_holds": share("holds", edge),
        "false_differs": share("differs", edge),
        "limit": round(rate + 300 * float(np.sqrt(rate / 100 * (1 - rate / 100) / claims)), 1),
        "holds_inside": share("holds", inside),
        "differs_outside": share("differs", outside),
    }


def _paired_rows(design, rng, size, procedure) -> Iterator[dict[str, Any]]:
    claims = _count(size, design.n * (design.pool or design.m))
    judge = partial(procedure, step=1.0)
    level = judge(*_pair(rng, design, claims, 0.0))
    errors = [_spread(level.value)]
    wide = decidable(design.n - 1, 2) * max(errors[0], 1 / design.m)
    errors.append(_spread(judge(*_pair(rng, design, claims, 2 * wide)).value))
    se = max(*errors, 1 / design.m)
    for kind, sides in (("better", 1), ("within", 2)):
        margin = decidable(design.n - 1, sides) * se
        region = Region(margin if sides == 1 else -margin, np.inf if sides == 1 else margin)
        edge = decide([judge(*_pair(rng, design, claims, margin))], [region])
        far = decide([judge(*_pair(rng, design, claims, 2 * margin))], [region])
        near = decide([level], [region])
        inside, outside = (far, near) if sides == 1 else (near, far)
        yield _row(
            "paired",
            design.name,
            kind,
            design.n,
            design.m,
            claims,
            margin,
            edge,
            inside,
            outside,
        )


def _spread(values):
    return float(np.std(values))


def _typical(estimate):
    """Standard error that a pilot would show."""
    return float(np.sqrt(np.mean(np.square(estimate.se))))


def _rate_row(design, rng, size):
    claims = _count(size, design.n * design.m)
    found = rate(_single(rng, design, claims)[0])
    truth, df = design.accuracy, design.n - 1
    spread = max(_spread(found.value), _typical(found)) / np.sqrt(truth * (1 - truth))

    def short(
        bound,
    ):  # a bound's distance is in its own standard error, the power in the truth's
        own, at_truth = (spread * np.sqrt(p * (1 - p)) for p in (bound, truth))
        crossed = student.ppf(1 - LEVEL, df)
        return abs(truth - bound) - crossed * own - (decidable(df) - crossed) * at_truth

    low, high = brentq(short, 0.01, truth), brentq(short, truth, 1.0)
    at = [decide([found], [Region(bound, np.inf)]) for bound in (truth, low, high)]
    return _row("rate", design.name, "bound", design.n, design.m, claims, truth - low, *at)


def _published_rows(rng, size) -> Iterator[dict[str, Any]]:
    """Ours over 8 seeds against one run of theirs, or the mean of five, spread alike."""
    design = Items("", 8, 360, seed=0.02)
    claims = _count(size, 2 * design.n * design.m)
    for name, same in (("their test items are ours", True), ("other test items", False)):
        for runs in (1, 5):
            values, theirs = _single(rng, design, claims, theirs=runs, same=same)
            ours = paired.paired(values, step=1.0)
            if runs == 1:
                found = published.one_run(ours, same_items=same)
            else:
                sd = theirs.std(axis=-1, ddof=1)
                found = published.mean_of_runs(ours, sd=sd, runs=runs, same_items=same, ddof=1)
            gap = found.value - theirs.mean(axis=-1)
            moved = partial(_moved, found, gap)
            margin = decidable(7, 2) * _typical(found)
            region = Region(-margin, margin)
            at = [decide([moved(by)], [region]) for by in (margin, 0.0, 2 * margin)]
            design_name = f"{name}, {runs} of their runs"
            yield _row(
                "published", design_name, "within", design.n, design.m, claims, margin, *at
            )


def _moved(estimate, value, by):
    return Estimate(**{**vars(estimate), "value": value + by})


def _ratio_row(rng, size):
    """Totals whose logarithms spread by 10 % over seeds, 8 seeds."""
    claims = _count(size, 800)
    logs = 0.1 * rng.standard_normal((claims, 2, 8))
    found = ratio.of_totals(np.exp(logs[:, 0]), np.exp(logs[:, 1]))
    gap = decidable(7) * 0.1 * np.sqrt(2 / 8)
    low, high = Region(-gap, np.inf), Region(gap, np.inf)
    at = decide([found], [Region(0.0, np.inf)])
    return _row(
        "ratio", "costs of 8 seeds", "ratio", 8, 0, claims, np.exp(gap), at,
        decide([found], [low]), decide([found], [high]),
    )  # fmt: skip


def _jackknife_rows(rng, size) -> Iterator[dict[str, Any]]:
    for metric, name in ((r2, "R2"), (r2_gain, "gain in R2"), (pcc, "correlation")):
        link = LINKS[metric.LINK].inward if hasattr(metric, "LINK") else np.asarray
        for seeds, blocks in ((1, 6), (1, 9), (1, 12), (8, 6), (8, 12)):
            claims = _count(size, 400 * seeds * blocks)
            sums, truth = _recordings(rng, name, claims, seeds, blocks)
            found = jackknife(sums, lambda s, m=metric, f=link: f(m.combine(s)))
            truth = float(link(truth))
            gap = decidable(blocks - 1, 1, found.level) * _typical(found)
            yield _row(
                "jackknife", f"{name}, {blocks} blocks", "bound", seeds, blocks, claims, gap,
                decide([found], [Region(truth, np.inf)]),
                decide([found], [Region(truth - gap, np.inf)]),
                decide([found], [Region(truth + gap, np.inf)]),
            )  # fmt: skip


def _conjunction_row(rng, size):
    """Three controls of one arm: one on the edge (holds), all on the edge (differs)."""
    claims, n, k = _count(size, 400), 8, 3
    gaps = rng.standard_normal((claims, n, 1)) - rng.standard_normal((claims, n, k))
    parts = [paired.over_seeds(gaps[..., i]) for i in range(k)]
    se, away = np.sqrt(2 / n), 10.0
    near = decidable(n - 1, wanted=POWER ** (1 / k)) * se
    far = decidable(n - 1, level=LEVEL / k) * se
    one, every, inside, outside = (
        decide(parts, [Region(first, np.inf)] + [Region(rest, np.inf)] * (k - 1))
        for first, rest in ((0.0, -away), (0.0, 0.0), (-near, -near), (far, -away))
    )
    edge = one._replace(differs=every.differs)
    sizes = (n, 0, claims, near)
    return _row("conjunction", "3 controls", "every-control", *sizes, edge, inside, outside)


def _looks_row(rng, size, procedure):
    """8 seeds, then 20, on one test set."""
    design = Items("", 20, 360)
    claims = _count(size, design.n * design.m)
    region = Region(0.0, np.inf)
    found = []
    se = _typical(paired.paired(_pair(rng, design, claims, 0.0)[0]))
    margin = decidable(19, level=looks.SHARES[1] * LEVEL) * se
    for gap in (0.0, margin, -margin):
        values, _ = _pair(rng, design, claims, gap)
        one = decide([procedure(values[:, :8], step=1.0)], [region], looks.SHARES[0])
        two = decide([procedure(values, step=1.0)], [region], looks.SHARES[1])
        found.append(looks.both(one, two))
    return _row("looks", "8 seeds, then 20", "better", 20, 360, claims, margin, *found)


def _page_row(rng, size):
    """Pages of 30 claims, half of them on the edge: share of wrong ones among the decided."""
    pages, n, k = _count(size, 8000), 8, 30
    truth = np.where(np.arange(k) < k // 2, 0.0, rng.choice([-1.5, -1.0, 1.0, 1.5], k))
    found = paired.over_seeds(truth[:, None] + rng.standard_normal((pages, k, n)))
    decision = decide([found], [Region(0.0, np.inf)])
    pairs = zip(decision.p_holds, decision.p_differs, strict=True)
    keep = np.array([family.adjusted(p, q) for p, q in pairs]) <= family.RATE
    holds, differs = keep & decision.holds, keep & decision.differs
    decided = np.maximum((holds | differs).sum(axis=1), 1)
    wrong = decision._replace(
        holds=(holds & (truth <= 0)).sum(axis=1) / decided,
        differs=(differs & (truth >= 0)).sum(axis=1) / decided,
    )
    right = decision._replace(holds=holds[:, truth > 0], differs=differs[:, truth < 0])
    return _row(
        "page", "30 claims, half on the edge", "better", n, 0, pages, 1.0, wrong, right, right,
        rate=100 * family.RATE / 2,
    )  # fmt: skip


# ------------------------------------------------------------------ synthetic outcomes


def _normal(rng, *shape):
    return rng.standard_normal(shape, np.float32)


def _effects(rng, design, claims):
    """Seed effects of two arms, unit variance, correlated `alike`; [claim, seed, 1] each."""
    if design.heavy:
        parts = rng.standard_t(3, (3, claims, design.n, 1)) / np.sqrt(3)
    else:
        parts = rng.standard_normal((3, claims, design.n, 1))
    common, *own = parts.astype(np.float32)
    a, b = np.sqrt(design.alike), np.sqrt(1 - design.alike)
    return [np.float32(a) * common + np.float32(b) * x for x in own]


def _threshold(design, accuracy):
    """What the latent must exceed the negative of, for this accuracy."""
    if not design.heavy:
        return norm.ppf(accuracy)
    q = student.ppf((np.arange(200) + 0.5) / 200, 3) / np.sqrt(3)
    mixed = np.sqrt(design.alike) * q[:, None] + np.sqrt(1 - design.alike) * q
    shift, rest = np.sqrt(design.seed) * mixed, np.sqrt(1 - design.seed)
    return brentq(lambda x: norm.cdf((x + shift) / rest).mean() - accuracy, -10, 10)


def _latent(design, items, seeds, rest, accuracy):
    parts = np.float32(_threshold(design, accuracy)) + np.float32(design.item**0.5) * items
    parts = parts + np.float32(design.seed**0.5) * seeds
    return (parts + np.float32((1 - design.item - design.seed) ** 0.5) * rest > 0).astype(
        np.float32
    )


def _pair(rng, design, claims, gap):
    """Difference of two arms' outcomes, [claim, seed, item], and which items a seed tested."""
    many = design.pool or design.m
    r = np.float32(design.alike)
    k = np.sqrt(1 - r * r)
    one, two = _normal(rng, claims, 1, many), _normal(rng, claims, 1, many)
    seeds = _effects(rng, design, claims)
    here, there = _normal(rng, claims, design.n, many), _normal(rng, claims, design.n, many)
    a = _latent(design, one, seeds[0], here, design.accuracy - max(0.0, -gap))
    b = _latent(design, r * one + k * two, seeds[1], r * here + k * there,
                design.accuracy - max(0.0, gap))  # fmt: skip
    if not design.pool:
        return a - b, None
    order = rng.random((claims, design.n, many)).argsort(axis=-1)
    return a - b, order < design.m


def _single(rng, design, claims, theirs=0, same=True):
    """Outcomes of one arm, [claim, seed, item], and means of `theirs` runs of the same kind."""
    items = _normal(rng, claims, 1, design.m)
    seeds = _effects(rng, design, claims)[0]
    rest = _normal(rng, claims, design.n, design.m)
    values = _latent(design, items, seeds, rest, design.accuracy)
    if not theirs:
        return values, None
    other = items if same else _normal(rng, claims, 1, design.m)
    runs = design._replace(n=theirs)
    drawn = _normal(rng, claims, theirs, design.m)
    hits = _latent(runs, other, _effects(rng, runs, claims)[0], drawn, design.accuracy)
    return values, hits.mean(axis=-1, dtype=float)


# variances of the synthetic recordings: cue, decodable, noise; offsets of a block in target and
# prediction; noise of the decoder; spread of its gain over blocks and over seeds
_CUE, _SIGNAL, _NOISE, _OFFSET, _DRIFT, _DECODER = 1.0, 0.5, 0.5, 0.03, 0.03, 0.1
_GAIN, _GAIN_BLOCK, _GAIN_SEED = 0.6, 0.02, 0.005
TRIALS = 28


def _recordings(rng, name, claims, seeds, blocks):
    """Block sums of a decoded signal, [claim, seed, block, k], and the true value."""
    shape, wide = (claims, 1, blocks, TRIALS), (claims, 1, blocks, 1)
    cue, signal, noise = (
        np.sqrt(v) * rng.standard_normal(shape) for v in (_CUE, _SIGNAL, _NOISE)
    )
    y = cue + signal + noise + np.sqrt(_OFFSET) * rng.standard_normal(wide)
    gain = _GAIN + np.sqrt(_GAIN_BLOCK) * rng.standard_normal(wide)
    gain = gain + np.sqrt(_GAIN_SEED) * rng.standard_normal((claims, seeds, 1, 1))
    p = cue + gain * signal + np.sqrt(_DRIFT) * rng.standard_normal(wide)
    p = p + np.sqrt(_DECODER) * rng.standard_normal((claims, seeds, blocks, TRIALS))
    y, cue = np.broadcast_to(y, p.shape), np.broadcast_to(cue, p.shape)
    one, error, plain = np.ones_like(p), (y - p) ** 2, (y - cue) ** 2
    spread = _GAIN_BLOCK + _GAIN_SEED
    total = _CUE + _SIGNAL + _NOISE + _OFFSET
    left = ((1 - _GAIN) ** 2 + spread) * _SIGNAL + _NOISE + _OFFSET + _DRIFT + _DECODER
    without = _SIGNAL + _NOISE + _OFFSET
    if name == "R2":
        columns, truth = [one, y, y * y, error], 1 - left / total
    elif name == "gain in R2":
        columns, truth = [one, y, y * y, plain - error], (without - left) / total
    else:
        columns = [one, y, p, y * y, p * p, y * p]
        own = _CUE + (_GAIN**2 + spread) * _SIGNAL + _DRIFT + _DECODER
        truth = (_CUE + _GAIN * _SIGNAL) / np.sqrt(total * own)
    return np.stack([c.sum(axis=-1) for c in columns], axis=-1), truth


if __name__ == "__main__":
    sys.stdout.write(io.dump(FILE, table()).decode())
