"""Which data sets may be handed on."""

import pytest

from respike.audit.licences import kept_back, no_derivatives


def rows(licence, redistribute=True):
    return {"set": {"licence": licence, "redistribute": redistribute}}


@pytest.mark.parametrize(
    "licence", ["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-3.0", "MIT", "BSD-3-Clause"]
)
def test_a_free_licence_lets_data_go(licence):
    assert kept_back("set", rows(licence)) is None


@pytest.mark.parametrize(
    ("licence", "redistribute", "why"),
    [
        ("MIT", False, "respike/datasets/sources.yaml says `redistribute: false` of set (lic"),
        ("none-stated", True, "nobody has stated a licence for set"),
        ("None", True, "nobody has stated a licence for set"),
        ("CC-BY-NC-4.0", True, "its licence CC-BY-NC-4.0 allows no commercial use, which we "),
        ("cc-by-nc-sa-4.0", True, "its licence cc-by-nc-sa-4.0 allows no commercial use"),
        ("CC-BY-ND-4.0", True, "its licence CC-BY-ND-4.0 allows no derivatives, and its arr"),
        ("CC-BY-NC-ND-4.0", False, "its licence CC-BY-NC-ND-4.0 allows no derivatives"),
    ],
)
def test_any_other_keeps_them_here_and_says_why(licence, redistribute, why):
    assert kept_back("set", rows(licence, redistribute)).startswith(why)


def test_a_data_set_without_a_row_stays_here():
    assert kept_back("other", rows("MIT")) == (
        "other stands in no row of respike/datasets/sources.yaml, so that its licence is not "
        "known"
    )


@pytest.mark.parametrize(
    ("licence", "none"),
    [("CC-BY-ND-4.0", True), ("cc-by-nd-4.0", True), ("CC-BY-NC-4.0", False)],
)
def test_only_nd_forbids_what_is_computed_from_the_data(licence, none):
    assert no_derivatives(licence) is none
