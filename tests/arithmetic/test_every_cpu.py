"""One training, one hash: under other threads and with parts of the processor switched off."""

import json
import os
import platform
import subprocess
import sys
from functools import cache

import pytest

from tests.contracts.other_cpus import NO_AVX2, NO_AVX512, NO_FMA, ROOT

WEIGHTS = "fee0f9631e15175b272ed186adfd2ded38a27ac409822745353173d6acdf7283"
CONTENT = "eb425468b80ac9812fd4c82fbf26aa57270ee6762529b52060e30dd03e3e6c22"
AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "AVX2",
    "NPY_DISABLE_CPU_FEATURES": NO_AVX512,
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}
BASELINE = {
    "ATEN_CPU_CAPABILITY": "default",
    "GLIBC_TUNABLES": NO_FMA,
    "MKL_CBWR": "COMPATIBLE",
    "NPY_DISABLE_CPU_FEATURES": NO_AVX2,
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "OPENBLAS_CORETYPE": "Nehalem",
}
SETTINGS = {
    "one thread": {},
    "two threads": {"OMP_NUM_THREADS": "2"},
    "four threads": {"OMP_NUM_THREADS": "4"},
    "AVX2": AVX2,
    "baseline": BASELINE,
    "baseline, four threads": {**BASELINE, "OMP_NUM_THREADS": "4"},
}
ONE_BY_ONE = {
    f"{name}={value}": {name: value}
    for variables in (AVX2, BASELINE)
    for name, value in variables.items()
}


@cache
def trained(items):
    variables = {"OMP_NUM_THREADS": "1", "MKL_DYNAMIC": "FALSE", **dict(items)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.arithmetic.every_cpu"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def under(variables):
    if set(variables) - {"OMP_NUM_THREADS"} and platform.machine() != "x86_64":
        pytest.skip("these switches are those of x86-64")
    return trained(tuple(variables.items()))


@pytest.mark.parametrize("name", SETTINGS)
def test_exact_training_gives_the_committed_bits(name):
    found = under(SETTINGS[name])

    assert found["exact"] == WEIGHTS
    assert found["exact content"] == CONTENT
    assert found["accuracy"] > 0.9
    assert found["threads"] == int(SETTINGS[name].get("OMP_NUM_THREADS", "1"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_exact_training_gives_the_committed_bits_with_one_part_switched_off(name):
    found = under(ONE_BY_ONE[name])

    assert (found["exact"], found["exact content"]) == (WEIGHTS, CONTENT)


def test_the_switches_were_applied():
    plain, avx2, baseline = (under(SETTINGS[n]) for n in ("one thread", "AVX2", "baseline"))
    if plain["aten"] != "AVX512":
        pytest.skip("this processor has no AVX-512, so that less can be switched off")

    assert (avx2["aten"], baseline["aten"]) == ("AVX2", "DEFAULT")
    assert not set(avx2["numpy"]) & set(NO_AVX512.split())
    assert not set(baseline["numpy"]) & set(NO_AVX2.split())


def test_threads_change_a_plain_sum_so_they_were_applied():
    assert under(SETTINGS["one thread"])["sum"] != under(SETTINGS["two threads"])["sum"]


def test_stock_training_changes_with_threads_and_instruction_sets():
    names = ("one thread", "two threads", "baseline")

    assert len({under(SETTINGS[name])["stock"] for name in names}) == 3
