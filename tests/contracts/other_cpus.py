"""Run a probe with parts of this processor switched off, as older processors lack them."""

import json
import os
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NO_AVX512 = "X86_V4 AVX512_ICL AVX512_SPR"
NO_AVX2 = f"X86_V3 {NO_AVX512}"
NO_FMA = "glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4"
DISPATCH = {
    "native": {},
    "no AVX-512": {"NPY_DISABLE_CPU_FEATURES": NO_AVX512},
    "no AVX2": {"NPY_DISABLE_CPU_FEATURES": NO_AVX2},
    "BLAS of Haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "BLAS of Nehalem": {"OPENBLAS_CORETYPE": "Nehalem"},
    "libm without FMA": {"GLIBC_TUNABLES": NO_FMA},
    "all of them": {
        "NPY_DISABLE_CPU_FEATURES": NO_AVX2,
        "OPENBLAS_CORETYPE": "Nehalem",
        "GLIBC_TUNABLES": NO_FMA,
    },
}


@cache
def probe(code, name):
    """The JSON list that a program prints under an entry of DISPATCH (NumPy is the last)."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **DISPATCH[name]}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def under(code, name):
    """The same, and proof that the switches were applied; skips where they mean nothing."""
    if name != "native" and platform.machine() != "x86_64":
        pytest.skip("these switches are those of x86-64")
    off = set(DISPATCH[name].get("NPY_DISABLE_CPU_FEATURES", "").split())
    if off and not off & set(probe(code, "native")[-1]):
        pytest.skip(f"this processor has none of {', '.join(sorted(off))}")
    found = probe(code, name)
    assert not off & set(found[-1])
    return found
