"""The pinned CUDA side of the environment `kernels`: closed, hashed, and what the YAML says."""

import re
from collections import Counter
from pathlib import Path

import pytest
from rattler import MatchSpec, PackageRecord
from rattler.package.build_string import BuildString

from respike.core import yaml

ROOT = Path(__file__).resolve().parents[2]
PIN = ROOT / "envs/kernels.linux-64.pin.txt"
LINE = re.compile(
    r"(?P<url>https://\S+/(?P<subdir>linux-64|noarch)/(?P<name>[^/#]+)-(?P<version>[^-/#]+)-"
    r"(?P<build>[^-/#]+)\.(?:conda|tar\.bz2))#sha256:(?P<sha256>[0-9a-f]{64})"
)
SYSTEM = {"__glibc": "2.28", "__unix": "0", "__cuda": "12.9"}  # what a machine brings itself


@pytest.fixture(scope="module")
def pins():
    """Each package of the pin, by name."""
    lines = PIN.read_text().splitlines()
    found = [LINE.fullmatch(line) for line in lines[lines.index("@EXPLICIT") + 1 :]]
    assert all(found), "a line is no URL with its sha256"
    return {match["name"]: match.groupdict() for match in found}


def depends():
    lines = Path(__file__).with_name("kernels_depends.txt").read_text().splitlines()
    for line in lines[1:]:
        name, _, specs = line.partition(":")
        yield name, [spec.strip() for spec in specs.split(";") if spec.strip()]


def record(name, version, build, subdir="linux-64"):
    number = re.search(r"_(\d+)$", build)
    return PackageRecord(
        name, version, BuildString(build), int(number[1]) if number else 0, subdir
    )


def unsatisfied(pins):
    """Specs that no package of a pin satisfies, and how many there are in all."""
    there = {n: record(n, p["version"], p["build"], p["subdir"]) for n, p in pins.items()}
    there |= {name: record(name, version, "0") for name, version in SYSTEM.items()}
    asked = [(name, spec) for name, specs in depends() for spec in specs if name in pins]
    missing = []
    for name, text in asked:
        spec = MatchSpec(text)
        found = there.get(spec.name.normalized)
        if found is None or not spec.matches(found):
            missing.append(f"{name} needs {text}")
    return missing, len(asked)


def test_the_pin_is_closed(pins):
    missing, asked = unsatisfied(pins)

    assert (len(pins), asked) == (100, 430)
    assert missing == []


@pytest.mark.parametrize("name", ["libtorch", "mkl", "python_abi", "cuda-nvrtc"])
def test_a_package_less_is_noticed(pins, name):
    missing, _ = unsatisfied({n: pin for n, pin in pins.items() if n != name})

    assert any(f"needs {name}" in text for text in missing)


def test_another_build_of_a_package_is_noticed(pins):
    changed = {**pins, "libblas": {**pins["libblas"], "build": "1_h4a7cf45_openblas"}}

    assert "libtorch needs libblas * *mkl" in unsatisfied(changed)[0]


def test_every_package_has_a_hash_of_its_own(pins):
    hashes = Counter(pin["sha256"] for pin in pins.values())

    assert set(hashes.values()) == {1}
    for value in hashes:
        assert len(set(value)) > 8, "no hash looks like that; it was invented"


def test_every_package_comes_from_the_channel_that_the_yaml_names(pins):
    (channel,) = yaml.load(ROOT / "envs/kernels.yaml", "kernels.yaml").value["channels"]

    assert {pin["url"].split("/")[-3] for pin in pins.values()} == {channel}


def test_the_yaml_asks_for_what_is_pinned(pins):
    asked = yaml.load(ROOT / "envs/kernels.yaml", "kernels.yaml").value["dependencies"]

    names = [MatchSpec(text).name.normalized for text in asked]
    assert names == ["python", "pytorch", "triton", "numpy"]
    for text, name in zip(asked, names, strict=True):
        pin = pins[name]
        assert MatchSpec(text).matches(
            record(name, pin["version"], pin["build"], pin["subdir"])
        )
        assert pin["version"] in text
