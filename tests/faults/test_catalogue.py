"""Every fault of the catalogue is accounted for, and what is named for it exists."""

import ast
from functools import cache

import pytest

from tests.faults.catalogue import CATALOGUE
from tests.workflow.toy import ROOT

LEFT_OUT = {"slow", "gpu", "network"}


@cache
def named_in(file):
    """Name -> whether `make test` leaves it out, of every test in a file."""
    tree = ast.parse((ROOT / file).read_text())
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    marks = {
        f.name: {d.attr for d in f.decorator_list if isinstance(d, ast.Attribute)}
        for f in functions
    }
    return {
        name: bool(found & LEFT_OUT)
        for name, found in marks.items()
        if name.startswith("test_")
    }


def rows_of(fault):
    for row in fault.tests:
        file, _, name = row.partition("::")
        known = named_in(file)
        assert known, f"{file} has no tests"
        assert not name or name in known, f"fault {fault.number}: {file} has no {name}"
        yield known[name] if name else False


def test_the_fifty_are_all_there():
    assert [fault.number for fault in CATALOGUE] == list(range(1, 51))
    assert len({fault.name for fault in CATALOGUE}) == 50


@pytest.mark.parametrize("fault", CATALOGUE, ids=lambda fault: f"{fault.number} {fault.name}")
def test_a_fault_has_a_test_that_exists_or_a_reason(fault):
    assert list(rows_of(fault)) or fault.why_not


def test_at_least_fifteen_are_provoked_by_make_test():
    quick = [fault.number for fault in CATALOGUE if not all(rows_of(fault))]

    assert len(quick) >= 45


def test_a_test_that_names_a_fault_is_in_the_catalogue():
    named = {row for fault in CATALOGUE for row in fault.tests}
    for file in sorted((ROOT / "tests/faults").glob("test_*.py")):
        path = f"tests/faults/{file.name}"
        for name in named_in(path):
            if name.removeprefix("test_")[:1].isdigit():
                assert f"{path}::{name}" in named, f"{name} stands in no row of the catalogue"
