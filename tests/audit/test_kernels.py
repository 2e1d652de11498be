"""Records of kernels are verified beside a run and alone."""

import json
import shutil
from pathlib import Path

import pytest

from respike.audit import explain, kernels, rerun, targets
from respike.cli import main
from respike.core import io, layout, records
from respike.core.config import Config
from respike.core.errors import ConfigError
from tests.conftest import ROOT

FOLDER = Path("results/kernels/lif/bench_kernels")
SETTINGS = {"stage": "bench_kernels", "kernel": "lif"}


def record(**changes):
    """Bytes of a record of lif, beside two files that hold {}."""
    made = records.describe(b"{}", "metrics.json", {})
    found = {
        "schema": records.SCHEMA, "stage": "bench_kernels", "settings": SETTINGS, "seed": 0,
        "code": "c" * 64, "env": f"kernels:{'e' * 64}", "data_kind": "none", "status": "done",
        "reason": None, "inputs": {}, "extras": {}, "numerics": {}, "evidence": {},
        "outputs": {"metrics.json": made, "times.json": made}, **changes,
    }  # fmt: skip
    return records.dump({**found, "key": records.key(found)})


@pytest.fixture
def root(tmp_path):
    """A folder with one kernel's record and files, all as recorded."""
    (tmp_path / FOLDER).mkdir(parents=True)
    for name in ("metrics.json", "times.json"):
        (tmp_path / FOLDER / name).write_bytes(b"{}")
    (tmp_path / FOLDER / layout.RECORD).write_bytes(record())
    return tmp_path


def said(root):
    return [(f.kind, Path(f.path).name, f.says) for f in kernels.verify(root).findings]


def test_files_as_recorded_pass(root):
    report = kernels.verify(root)

    assert (report.files, report.passed, report.findings) == (3, True, [])
    assert report.bytes == 4 + (root / FOLDER / layout.RECORD).stat().st_size


def test_where_no_kernel_was_measured_nothing_is_found(tmp_path):
    assert kernels.verify(tmp_path) == kernels.Report(0, 0, [])


def test_a_changed_file_is_found(root):
    (root / FOLDER / "metrics.json").write_bytes(b"[]")

    new, old = (io.sha256(data)[:16] for data in (b"[]", b"{}"))
    assert said(root) == [("changed", "metrics.json", f"sha256 is {new}..., recorded {old}...")]


def test_a_missing_file_is_found(root):
    (root / FOLDER / "times.json").unlink()

    assert said(root) == [("missing", "times.json", "is missing")]


def test_a_link_in_place_of_a_file_is_found(root):
    (root / FOLDER / "times.json").rename(root / "times.json")
    (root / FOLDER / "times.json").symlink_to(root / "times.json")

    assert said(root) == [("missing", "times.json", "is missing")]


def test_a_file_that_no_record_names_is_found(root):
    (root / FOLDER / "more.json").write_bytes(b"{}")

    assert said(root) == [("unaccounted", "more.json", "no record says who made it")]


def test_what_a_stopped_job_left_is_no_failure(root):
    (root / FOLDER / f".metrics.json.{'a' * 12}.part").touch()

    assert kernels.verify(root).passed
    assert [kind for kind, *_ in said(root)] == ["extra"]


def test_an_edited_record_is_found_and_vouches_for_nothing(root):
    path = root / FOLDER / layout.RECORD
    path.write_bytes(path.read_bytes().replace(b'"seed": 0', b'"seed": 1'))

    assert [(kind, name) for kind, name, _ in said(root)] == [
        ("record", "record.json"),
        ("unaccounted", "metrics.json"),
        ("unaccounted", "times.json"),
    ]
    assert "was edited after it was written" in said(root)[0][2]


def test_a_record_in_the_place_of_another_kernels_is_found(root):
    shutil.move(root / "results/kernels/lif", root / "results/kernels/plif")

    assert said(root)[0] == (
        "record",
        "record.json",
        "is the record of another job: bench_kernels of lif",
    )


def test_a_record_of_no_job_of_ours_is_found(root):
    shutil.move(root / FOLDER, root / "results/kernels/lif/other")

    assert "is not where the record of a job stands" in said(root)[0][2]


def test_a_key_that_is_not_of_the_settings_is_found(root):
    found = json.loads(record())
    found["key"] = "0" * 64
    found.pop("seal")
    (root / FOLDER / layout.RECORD).write_bytes(records.dump(found))

    assert "has a key that is not the hash of its settings" in said(root)[0][2]


def test_a_job_that_ran_with_other_packages_than_are_pinned_is_found(root):
    row = {"package": "triton", "found": "3.6.0", "pinned": "3.7.1"}
    (root / FOLDER / layout.RECORD).write_bytes(record(environment={"differs": [row]}))

    says = "triton was 3.6.0, pinned 3.7.1; 1 differ"
    assert said(root) == [("environment", "record.json", says)]


# ---------------------------------------------------------------- as words of the command


def test_the_word_verifies_kernels_alone(root, capsys):
    assert main(["audit", "verify", str(root / "results/kernels")]) == 0
    assert capsys.readouterr().out == "PASS  kernels: 3 files as recorded, 0.0 MB\n"

    (root / FOLDER / "metrics.json").write_bytes(b"[]")

    assert main(["audit", "verify", str(root / "results/kernels")]) == 3
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "FAIL  kernels: 2 files as recorded, 0.0 MB"
    assert told[1].startswith(f"  changed      {FOLDER}/metrics.json: sha256 is ")


def test_the_word_says_all_to_machines(root, capsys):
    assert main(["audit", "verify", str(root / "results/kernels"), "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["passed"], told["files"]) == (
        "respike-check-kernels/1",
        True,
        3,
    )


def test_where_no_kernel_was_measured_the_word_says_what_to_do(tmp_path, capsys):
    assert main(["audit", "verify", str(tmp_path / "results/kernels")]) == 2
    assert "no kernel was measured in" in capsys.readouterr().err


def test_a_root_hash_of_kernels_is_refused(root, capsys):
    words = ["audit", "verify", str(root / "results/kernels"), "--root", "0" * 64]

    assert main(words) == 2
    assert "have no root hash" in capsys.readouterr().err


def test_a_run_is_not_passed_beside_a_kernel_that_was_changed(root, small_run, capsys):
    run = root / "run"
    shutil.copytree(small_run, run, symlinks=True)
    shutil.copytree(root / "results/kernels", run / "results/kernels")
    assert main(["audit", "verify", str(run)]) == 0

    (run / FOLDER / "metrics.json").write_bytes(b"[]")
    capsys.readouterr()

    assert main(["audit", "verify", str(run)]) == 3
    assert "changed      results/kernels/lif/bench_kernels/metrics.json" in (
        capsys.readouterr().out
    )


def test_a_kernel_is_a_target_by_name_and_by_path():
    config = Config(ROOT)

    for text in ("lif", f"{FOLDER}/times.json", f"{FOLDER}/record.json"):
        assert targets.resolve(text, config, {}).records == [f"{FOLDER}/record.json"]
    with pytest.raises(ConfigError, match=r"nothing is named 'lift'\. Did you mean 'lif'"):
        targets.resolve("lift", config, {})


def test_a_kernel_is_not_drawn_for_a_rerun(tmp_path):
    with pytest.raises(ConfigError, match=r"^bench_kernels is of no run, and no list names"):
        rerun.population(tmp_path, "smoke", ["bench_kernels"])


def test_packages_of_another_environment_are_not_compared_with_those_of_base():
    here = {"python": "3.11.2", "versions": {"numpy": "2.4.6"}, "cpu_vendor": "A"}
    then = {"python": "3.13.9", "versions": {"numpy": "2.3.5"}, "cpu_vendor": "B"}

    seen = explain._of_its_env({"env": "kernels:0", "numerics": then}, here)

    assert seen == {**then, "cpu_vendor": "A"}
    assert explain._of_its_env({"env": "base:0", "numerics": then}, here) == here
