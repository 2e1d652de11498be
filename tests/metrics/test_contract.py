"""What every metric keeps to, whoever wrote it."""

import ast
import importlib
import subprocess
import sys

import numpy as np
import pytest

from respike.claims import reading
from respike.claims.scale import LINKS
from respike.core import layout, parts

NAMES = parts.names("metric")
FILES = {
    file
    for row in layout.STAGES.values()
    if row.scope == "run"
    for file in row.content.values()
}


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name):
    facts = reading.constants(name)

    assert facts["SHAPE"] in {"items", "blocks", "value"}
    assert facts["EVIDENCE"] in FILES
    assert facts["LABEL"]
    assert facts["UNIT"]
    assert facts.get("LINK") in {None, *LINKS}


@pytest.mark.parametrize("name", NAMES)
def test_its_settings_are_keywords_with_a_plain_type(name):
    for setting in parts.takes("metric", name).values():
        assert setting.type in {"int", "float", "bool", "str", "list"}


@pytest.mark.parametrize("name", NAMES)
def test_its_module_says_where_it_comes_from(name):
    module = importlib.import_module(parts.module("metric", name))

    assert len(module.__doc__) > 40
    assert module.build.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_it_reads_no_file_and_draws_no_number(name):
    source = (parts.folder("metric") / f"{name.replace('-', '_')}.py").read_text()
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    used |= {
        node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)
    }

    assert not used & {"open", "print", "random", "default_rng", "load", "read_text"}


def test_all_of_them_are_light():
    modules = ", ".join(parts.module("metric", name) for name in NAMES)
    code = (
        f"import sys, {modules}; "
        "print(sorted({'scipy', 'torch', 'pandas', 'sklearn', 'mujoco'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "name", [n for n in NAMES if reading.constants(n)["SHAPE"] == "blocks"]
)
def test_pooling_takes_leading_axes_and_adds_blocks(name):
    combine = importlib.import_module(parts.module("metric", name)).combine
    rng = np.random.default_rng(0)
    y, p = rng.standard_normal((2, 5, 8))
    columns = [np.ones_like(y), y, y**2, (y - p) ** 2]
    if name == "pcc":
        columns = [np.ones_like(y), y, p, y * y, p * p, y * p]
    sums = np.stack([c.sum(axis=-1) for c in columns], axis=-1)

    stacked = combine(np.stack([sums, 2 * sums]))

    assert stacked.shape == (2,)
    assert stacked.tolist() == pytest.approx([float(combine(sums))] * 2)
    merged = np.concatenate([sums[:1] + sums[1:2], sums[2:]])
    assert combine(merged) == pytest.approx(combine(sums))
