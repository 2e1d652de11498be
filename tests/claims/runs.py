"""Runs made up for tests: a loader over plain values, and claims with all they must say."""

from collections.abc import Mapping, Sequence

import numpy as np

from respike.claims.evidence import NotRun, Piece
from respike.claims.judge import Campaign

SHA = "a" * 64


def hits(rows: Sequence[Sequence[int]], items: Sequence[Sequence[int]] | None = None):
    """predictions.npz of each seed from rows of 0 and 1; item ids 0, 1, ... unless given."""
    found = []
    for seed, row in enumerate(rows):
        ids = range(len(row)) if items is None else items[seed]
        predicted = np.asarray(row, dtype=np.int64)
        label = np.ones(len(row), dtype=np.int64)
        found.append({"item": np.array(ids), "label": label, "predicted": predicted})
    return found


class Runs:
    """Loads `variant -> file -> one content a seed`; counts what was asked for."""

    def __init__(self, contents: Mapping[str, Mapping[str, Sequence]], not_run: str = ""):
        self.contents = contents
        self.not_run = not_run
        self.asked: list[tuple] = []

    def __call__(self, variant, stage, seed, file):
        self.asked.append((variant, stage, seed, file))
        if self.not_run:
            raise NotRun(self.not_run)
        content = self.contents[variant][file][seed]
        return Piece(content, f"results/{variant}/seed-{seed}/{stage or 'last'}/{file}", SHA)


def predictions(**variants):
    """A loader of predictions.npz alone."""
    return Runs({name: {"predictions.npz": seeds} for name, seeds in variants.items()})


def metrics(**variants):
    """A loader of metrics.json alone."""
    return Runs({name: {"metrics.json": seeds} for name, seeds in variants.items()})


def claim(name="c", **words):
    """An analogue claim; `words` of a test go to the test, the others to the claim."""
    outer = {
        "says",
        "scope",
        "paper",
        "general",
        "not_run",
        "budgets",
        "seeds",
        "looks",
        "needs",
    }
    outer |= {"stands_for"}
    found = {"id": name, "says": "one thing is better than another", "scope": "analogue"}
    found.update({k: v for k, v in words.items() if k in outer})
    test = {k: v for k, v in words.items() if k not in outer}
    if test:
        found["test"] = test
    return found


def better(name="c", **words):
    """a better than b in accuracy [pp]."""
    test = {"metric": "accuracy", "of": "a", "against": "b", "kind": "better", "unit": "pp"}
    return claim(name, **{**test, **words})


def campaign(ran=8, budget="desk", registered=None, variants="abc", dataset="digits"):
    """What was run: `ran` seeds on real digits."""
    return Campaign(
        "demo",
        budget,
        ran,
        ran if registered is None else registered,
        dict.fromkeys(variants, dataset),
        dict.fromkeys(variants, "real"),
    )
