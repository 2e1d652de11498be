"""The studies' claims: allowed, registered with the power that their pilot numbers give."""

from pathlib import Path

import pytest

from respike.claims import comparison, grammar, power, reading
from respike.claims.scale import LINKS, LOG, linear
from respike.core import grid, parts, strict, yaml
from respike.core import study as study_of

STUDIES = sorted((Path(__file__).parents[2] / "studies").glob("*.yaml"))


def written(file):
    """A study as its judge sees it at desk: every cell of its grids is a variant."""
    return grid.expand(study_of.pick(yaml.load(file), "desk")).document.value


CLAIMS = [
    pytest.param(claim, id=f"{file.stem}/{claim['id']}")
    for file in STUDIES
    for claim in written(file)["claims"]
    if "power" in claim.get("test", {}).get("power", {})
]


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.stem)
def test_claims_are_allowed(file):
    study = written(file)

    assert strict.problems(study["claims"], "claims") == []
    assert grammar.problems(study) == []
    assert len(study["claims"]) >= 3


def scale(test):
    if test["kind"] == "ratio":
        return LOG
    name = parts.split(test["metric"])[0]
    link = reading.constants(name).get("LINK")
    alone = "against" not in test and test["kind"] != "order"
    return LINKS[link] if link and alone else linear(reading.scale(name, test["unit"]))


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_registered_power_follows_from_its_pilot_seeds(claim):
    block = claim["test"]["power"]
    test = reading.resolve(claim, "desk")["test"]
    outer = scale(test)
    sd = power.upper_sd(block["sd"] / outer.factor, len(block["pilot_seeds"]))
    se = (sd**2 / block["n"] + (block.get("item", 0) / outer.factor) ** 2) ** 0.5
    pooled = "blocks" in block
    level = (0.03 if pooled else 0.05) * (0.8 if "looks" in claim else 1.0)
    df = (block["blocks"] if pooled else block["n"]) - 1
    region = comparison.region_of(test, outer)

    one = power.power(region, outer.enter(block["effect"]), se, df, level)
    found = one ** len(reading.pairs(test))

    assert abs(found - block["power"]) <= 0.02, f"write power: {found:.2f}"
