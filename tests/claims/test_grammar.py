"""What a claim may not say, each in one sentence that names it."""

import subprocess
import sys
from pathlib import Path

import pytest

from respike.claims import grammar
from respike.core import strict, yaml
from respike.core.errors import ConfigError
from tests.claims.runs import better, claim

STAGES = {"train": {}, "prune": {}}
WHY = "half of the expected effect"


def study(*claims):
    variants = {"a": STAGES, "b": {"train": {}}, "c": {"train": {}}, "cnn": {"decode": {}}}
    return {"variants": variants, "claims": list(claims), "seeds": 8}


def published(**words):
    paper = {"where": "abstract", "status": "verified", "value": 0.28, "unit": "pp",
             "dataset": "cifar10-dvs"}  # fmt: skip
    test = {
        "kind": "within",
        "target": -0.28,
        "margin": 1.5,
        "margin_from": WHY,
        "needs": ["c"],
    }
    given = {"scope": "published", "paper": paper, **test, **words}
    return better("p", **{k: v for k, v in given.items() if v is not None})


GOOD = {
    "better": better(),
    "better than a threshold": better(threshold=1.0, margin_from=WHY),
    "a threshold of 0": better(threshold=0),
    "lower is better": better(direction="lower"),
    "another stage": better(of="a/train"),
    "not worse": better("d", kind="not-worse", margin=1.0, margin_from=WHY, needs=["c"]),
    "within": better("d", kind="within", margin=1.0, margin_from=WHY, needs=["c"]),
    "within, one arm": claim("d", metric="accuracy", of="a", kind="within", unit="%", target=90,
                             margin=2, margin_from=WHY),
    "ratio": better(kind="ratio", unit="ratio", at_most=0.5, margin_from=WHY),
    "ratio within": better(kind="ratio", unit="ratio", factor=2, target=4, margin_from=WHY),
    "bound": claim(metric="accuracy", of="a", kind="bound", unit="%", at_most=9,
                   margin_from=WHY),
    "order": claim(metric="accuracy", of=["a", "b"], kind="order", unit="pp"),
    "every control": better(kind="every-control", against=["b", "c"]),
    "every control, costs": better(kind="every-control", against=["b", "c"], direction="lower",
                                   threshold=1, margin_from=WHY),
    "order of costs": claim(metric="accuracy", of=["a", "b"], kind="order", unit="pp",
                            direction="lower", threshold=1, margin_from=WHY),
    "not worse in costs": better("d", kind="not-worse", margin=1, margin_from=WHY, needs=["c"],
                                 direction="lower"),
    "exact": claim(metric="live-connections", of="a", kind="exact"),
    "exact value": claim(metric={"count": {"name": "overflow"}}, of="a", kind="exact", value=0),
    "exact pair": claim(metric="live-connections", of="a", against="b", kind="exact"),
    "by budget": better(threshold={"desk": 1, "paper": 0}, margin_from=WHY, seeds={"desk": 8}),
    "two looks": better(looks=[8, 20]),
    "deterministic": better(deterministic=True, pool=1797),
    "converged": better(converged={"number": "train_accuracy", "at_least": 0.5}),
    "published": published(),
    "published with its sign": published(target=0.28),
    "general": published(general="any binary field will do", target=None),
    "not run": claim(not_run="no such chip here", scope="published",
                     paper={"where": "abstract", "status": "unverified"}),
    "pilots": better(power={"pilot_seeds": [1000, 1001, 1002, 1003, 1004], "sd": 1.0,
                            "tuning_seeds": [2000], "effect": 2.0}),
    "two metrics of one run": better(of="cnn", metric={"r2": {"predictor": "x"}}, unit="r2",
                                     against={"metric": {"r2": {"predictor": "y"}}}),
    "needs": better("d", needs=["c"]),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_what_is_allowed(name):
    given = [GOOD[name]] if GOOD[name]["id"] == "c" else [better(), GOOD[name]]

    grammar.check(study(*given))
    assert strict.problems(given, "claims") == []


REFUSED = yaml.load(Path(__file__).with_name("refused.yaml")).value


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row["because"][:60])
def test_what_is_refused_and_why(row):
    others = [better("d"), better("c")] if row["claim"]["id"] == "p" else [better("d")]

    found = grammar.problems(study(row["claim"], *others))

    assert len(found) == 1
    assert row["because"] in found[0]


def test_an_id_stands_once():
    found = grammar.problems(study(better(), better()))

    assert found == ["claims.c is there twice; give each claim its own id"]


def test_headroom_goes_one_way():
    one = better("x", needs=["y"])
    two = better("y", needs=["z"])
    three = better("z", needs=["x"])

    assert grammar.problems(study(one, two, three)) == [
        "claims.x.needs leads back to x; headroom goes one way"
    ]
    assert grammar.problems(study(one, two, better("z"))) == []
    shared = better("w", needs=["y", "z"])
    assert grammar.problems(study(shared, two, better("z"))) == []


def test_a_metric_that_says_too_little_is_refused(monkeypatch):
    facts = {"LABEL": "x", "UNIT": "share", "SHAPE": "items"}
    monkeypatch.setattr(grammar, "constants", lambda name: facts)

    assert grammar.problems(study(better())) == [
        "claims.c.test: metric accuracy says no EVIDENCE; add it to respike/metrics"
    ]


def test_check_says_the_first_five():
    bad = [better(f"c{i}", against="zz") for i in range(7)]

    with pytest.raises(ConfigError, match=r"claims.c0.test") as caught:
        grammar.check(study(*bad))

    lines = str(caught.value).splitlines()
    assert len(lines) == 6
    assert lines[4].startswith("claims.c4")
    assert lines[5] == "and 2 more"


def test_five_are_said_without_more():
    with pytest.raises(ConfigError, match=r"claims.c0") as caught:
        grammar.check(study(*(better(f"c{i}", against="zz") for i in range(5))))
    with pytest.raises(ConfigError, match=r"\nand 1 more$"):
        grammar.check(study(*(better(f"c{i}", against="zz") for i in range(6))))

    assert len(str(caught.value).splitlines()) == 5


def test_a_target_at_an_analogue_scope_may_be_ours():
    ours = published(scope="analogue", target=-0.5)

    assert grammar.problems(study(ours, better())) == []


def test_the_check_stays_light():
    code = (
        "import sys, respike.claims.grammar; "
        "print(sorted({'scipy', 'torch', 'pandas', 'jsonschema'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
