"""What an environment has, and where it is not as pinned; on folders that look like one."""

import json
import shutil
import sys
import time
from pathlib import Path

import pytest

from respike.core import environment

LOCK = """\
# Made for tests. CPython 3.11
one==1.0 \\
    --hash=sha256:aa
two-words==2.5 \\
    --hash=sha256:bb
torch==2.13.0 \\
    --hash=sha256:cc
"""
CUDA = "nvidia-tiny==1.0 \\\n    --hash=sha256:dd\n"
SHA = {name: digit * 64 for name, digit in (("python", "1"), ("libtorch", "2"))}
PIN = f"""\
# made for tests
@EXPLICIT
https://there.example/channel/linux-64/python-3.13.9-host_0.conda#sha256:{SHA["python"]}
https://there.example/channel/linux-64/libtorch-2.8.0-cuda129_mkl_302.tar.bz2#{SHA["libtorch"]}
"""


@pytest.fixture
def root(tmp_path):
    """A checkout with a lock, a lock of CUDA packages and a pin."""
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/base.lock").write_text(LOCK)
    (tmp_path / "envs/cuda.lock").write_text(CUDA)
    (tmp_path / "envs/kernels.linux-64.pin.txt").write_text(PIN)
    return tmp_path


@pytest.fixture
def venv(root):
    """An environment that is as its lock says, as far as names go."""
    prefix = root / ".venv"
    for name in ("one-1.0", "Two.Words-2.5", "torch-2.13.0+cpu", "pip-23.2.1"):
        put(prefix, name)
    return prefix


def put(prefix: Path, name: str, metadata: str = "") -> Path:
    folder = prefix / "lib/python3.11/site-packages" / f"{name}.dist-info"
    folder.mkdir(parents=True)
    (folder / "RECORD").touch()
    (folder / "METADATA").write_text(metadata)
    return folder


def drop(prefix: Path, name: str) -> None:
    shutil.rmtree(prefix / "lib/python3.11/site-packages" / f"{name}.dist-info")


def rows(prefix: Path, root: Path, name: str = "base"):
    found = environment.described(environment.of_prefix(prefix), name, root)
    return [(row["package"], row["found"], row["pinned"]) for row in found["differs"]]


# ---------------------------------------------------------------- the pip side


def test_an_environment_as_its_lock_says_differs_in_nothing(venv, root):
    found = environment.described(environment.of_prefix(venv), "base", root)

    assert (found["name"], found["side"], found["differs"]) == ("base", "pip", [])


def test_another_version_is_named_with_both(venv, root):
    drop(venv, "one-1.0")
    put(venv, "one-1.1")

    assert rows(venv, root) == [("one", "1.1", "1.0")]


def test_a_missing_package_is_named(venv, root):
    drop(venv, "Two.Words-2.5")

    assert rows(venv, root) == [("two-words", None, "2.5")]


def test_a_package_that_no_lock_names_is_named(venv, root):
    put(venv, "stranger-0.1")

    assert rows(venv, root) == [("stranger", "0.1", None)]


def test_pip_and_setuptools_may_be_there_in_any_version(venv, root):
    put(venv, "setuptools-65.5.0")

    assert rows(venv, root) == []


def test_a_locked_setuptools_must_be_the_locked_one(venv, root):
    (root / "envs/base.lock").write_text(LOCK + "setuptools==84.2.1 \\\n    --hash=sha256:ee\n")
    put(venv, "setuptools-65.5.0")

    assert rows(venv, root) == [("setuptools", "65.5.0", "84.2.1")]


def test_an_installation_that_did_not_end_is_named(venv, root):
    (venv / "lib/python3.11/site-packages/one-1.0.dist-info/RECORD").unlink()

    assert rows(venv, root) == [("one", "1.0 (not whole)", "1.0")]


def test_two_versions_in_one_folder_are_both_named(venv, root):
    put(venv, "one-0.9")

    assert rows(venv, root) == [("one", "0.9 and 1.0", "1.0")]


@pytest.mark.parametrize("build", ["+cu130", "+cpu.cxx11.abi"])
def test_of_torch_only_the_cpu_build_counts_as_the_locked_version(venv, root, build):
    drop(venv, "torch-2.13.0+cpu")
    put(venv, f"torch-2.13.0{build}")

    assert rows(venv, root) == [("torch", f"2.13.0{build}", "2.13.0")]


def test_a_cpu_build_of_anything_else_is_another_version(venv, root):
    drop(venv, "one-1.0")
    put(venv, "one-1.0+cpu")

    assert rows(venv, root) == [("one", "1.0+cpu", "1.0")]


def test_a_public_torch_needs_what_the_cuda_lock_says(venv, root):
    drop(venv, "torch-2.13.0+cpu")
    put(venv, "torch-2.13.0", "Name: torch\nRequires-Dist: nvidia-tiny==1.0\n")
    without = rows(venv, root)
    put(venv, "nvidia_tiny-1.0")

    assert without == [("nvidia-tiny", None, "1.0")]
    assert rows(venv, root) == []


def test_a_cuda_package_beside_a_cpu_torch_must_be_the_locked_one(venv, root):
    put(venv, "nvidia_tiny-2.0")

    assert rows(venv, root) == [("nvidia-tiny", "2.0", None)]


def test_another_python_is_named(venv, root):
    (venv / "lib/python3.11").rename(venv / "lib/python3.12")

    assert rows(venv, root) == [("python", "3.12", "3.11")]


def test_an_environment_without_a_lock_is_not_as_pinned(venv, root):
    assert rows(venv, root, "other") == [("envs/other.lock", None, None)]


def test_a_package_found_earlier_on_the_path_is_the_one_that_counts(venv, root):
    site = venv / "lib/python3.11/site-packages"
    put(root / "overlay", "one-9.0")
    overlay = root / "overlay/lib/python3.11/site-packages"

    found = environment.installed(venv, "3.11", [str(overlay), str(site), "/no/such.zip"])

    (row,) = environment.differences(found, "base", root)
    assert environment.said(row) == "one is 9.0, pinned is 1.0"


def test_the_hash_moves_with_names_and_versions_alone(venv, root):
    def sha256():
        return environment.described(environment.of_prefix(venv), "base", root)["sha256"]

    before = sha256()
    (venv / "lib/python3.11/site-packages/one-1.0.dist-info/METADATA").write_text("more")
    same = sha256()
    drop(venv, "one-1.0")
    put(venv, "one-1.1")

    assert same == before
    assert sha256() != before


# ---------------------------------------------------------------- the conda side


@pytest.fixture
def prefix(root):
    """A conda prefix that is as the pin says."""
    folder = root / ".envs/kernels-conda"
    (folder / "lib/python3.13/site-packages").mkdir(parents=True)
    (folder / "conda-meta").mkdir()
    install(folder, "python", "3.13.9", "host_0")
    install(folder, "libtorch", "2.8.0", "cuda129_mkl_302")
    return folder


def install(folder: Path, name: str, version: str, build: str, **more) -> None:
    row = {"name": name, "version": version, "build": build, "sha256": SHA.get(name), **more}
    path = folder / f"conda-meta/{name}-{version}-{build}.json"
    path.write_text(json.dumps(row))


def test_a_prefix_as_its_pin_says_differs_in_nothing(prefix, root):
    found = environment.described(environment.of_prefix(prefix), "kernels", root)

    assert (found["side"], found["differs"]) == ("conda", [])


def test_another_build_is_named_with_both(prefix, root):
    (prefix / "conda-meta/libtorch-2.8.0-cuda129_mkl_302.json").unlink()
    install(prefix, "libtorch", "2.8.0", "cpu_mkl_100")

    assert rows(prefix, root, "kernels") == [
        ("libtorch", "2.8.0 cpu_mkl_100", "2.8.0 cuda129_mkl_302")
    ]


def test_another_file_under_the_same_name_is_told_by_its_hash(prefix, root):
    install(prefix, "libtorch", "2.8.0", "cuda129_mkl_302", sha256="3" * 64)

    ((name, found, pinned),) = rows(prefix, root, "kernels")

    assert name == "libtorch"
    assert found == f"2.8.0 cuda129_mkl_302 sha256:{'3' * 64}"
    assert pinned == f"2.8.0 cuda129_mkl_302 sha256:{'2' * 64}"


def test_a_package_of_the_yaml_that_the_pin_lacks_is_named(prefix, root):
    install(prefix, "openssl", "3.5", "h1")

    assert rows(prefix, root, "kernels") == [("openssl", "3.5 h1", None)]


def test_what_pip_put_into_a_prefix_is_named_and_what_conda_did_is_not(prefix, root):
    site = "lib/python3.13/site-packages"
    owned, old = f"{site}/ours-1.0.dist-info", f"{site}/old-1.0-py3.13.egg-info"
    for folder in (owned, f"{site}/theirs-1.0.dist-info"):
        (prefix / folder).mkdir()
        (prefix / folder / "RECORD").touch()
    (prefix / old).touch()
    install(prefix, "python", "3.13.9", "host_0", files=[f"{owned}/METADATA", old])

    assert rows(prefix, root, "kernels") == [("theirs", "1.0", None)]


def test_the_link_that_comes_with_condas_python_is_no_second_python(prefix, root):
    (prefix / "lib/python3.1").symlink_to("python3.13")

    assert environment.of_prefix(prefix).python == "3.13"


def test_a_torn_note_of_conda_is_a_difference(prefix, root):
    (prefix / "conda-meta/libtorch-2.8.0-cuda129_mkl_302.json").write_text("{")

    assert ("libtorch", None, "2.8.0 cuda129_mkl_302") in rows(prefix, root, "kernels")


def test_without_a_pin_the_pip_list_of_a_prefix_is_held_against_the_lock(prefix, root):
    site = prefix / "lib/python3.13/site-packages"
    site.parent.rename(prefix / "lib/python3.11")
    for name in ("one-1.0", "two_words-2.5", "torch-2.12.0"):
        put(prefix, name)

    assert rows(prefix, root) == [("torch", "2.12.0", "2.13.0")]


# ---------------------------------------------------------------- here


def test_the_environment_that_runs_these_tests_is_the_pinned_one():
    found = environment.here("base:" + "0" * 64)

    assert (found["name"], found["side"], found["differs"]) == ("base", "pip", [])


def test_another_environment_than_the_one_asked_for_is_not_as_pinned():
    found = environment.here("kernels:" + "0" * 64)

    assert "triton is missing, pinned is 3.7.1" in map(environment.said, found["differs"])


def test_reading_the_environment_costs_less_than_50_ms_and_imports_nothing():
    before = set(sys.modules)
    times_s = []
    for _ in range(5):
        start = time.perf_counter()
        environment.here("base")
        times_s.append(time.perf_counter() - start)

    assert min(times_s) < 0.05
    assert set(sys.modules) == before


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (("scipy", "1.17.0", "1.16.0"), "scipy is 1.17.0, pinned is 1.16.0"),
        (("scipy", None, "1.16.0"), "scipy is missing, pinned is 1.16.0"),
        (("stranger", "0.1", None), "stranger 0.1 is there, which is not pinned"),
        (("envs/x.lock", None, None), "envs/x.lock is missing: nothing is pinned"),
    ],
)
def test_a_difference_in_words(row, text):
    assert environment.said(dict(zip(("package", "found", "pinned"), row, strict=True))) == text


def test_the_warning_names_the_first_package_and_counts_the_others():
    ran_in = environment.here("kernels")

    assert environment.warning(ran_in).startswith("environment kernels is not as pinned: ")
    assert f" and {len(ran_in['differs']) - 1} more differ; " in environment.warning(ran_in)
