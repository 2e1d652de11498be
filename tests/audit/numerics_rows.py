"""Runs and verdicts by hand, for the tests of numerics."""

from respike.audit.numerics import REFERENCE, Artifact, Class, Found

TWO = (
    Class(REFERENCE, "this machine"),
    Class("other", "another", 2, {"MKL_CBWR": "AVX2"}),
)
NUMERICS = {
    "architecture": "x86_64",
    "cpu_vendor": "AuthenticAMD",
    "cpu_flags": ["avx2"],
    "libc": "glibc 2.36",
    "python": "3.11.7",
    "versions": {"numpy": "2.4.6", "mujoco": None},
    "threads": 1,
    "variables": {},
}


def artifact(stage="train", sha="1", exact=False, inputs=()):
    return Artifact(stage, exact, sha, inputs)


def found(artifacts, numbers=None, verdicts=None):
    return Found(artifacts, numbers or {}, {"r/a/record.json": NUMERICS}, verdicts or {})


def row(
    study="toy", claim="c", verdict="holds", level="statistical", measured=1.0, half=0.1,
    region=(0.5, None), scale="linear", parts=1, unit="pp", interval=True,
):  # fmt: skip
    """One verdict, with an interval of `half` on both sides of what was measured."""
    around = None if measured is None else [measured - half, measured + half]
    part = {"measured": measured, "interval": around}
    return {
        "study": study,
        "claim": claim,
        "verdict": verdict,
        "level": level,
        "primary": True,
        "unit": unit,
        "measured": measured,
        "interval": around if interval else None,
        "detail": {"region": list(region), "scale": scale, "parts": [part] * parts},
    }
