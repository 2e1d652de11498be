"""Ridge from sums is ridge from samples; its penalty is chosen inside the training blocks."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from respike.eeg import ridge


def blocks(count=5, samples=40, noise=1.0, weight=2.0):
    draw = numpy_stream(1, "ridge")
    x = [draw.standard_normal((samples, 3)) * [1, 5, 0.1] + 4 for _ in range(count)]
    y = [weight * f[:, :1] + noise * draw.standard_normal((samples, 1)) + 1 for f in x]
    return x, y


def naive(x, y, penalty):
    """Scaled and centred ridge by the normal equations of all samples."""
    centre, scale = x.mean(0), x.std(0)
    z = (x - centre) / scale
    matrix = z.T @ z / len(x) + penalty * np.eye(x.shape[1])
    weights = np.linalg.solve(matrix, z.T @ (y - y.mean(0)) / len(x))
    return lambda new: (new - centre) / scale @ weights + y.mean(0)


@pytest.mark.parametrize("penalty", [0.01, 1.0, 100.0])
def test_it_is_the_ridge_of_the_samples(penalty):
    x, y = blocks()

    fit, _ = ridge.fit(x, [ridge.moments(f) for f in x], y, 4, (penalty,))

    expected = naive(np.concatenate(x), np.concatenate(y), penalty)(x[0])
    assert np.allclose(fit.predict(x[0]), expected, atol=1e-9)
    assert fit.penalty.tolist() == [penalty]


def test_an_inner_fit_has_not_seen_its_block():
    x, y = blocks(count=4)
    other = [*y[:1], y[1] + 1000, *y[2:]]

    blind = ridge.fit(x, [ridge.moments(f) for f in x], y, 4, (1.0,))[1]
    moved = ridge.fit(x, [ridge.moments(f) for f in x], other, 4, (1.0,))[1]

    assert (blind[1].predict(x[1]) == moved[1].predict(x[1])).all()
    assert (blind[0].predict(x[0]) != moved[0].predict(x[0])).all()


def test_noise_chooses_the_largest_penalty_and_a_clean_line_the_smallest():
    x, y = blocks(noise=0.01)
    pure = [numpy_stream(2, f"n{k}").standard_normal((40, 1)) for k in range(5)]
    outputs = [np.concatenate([a, b], axis=1) for a, b in zip(y, pure, strict=True)]

    fit, _ = ridge.fit(x, [ridge.moments(f) for f in x], outputs)

    assert fit.penalty[0] == ridge.PENALTIES[0]
    assert fit.penalty[1] >= 10
    assert np.abs(fit.weights[0, 0] - 2) < 0.05


def test_the_error_from_sums_is_the_error_of_the_samples():
    x, y = blocks()
    one = ridge._solve(
        [ridge.moments(x[0])],
        [ridge._Cross(y[0].sum(0), (y[0] ** 2).sum(0), x[0].T @ y[0])],
        (1.0,),
    )[0]
    held = ridge._Cross(y[1].sum(0), (y[1] ** 2).sum(0), x[1].T @ y[1])

    found = ridge._square_error(one, ridge.moments(x[1]), held)

    assert np.allclose(found, ((one.predict(x[1]) - y[1]) ** 2).sum(0), rtol=1e-9)


def test_a_feature_that_never_varies_gets_no_weight():
    x, y = blocks()
    flat = [np.concatenate([f, np.full((40, 1), 3.0)], axis=1) for f in x]

    fit, _ = ridge.fit(flat, [ridge.moments(f) for f in flat], y)

    assert fit.weights[3, 0] == 0


def test_one_training_block_is_too_few_to_choose():
    x, y = blocks(count=1)

    with pytest.raises(RespikeError, match="1 training block; choosing a penalty needs 2"):
        ridge.fit(x, [ridge.moments(x[0])], y)
