"""A small but whole result set in the project's formats. FAKE: every number here is invented.

`campaign()` gives the loaded values that a page is made of; `write()` puts the same on disk,
with records, so that the stage itself can run on it. `hostile` puts a stranger's text wherever
text can come from.
"""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from respike.claims import page as claimed
from respike.core import io, layout, records
from respike.report.gather import Found
from respike.report.runs import Run

HOSTILE = (
    "</script></style><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202eevil\u2066"
)
BUDGET = "desk"
SEEDS = 3
COMMIT = "f" * 40
CALIBRATED = (
    "procedure",
    "design",
    "kind",
    "claims",
    "false_holds",
    "false_differs",
    "holds_inside",
    "differs_outside",
)
STUDIES = {
    "fake-fields": ("Fake inference in random fields", "1902.08411", None),
    "fake-sparse": ("Fake sparse training of spiking networks", "2306.03693", "fake-digits"),
    "fake-arm": ("Fake decoding that drives a robot arm", "2603.27492", "fake-recording"),
}
KINDS = {None: "none", "fake-digits": "real", "fake-recording": "synthetic"}


@dataclass
class Campaign:
    """Values of a page, and the files they would stand in."""

    about: dict[str, Any]
    documents: list[dict[str, Any]]
    runs: list[Run] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)

    def found(self, **changes: Any) -> Found:
        """What gather.view takes."""
        history = {s: {row["claim"]: COMMIT for row in d["verdicts"]} for s, d in self._by()}
        values = {
            "document": claimed.finish(self.documents, history),
            "about": self.about,
            "runs": self.runs,
            "others": self.others,
            "calibration": [
                dict.fromkeys(CALIBRATED, "4.0") | {"procedure": "fake", "claims": "10"}
            ],
            "film": {"fake-arm": SimpleNamespace(reason="no film: this is a test")},
            "commit": COMMIT,
        }
        return Found(**{**values, **changes})

    def _by(self):
        return [(document["study"], document) for document in self.documents]


# ---------------------------------------------------------------- claims


def claim(study: str, name: str, **changes: Any) -> dict[str, Any]:
    """One row of verdicts.json; by default it holds, in pp, over 8 seeds and 360 items."""
    dataset = STUDIES[study][2]
    part = {
        "of": "evolved",
        "against": "static",
        "measured": 2.2,
        "interval": [1.1, 3.3],
        "se": 0.58,
        "se_seed": 0.4,
        "se_item": 0.42,
        "se_paper": 0.0,
        "p_holds": 0.002,
        "p_differs": 0.998,
        "per_seed": {"of": [91.0, 92.5, 91.7], "against": [89.0, 90.1, 89.5]},
    }
    row = {
        "study": study,
        "claim": name,
        "says": f"FAKE: of the networks of {study}, the first does better than the second",
        "scope": "analogue",
        "general": None,
        "stands_for": None,
        "dataset": dataset,
        "data_kind": KINDS[dataset],
        "budget": BUDGET,
        "primary": True,
        "verdict": "holds",
        "level": "statistical",
        "reason": "it lies inside",
        "paper": None,
        "measured": 2.2,
        "interval": [1.1, 3.3],
        "margin": 0,
        "margin_from": None,
        "unit": "pp",
        "power": {
            "power": 0.84,
            "registered": 0.84,
            "agrees": True,
            "effect": 2.2,
            "n": 8,
            "pilot_seeds": [1000, 1001, 1002, 1003, 1004],
        },
        "seeds": [0, 1, 2],
        "evidence": [
            {
                "path": f"results/desk/{study}/evolved/seed-0/train/predictions.npz",
                "sha256": "a" * 64,
            }
        ],
        "detail": {
            "kind": "better",
            "metric": "accuracy",
            "direction": None,
            "target": None,
            "of": "evolved",
            "against": ["static"],
            "controls": [],
            "region": [0.0, None],
            "scale": "linear",
            "level": 0.05,
            "n": 3,
            "m": 360,
            "df": 2.0,
            "se": 0.58,
            "se_seed": 0.4,
            "se_item": 0.42,
            "se_paper": 0.0,
            "p_holds": 0.002,
            "p_differs": 0.998,
            "decidable_margin": 1.6,
            "seeds_needed": None,
            "parts": [part],
            "dropped_seeds": [],
            "looks": None,
            "uncorrected": "holds",
        },
    }
    detail = {**row["detail"], **changes.pop("detail", {})}
    return {**row, **changes, "detail": detail}


def paper(**changes: Any) -> dict[str, Any]:
    """What a paper says; verified unless changed."""
    said = {
        "value": 0.28,
        "unit": "pp",
        "where": "FAKE table 3",
        "dataset": "fake-cifar10-dvs",
        "n": 1,
        "spread": None,
        "items": None,
        "status": "verified",
        "version": 1,
    }
    return {**said, **changes}


def not_run(study: str, name: str, reason: str, **changes: Any) -> dict[str, Any]:
    """A claim without a number."""
    empty = {"measured": None, "interval": None, "margin": None, "power": None}
    row = claim(study, name, verdict="not run", reason=reason, seeds=[], evidence=[], **empty)
    return {**row, **changes, "detail": {}}


def verdicts(hostile: bool) -> list[dict[str, Any]]:
    """The three studies' verdicts.json; every kind of row stands in one of them."""
    bad = HOSTILE if hostile else ""
    holds = claim(
        "fake-fields",
        "any-field",
        scope="published",
        general=f"the abstract says any binary field {bad}",
        says=f"FAKE: a spiking network does inference in any binary field {bad}",
        paper=paper(value=None, unit=None, dataset=None, n=None),
        unit="probability",
        measured=0.0031,
        interval=[0.0027, 0.0036],
        margin=0.01,
        margin_from="half of the error of a population of ten",
        detail={"region": [-0.01, 0.01], "kind": "within", "p_holds": 1e-6},
    )
    differs = claim(
        "fake-fields",
        "one-neuron-is-enough",
        scope="published",
        general="as above",
        says="FAKE: one neuron for each variable is enough, at every coupling",
        paper=paper(
            status="unverified", value=0.01, unit="probability", where=f"figure 2 {bad}"
        ),
        unit="probability",
        measured=0.21,
        interval=[0.19, 0.23],
        verdict="differs",
        reason="it lies outside",
        margin=0.02,
        margin_from="the error of twenty neurons, rounded up",
        detail={
            "region": [-0.02, 0.02],
            "kind": "within",
            "uncorrected": "differs",
            "p_holds": 0.999,
            "p_differs": 1e-5,
            "scale": "fisher-z",
            "level": 0.03,
        },
    )
    absent = not_run(
        "fake-sparse",
        "loss-at-ten-percent",
        f"the paper's number stands on fake-cifar10-dvs, this budget runs fake-digits{bad}",
        scope="published",
        says="FAKE: at 10 % density the loss on CIFAR10-DVS is 0.28 points",
        paper=paper(),
    )
    exact = claim(
        "fake-sparse",
        "density-exact",
        says="FAKE: the number of connections never changes during training",
        level="identity",
        primary=False,
        unit="unequal entries",
        measured=0,
        interval=None,
        margin=None,
        power=None,
        reason="all 63 entries of 3 seeds are equal to the first",
    )
    exact["detail"] = {
        "kind": "exact",
        "metric": "live-connections",
        "of": "evolved",
        "against": [],
        "n": 3,
        "entries": 63,
        "violation_bound": 0.63,
        "per_seed": [{"entries": 21, "first": 5000}] * 3,
    }
    unsure = claim(
        "fake-sparse",
        "pruned-not-worse",
        says="FAKE: a network pruned after training is not worse than a dense one",
        verdict="inconclusive",
        reason="it reaches over the edge; about 40 seeds would decide",
        measured=-0.6,
        interval=[-1.7, 0.5],
        margin=1.0,
        margin_from="half the effect seen in pilot seeds",
        stands_for=f"CIFAR10-DVS {bad}",
        detail={
            "region": [-1.0, None],
            "kind": "not-worse",
            "uncorrected": "inconclusive",
            "p_holds": 0.2,
            "p_differs": 0.8,
            "seeds_needed": 40,
            "needs": {"evolving-beats-static": "holds"},
            "dropped_seeds": [5],
        },
    )
    controls = claim(
        "fake-arm",
        "eeg-adds",
        says="FAKE: EEG adds to a template of the movement, and to every control",
        verdict="holds",
        unit="r2",
        measured=0.04,
        interval=[0.012, 0.068],
        detail={
            "level": 0.03,
            "kind": "every-control",
            "metric": {"r2": {"predictor": f"template-and-eeg{bad}"}},
            "controls": ["template", "surrogate"],
            "against": ["template", "surrogate"],
        },
    )
    first = controls["detail"]["parts"][0]
    controls["detail"]["parts"] = [
        {**first, "measured": 0.04, "interval": [0.012, 0.068], "against": f"template{bad}"},
        {**first, "measured": 0.09, "interval": [0.05, 0.13], "against": "surrogate"},
    ]
    moved = claim(
        "fake-arm",
        "copilot-holds",
        says="FAKE: a copilot raises the share of episodes in which the object is held",
        measured=9.0,
        interval=[0.2, 17.8],
        evidence=[{"path": f"results/desk/fake-arm/{bad or 'gate'}/x.npz", "sha256": "b" * 64}],
        detail={"p_holds": 0.049, "p_differs": 0.951},
    )
    ratio = claim(
        "fake-sparse",
        "fewer-operations",
        says="FAKE: a sparse network needs at most half of the operations",
        unit="ratio",
        measured=0.31,
        interval=[0.28, 0.34],
        margin=0.5,
        margin_from="the abstract says half",
        detail={"region": [0, 0.5], "scale": "log", "kind": "ratio", "decidable_margin": 1.2},
    )
    rows = [holds, differs, absent, exact, unsure, ratio, controls, moved]
    rows += [claim("fake-sparse", "evolving-beats-static")]
    return [
        {"study": s, "budget": BUDGET, "verdicts": [r for r in rows if r["study"] == s]}
        for s in STUDIES
    ]


# ---------------------------------------------------------------- runs


def about(hostile: bool) -> dict[str, Any]:
    """Each study's resolved file without its claims."""
    bad = HOSTILE if hostile else ""
    variants = {
        "fake-fields": {
            "weak": {"simulate": {"experiment": {"random-graphs": {"coupling": 0.15}}}},
            "digits": {"simulate": {"experiment": "denoising"}, "says": f"pictures {bad}"},
        },
        "fake-sparse": {
            "dense": {
                "train": {"network": "mlp", "epochs": 8},
                "emulate": {"target": "int-core"},
            },
            "evolved": {
                "train": {"network": "mlp", "epochs": 8, "structure": {"density": 0.1}},
                "emulate": {"target": "int-core"},
                "sources": {"epochs": "ours", "structure": "paper"},
            },
            "static": {"train": {"network": "mlp"}},
        },
        "fake-arm": {"gate": {"decode": {"decoder": "linear"}, "control": {"copilot": "none"}}},
    }
    return {
        study: {
            "id": study,
            "title": title + bad,
            "paper": {
                "title": f"FAKE paper {bad}",
                "arxiv": arxiv,
                "version": 1,
                "venue": "FAKE",
            },
            "dataset": dataset,
            "seeds": SEEDS,
            "notes": [f"a note about this fake study {bad}"],
            "variants": variants[study],
        }
        for study, (title, arxiv, dataset) in STUDIES.items()
    }


def trained(rng: np.random.Generator, density: float, seed: int) -> dict[str, Any]:
    """Files of a fake training."""
    curve = [
        {
            "epoch": e,
            "loss": f"{2 * math.exp(-e / 3) + 0.05 * rng.random():.6f}",
            "train_accuracy": f"{1 - 0.8 * math.exp(-e / 2):.6f}",
            "validation_accuracy": f"{0.95 - 0.7 * math.exp(-e / 2) - 0.03 * rng.random():.6f}",
            "density": density,
            "live_connections": int(50_000 * density),
        }
        for e in range(1, 9)
    ]
    spikes = (rng.random((30, 24)) < 0.12).astype(np.uint8)
    return {
        "metrics.json": {
            "accuracy": 0.9 + 0.01 * seed,
            "density": density,
            "firing_rate.hidden": 0.12,
        },
        "curve.csv": curve,
        "trace.npz": {"item": np.arange(3), "spikes.hidden": spikes},
    }


def emulated(rng: np.random.Generator, label: str, seed: int) -> dict[str, Any]:
    """Files of a fake emulation."""
    metrics = {
        "accuracy": 0.89 + 0.01 * seed,
        "accuracy_float": 0.9,
        "spike_mismatch": 0.012,
        "overflow_count": seed,
        "synops_per_item": 8000.0 + 10 * seed,
        "energy_nj_low": 0.3,
        "energy_nj_high": 300.0,
        "label": label,
        "checks_missing": ["recorded traces of a chip"],
    }
    return {
        "metrics.json": metrics,
        "trace.npz": {"item": np.arange(1), "spikes.h": rng.integers(0, 2, (9, 5))},
    }


def decoded(rng: np.random.Generator) -> dict[str, Any]:
    """Files of a fake decoding: two trials a block, two blocks."""
    t = np.arange(50) / 10
    target = np.stack([np.sin(t), 0.5 * t, np.cos(t)], axis=1).astype(np.float32)
    target = np.tile(target, (4, 1))
    arrays = {
        "block": np.repeat([0, 1], 100),
        "item": np.repeat([0, 1, 2, 3], 50),
        "time_s": np.tile(t, 4),
        "target": target,
        "predicted.template": target + 0.2,
        "predicted.both": target + rng.normal(0, 0.1, target.shape).astype(np.float32),
    }
    return {"predictions.npz": arrays, "metrics.json": {"r2.both": 0.7, "r2.template": 0.66}}


def runs(hostile: bool) -> list[Run]:
    """All fake runs; one variant ended as `not run`."""
    rng = np.random.default_rng(7)
    label = f"quantised model {HOSTILE if hostile else ''}"
    found = []
    for seed in range(SEEDS):
        graphs = {
            "error_mf_exact": 0.04,
            "error_snn1_exact": 0.05,
            "error_snn1_mf": 0.01 + 0.001 * seed,
        }
        grey = np.zeros((3, 8, 8), np.uint8) + 40 * np.arange(8, dtype=np.uint8)
        pictures = {"picture.clean": grey, "picture.noisy": 255 - grey, "picture.mf": grey}
        found += [
            run("fake-fields", "weak", "simulate", seed, {"metrics.json": graphs}),
            run(
                "fake-fields",
                "digits",
                "simulate",
                seed,
                {
                    "metrics.json": {"correct_mf": 98.0, "correct_noisy": 90.1},
                    "trace.npz": pictures,
                },
            ),
        ]
        for variant, density in (("dense", 1.0), ("evolved", 0.1), ("static", 0.1)):
            found.append(
                run("fake-sparse", variant, "train", seed, trained(rng, density, seed))
            )
        for variant in ("dense", "evolved"):
            found.append(
                run("fake-sparse", variant, "emulate", seed, emulated(rng, label, seed))
            )
        found.append(run("fake-arm", "gate", "decode", seed, decoded(rng)))
        rates = {"lift_rate": 0.8, "hold_rate": 0.6 + 0.1 * seed, "replace_rate": 0.5}
        found.append(run("fake-arm", "gate", "control", seed, {"metrics.json": rates}))
    reason = f"the package that ships the recording cannot be had {HOSTILE if hostile else ''}"
    found.append(run("fake-arm", "ecog", "decode", 0, {}, reason=reason))
    return found


def run(
    study: str,
    variant: str,
    stage: str,
    seed: int,
    files: dict[str, Any],
    reason: str | None = None,
) -> Run:
    """One fake run with its record."""
    settings = {"study": study, "variant": variant, "seed": seed, "budget": BUDGET}
    settings["dataset"] = STUDIES[study][2]
    settings[stage] = {}
    path = layout.record(stage).format(budget=BUDGET, study=study, variant=variant, seed=seed)
    return Run(path, record(stage, settings, files, reason), files)


def record(
    stage: str, settings: dict[str, Any], files: dict[str, Any], reason: str | None = None
) -> dict[str, Any]:
    """A record of the form that the harness writes."""
    dumped = {name: io.dump(name, value) for name, value in files.items()}
    made = {
        "schema": records.SCHEMA,
        "stage": stage,
        "settings": {"stage": stage, **settings},
        "seed": settings.get("seed", 0),
        "code": "c" * 64,
        "env": "base-" + "e" * 64,
        "data_kind": KINDS.get(settings.get("dataset"), "none"),
        "status": "not run" if reason else "done",
        "reason": reason,
        "inputs": {},
        "outputs": {n: records.describe(data, n, files[n]) for n, data in dumped.items()},
        "extras": {},
        "numerics": {
            "architecture": "x86_64",
            "cpu_vendor": "FakeVendor",
            "cpu_flags": ["avx2"],
            "libc": "glibc 2.36",
            "python": "3.11.7",
            "versions": {"torch": "2.13.0+cpu", "numpy": "2.4.6", "mujoco": None},
            "threads": 1,
            "variables": {},
        },
        "evidence": {
            "started": f"2026-11-22T02:0{settings.get('seed', 0)}:00Z",
            "wall_s": 1.5,
            "cpu_s": 1.4,
            "peak_rss_mb": 210.0,
            "host": "fake-host<b>",
            "pid": 1,
            "root": "/fake",
            "slurm_job_id": None,
        },
    }
    made["key"] = records.key(made)
    return made


def campaign(*, hostile: bool = False) -> Campaign:
    """Everything of a page, loaded."""
    data = [
        record(
            stage, {"dataset": d}, {"arrays.npz" if stage == "prepare" else "source.zip": value}
        )
        for d in ("fake-digits", "fake-recording")
        for stage, value in (("prepare", {"a": np.arange(3)}), ("fetch", {"a.txt": b"fake"}))
    ]
    return Campaign(about(hostile), verdicts(hostile), runs(hostile), data)


# ---------------------------------------------------------------- on disk


def write(root: Path) -> list[str]:
    """Put a campaign on disk, but for the arm; gives the arguments of the stage report."""
    made = campaign()
    made.runs = [one for one in made.runs if one.stage != "control"]
    for one in made.runs:
        _put(root, one.path, one.record, one.files)
    for one in made.others:
        path = layout.record(one["stage"]).format(dataset=one["settings"]["dataset"])
        value = {"a": np.arange(3)} if one["stage"] == "prepare" else {"a.txt": b"fake"}
        _put(root, path, one, dict.fromkeys(one["outputs"], value))
    for document in made.documents:
        settings = {"study": document["study"], "budget": BUDGET}
        files = {"verdicts.json": document, "settings.json": {}}
        path = layout.record("judge").format(budget=BUDGET, study=document["study"])
        _put(root, path, record("judge", settings, files), files)
    arm = made.about["fake-arm"]["variants"]
    arm["gate"].pop("control")
    arm["ecog"] = {"decode": {"decoder": "linear"}, "seeds": 1}
    order = [[d["study"], list(made.about[d["study"]]["variants"])] for d in made.documents]
    settings = {"stage": "report", "budget": BUDGET, "studies": made.about, "order": order}
    history = {d["study"]: {r["claim"]: COMMIT for r in d["verdicts"]} for d in made.documents}
    outputs = [f"results/{BUDGET}/{f}" for f in OUTPUTS]
    return [
        "--settings", json.dumps(settings), "--history", json.dumps(history),
        "--out", *outputs,
    ]  # fmt: skip


OUTPUTS = (
    *layout.STAGES["report"].content.values(),
    *layout.STAGES["report"].evidence.values(),
    "record.json",
)


def _put(root: Path, path: str, made: dict[str, Any], files: dict[str, Any]) -> str:
    if made["stage"] in ("train", "decode") and made["settings"].get("dataset"):
        data = f"data/{made['settings']['dataset']}/prepare/arrays.npz"
        made = {**made, "inputs": {"data": [{"path": data, "bytes": 1, "sha256": "d" * 64}]}}
    if made["stage"] == "prepare":
        source = f"data/{made['settings']['dataset']}/fetch/source.zip"
        made = {
            **made,
            "inputs": {"source": [{"path": source, "bytes": 1, "sha256": "d" * 64}]},
        }
    for name, value in files.items():
        target = root / layout.artifact(path, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(io.dump(name, value))
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(records.dump(made))
    return path
