"""The locks say what their .in asks for, and hang together. Nothing here needs the network."""

import hashlib
import importlib.metadata
import re

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.envs.conftest import ENVS

BASE_IN = (ENVS / "base.in").read_text()


@pytest.fixture
def base(lock):
    return lock.read_lock(ENVS / "base.lock")


@pytest.fixture
def cuda(lock):
    return lock.read_lock(ENVS / "cuda.lock")


@pytest.fixture
def kernels(lock):
    return lock.read_lock(ENVS / "kernels.lock")


@pytest.mark.parametrize(
    ("name", "source"), [("base", "base"), ("cuda", "base"), ("kernels", "kernels")]
)
def test_a_lock_was_made_from_the_in_file_that_it_names(name, source):
    text = (ENVS / f"{name}.lock").read_text()
    made_from = re.search(rf"^# {source}.in sha256:(\w+)$", text, re.M).group(1)

    asked = (ENVS / f"{source}.in").read_bytes()
    assert made_from == hashlib.sha256(asked).hexdigest(), "run `make lock`"


def test_every_line_of_base_in_stands_in_the_lock_in_the_version_it_pins(base):
    asked = re.findall(r"^([A-Za-z0-9-]+)(?:==(\S+))?", BASE_IN, re.M)

    assert len(asked) > 20
    for name, version in asked:
        assert name in base
        assert version in ("", base[name].version), name


@pytest.mark.parametrize(
    ("name", "source", "says"),
    [
        ("base.lock", "base", "BASE_SAYS"),
        ("cuda.lock", "base", "CUDA_SAYS"),
        ("kernels.lock", "kernels", "OTHER_SAYS"),
    ],
)
def test_a_lock_reads_exactly_as_the_command_writes_it(lock, name, source, says):
    written = lock.render(lock.read_lock(ENVS / name), source, getattr(lock, says))

    assert (ENVS / name).read_text() == written


def test_every_in_file_has_a_lock(lock):
    assert lock.others() == ["kernels"]


def test_the_kernels_lock_holds_numpy_torch_triton_and_what_they_need_alone(kernels):
    asked = ["numpy", "torch", "triton"]
    needed, todo = set(), list(asked)
    while todo:
        name = todo.pop()
        needed.add(name)
        # triton is not installed here; that it needs nothing on Python 3.11 says its metadata
        lines = importlib.metadata.requires(name) if name != "triton" else None
        for line in map(Requirement, lines or []):
            other = canonicalize_name(line.name)
            wanted = line.marker is None or line.marker.evaluate({"extra": ""})
            todo += [other] if wanted and other not in needed and other[:6] != "nvidia" else []

    assert {name for name in needed if not name.startswith("cuda-")} == set(kernels)
    text = (ENVS / "kernels.in").read_text()
    assert re.findall(r"^([a-z]+)==", text, re.M) == asked


def test_the_environments_share_versions_and_files(base, cuda, kernels):
    shared = {name: what for name, what in kernels.items() if name != "triton"}

    assert shared == {name: base[name] for name in shared}
    assert kernels["triton"] == cuda["triton"]


def test_an_environment_that_leads_to_another_version_than_base_is_refused(lock):
    base, cuda = {"torch": lock.Package("2.13.0", ("a",))}, {}
    found = {"torch": lock.Package("2.12.0", ("b",))}

    with pytest.raises(
        lock.Refused, match=r"kernels\.in leads to torch 2\.12\.0, base\.in to 2\.13\.0"
    ):
        lock.beside("kernels", found, base, cuda)


def test_of_cuda_packages_the_lock_of_another_environment_holds_what_its_in_asks_for(lock):
    base = {"torch": lock.Package("2.13.0", ("cpu", "public"))}
    cuda = {n: lock.Package("1", (n,)) for n in ("triton", "nvidia-tiny")}
    found = {"torch": lock.Package("2.13.0", ("public",)), **cuda}

    kept = lock.beside("kernels", found, base, cuda)

    assert kept == {"torch": base["torch"], "triton": cuda["triton"]}


def test_the_conda_file_holds_what_the_lock_holds(lock, base):
    assert (ENVS / "base.yaml").read_text() == lock.render_conda(base)


def test_the_conda_file_gives_pip_one_requirement_a_line_with_its_hashes(base):
    listed = yaml.safe_load((ENVS / "base.yaml").read_text())["dependencies"][-1]["pip"]

    torch = " ".join(f"--hash=sha256:{value}" for value in base["torch"].hashes)
    assert listed[0].startswith("--extra-index-url ")
    assert len(listed) == 1 + len(base)
    assert f"torch=={base['torch'].version} {torch}" in listed


def test_torch_may_come_from_the_cpu_wheel_and_from_the_two_public_ones(base):
    assert len(base["torch"].hashes) == 3


def test_cuda_packages_are_in_the_cuda_lock_alone(base, cuda):
    assert {"triton", "nvidia-cudnn-cu13"} <= set(cuda)
    assert not [name for name in base if name.startswith(("nvidia-", "cuda-", "triton"))]
    assert not set(base) & set(cuda)


def test_what_a_locked_package_requires_is_locked_or_left_out_on_purpose(lock, base):
    missing = {}
    for name in base:
        for line in importlib.metadata.requires(name) or []:
            needed = Requirement(line)
            wanted = needed.marker is None or needed.marker.evaluate({"extra": ""})
            other = canonicalize_name(needed.name)
            if wanted and other not in base and other not in lock.LEFT_OUT:
                missing.setdefault(name, []).append(other)

    assert missing == {}


def test_the_environment_has_the_locked_versions(base):
    installed = {name: importlib.metadata.version(name).split("+")[0] for name in base}

    assert installed == {name: what.version for name, what in base.items()}


def test_two_versions_of_one_package_are_refused(lock):
    here = {"numpy": lock.Package("2.4.6", ("a",))}
    there = {"numpy": lock.Package("2.4.5", ("b",))}

    with pytest.raises(lock.Refused, match=r"numpy is 2\.4\.6 here, 2\.4\.5 there"):
        lock.merge(here, there)


def test_a_package_of_one_machine_only_is_refused(lock):
    with pytest.raises(lock.Refused, match="greenlet is needed on one of x86_64, aarch64 only"):
        lock.merge({"greenlet": lock.Package("1", ("a",))}, {})


def test_the_files_of_both_machines_are_allowed(lock):
    here = {"numpy": lock.Package("2.4.6", ("b", "pure"))}
    there = {"numpy": lock.Package("2.4.6", ("a", "pure"))}

    assert lock.merge(here, there)["numpy"].hashes == ("a", "b", "pure")
