"""Sums on a grid: exact up to the last bit below 2^53, refused from there on."""

import math

import pytest
import torch

from respike.arithmetic.grid import (
    Grid,
    assert_exact,
    exact_matmul,
    exact_sum,
    on_grid,
    power_of_two,
    to_grid,
)
from respike.core.errors import RespikeError


def grid(values, bits):
    return Grid(torch.tensor(values, dtype=torch.float64), bits)


def test_values_are_rounded_to_the_nearest_point_half_to_even():
    found = to_grid(torch.tensor([0.3, 0.125, 0.375, -0.4], dtype=torch.float64), 2)

    assert found.tensor.tolist() == [0.25, 0.0, 0.5, -0.5]
    assert found.bits == 2


def test_a_product_has_the_bits_of_both_and_the_values_of_the_hand():
    found = exact_matmul(grid([[0.5, 1.5]], 1), grid([[0.25], [0.75]], 2), "it")

    assert found.tensor.tolist() == [[1.25]]
    assert found.bits == 3


def test_a_sum_is_over_the_first_axis_and_keeps_its_bits():
    found = exact_sum(grid([[0.5, 1.0], [2.0, -4.0]], 1), "it")

    assert found.tensor.tolist() == [2.5, -3.0]
    assert found.bits == 1


def test_what_reaches_two_to_the_53_is_refused_and_what_is_below_is_not():
    assert_exact(math.nextafter(2.0**43, 0), 10, "it")

    with pytest.raises(
        RespikeError,
        match=r"it may reach 8\.79609e\+12 on the grid of 2\^-10, more than the 53",
    ):
        assert_exact(2.0**43, 10, "it")


@pytest.mark.parametrize("bound", [float("nan"), float("inf")])
def test_a_bound_that_is_no_number_is_refused(bound):
    with pytest.raises(RespikeError, match="may reach"):
        assert_exact(bound, 0, "it")


def test_a_product_is_refused_by_its_number_of_terms():
    # 2^26 * 2^26 is 2^52: one term fits, two reach 2^53
    big = 2.0**26
    exact_matmul(grid([[big]], 0), grid([[big]], 0), "it")

    with pytest.raises(RespikeError, match="the product may reach"):
        exact_matmul(grid([[big, 0.0]], 0), grid([[big], [0.0]], 0), "the product")


def test_a_sum_is_refused_by_its_number_of_terms():
    exact_sum(grid([2.0**52], 0), "it")

    with pytest.raises(RespikeError, match="the sum may reach"):
        exact_sum(grid([-(2.0**52), 0.0], 0), "the sum")


@pytest.mark.parametrize("value", [0.3, 0.125, float("nan")])
def test_a_value_beside_the_grid_is_refused(value):
    with pytest.raises(RespikeError, match=r"it is not on the grid of 2\^-2"):
        on_grid(torch.tensor([0.5, value], dtype=torch.float64), 2, "it")


def test_a_tensor_on_the_grid_is_taken_as_it_is():
    tensor = torch.tensor([0.5, -0.25], dtype=torch.float64)

    assert on_grid(tensor, 2, "it").tensor is tensor


def test_powers_of_two_are_exact():
    assert [power_of_two(bits) for bits in (0, 1, 60)] == [1.0, 2.0, 2.0**60]


def test_the_order_of_a_sum_does_not_matter_on_a_grid_and_does_beside_it():
    generator = torch.Generator().manual_seed(0)
    a = torch.rand(1, 5000, generator=generator, dtype=torch.float64)
    b = torch.rand(5000, 1, generator=generator, dtype=torch.float64)
    turned = torch.flip(a, [1]), torch.flip(b, [0])

    one = exact_matmul(to_grid(a, 18), to_grid(b, 18), "it").tensor
    other = exact_matmul(*(to_grid(t, 18) for t in turned), "it").tensor

    assert torch.equal(one, other)
    assert float(sum(a[0, i] * b[i, 0] for i in range(5000))) != float(
        sum(a[0, i] * b[i, 0] for i in reversed(range(5000)))
    )
