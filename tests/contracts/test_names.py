"""A reader may guess one name from another: stage, rule, rule file, module, log, benchmark."""

import re

import pytest

from respike.core import layout
from tests.workflow.toy import ROOT

RULES = {f.stem: f.read_text() for f in (ROOT / "workflow/rules").glob("*.smk")}
STAGES = sorted(layout.STAGES)


def test_every_stage_has_a_rule_file_and_every_rule_file_a_stage():
    assert sorted(set(RULES) - {"common"}) == STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_a_rule_is_exec_of_the_module_of_its_name_and_declares_what_a_rule_must(stage):
    text = RULES[stage]

    assert re.search(rf"^rule {stage}:", text, re.M)
    assert f'exec "$PYTHON" -m respike.stages.{stage} --settings' in text
    for directive in ("log", "benchmark", "conda", "threads: 1", "resources", "params"):
        assert re.search(rf"^    {directive}", text, re.M), directive
    for given in (f'settings=settings("{stage}")', f'code=code("{stage}")'):
        assert given in text
    assert f'env=env("{stage}")' in text
    assert f'        env_file("{stage}")\n' in text
    assert (f"enter {stage}; " in text) is (layout.STAGES[stage].env != "base")
    assert text.startswith('"""')
    assert "retries" not in text
    assert len(text.splitlines()) <= 40


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_a_module_a_test_and_stays_thin(stage):
    module = ROOT / f"respike/stages/{stage}.py"

    assert f'sys.exit(main("{stage}", run))' in module.read_text()
    assert (ROOT / f"tests/stages/test_{stage}.py").exists()
    assert len(module.read_text().splitlines()) <= 100


@pytest.mark.parametrize("stage", layout.CHAIN)
def test_the_settings_of_a_stage_of_a_run_are_a_signature(stage):
    from respike.core.parts import stage_takes

    assert stage_takes(stage)


def test_no_part_but_the_reader_and_writer_reads_or_writes_files():
    allowed = {
        "respike/audit",
        "respike/core",
        "respike/cli",
        "respike/cluster",
        "respike/datasets",
        "respike/report/film.py",
        "respike/report/readme.py",
    }
    banned = re.compile(
        r"\bopen\(|\.read_text\(|\.read_bytes\(|\.write_text\(|\.write_bytes\(|np\.load\(|np\.save"
        r"|torch\.load\(|torch\.save\(|pickle|joblib|extractall|to_csv|read_csv"
    )
    found = []
    for file in sorted((ROOT / "respike").rglob("*.py")):
        name = str(file.relative_to(ROOT))
        if any(name.startswith(prefix) for prefix in allowed):
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if banned.search(line.split("#")[0]) and '"""' not in line:
                found.append(f"{name}:{number}: {line.strip()}")

    assert found == []


def test_unsafe_loaders_stand_nowhere():
    unsafe = re.compile(
        r"weights_only=False|allow_pickle=True|^import yaml|^import pickle|extractall\("
        r"|pickle\.load"
        r"|joblib\.load|import spikingjelly\.datasets|from spikingjelly import datasets"
    )
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in sorted((ROOT / "respike").rglob("*.py"))
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if unsafe.search(line) and not line.strip().startswith(("#", '"'))
    ]

    assert [row for row in found if not row.startswith("respike/core/yaml.py:")] == []
