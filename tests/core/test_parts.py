import re

import pytest

from respike.core import parts
from respike.core.errors import ConfigError, UnknownPart

KINDS = sorted(parts.KINDS)


def test_a_misspelt_part_is_answered_with_the_nearest_name_and_where_a_new_one_goes():
    with pytest.raises(UnknownPart) as error:
        parts.module("structure.drop", "magnitud")

    assert str(error.value) == (
        "no structure.drop part named 'magnitud'. Did you mean 'magnitude'? "
        "Known: magnitude, random. A new one is a file respike/structure/drop/magnitud.py."
    )


def test_a_part_is_a_name_or_a_name_with_settings():
    assert parts.split("lif") == ("lif", {})
    assert parts.split({"lif": {"tau_steps": 2.0}}) == ("lif", {"tau_steps": 2.0})
    for wrong in (3, {}, {"a": {}, "b": {}}, {"a": 1}, ["lif"]):
        with pytest.raises(
            ConfigError, match=r"neuron is .*; write a name or \{name: \{setting"
        ):
            parts.split(wrong, "neuron")


SIGNATURE = {
    "epochs": parts.Setting("int", required=True),
    "rate": parts.Setting("float", required=False),
    "bias": parts.Setting("bool", required=False),
    "neuron": parts.Setting("str | dict | None", required=False),
}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"epochs": 1, "epoch": 2},
            "unknown setting 'epoch' at here. Did you mean 'epochs'? "
            "Allowed: bias, epochs, neuron, rate",
        ),
        ({"epochs": 1.5}, "here.epochs is 1.5; it must be int"),
        ({"epochs": True}, "here.epochs is True; it must be int"),
        ({"epochs": 1, "bias": 1}, "here.bias is 1; it must be bool"),
        ({"epochs": 1, "neuron": 3}, "here.neuron is 3; it must be str | dict | None"),
        ({"rate": 1}, "here lacks the setting 'epochs'; add epochs: ..."),
    ],
)
def test_settings_are_checked_against_a_signature(settings, sentence):
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        parts.check_settings(SIGNATURE, settings, "here")


def test_settings_that_fit_pass():
    parts.check_settings(
        SIGNATURE, {"epochs": 1, "rate": 2, "bias": True, "neuron": None}, "here"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_says_what_it_is_and_types_its_settings(kind):
    import ast

    for name in parts.names(kind):
        file = parts.folder(kind) / f"{name.replace('-', '_')}.py"
        assert ast.get_docstring(ast.parse(file.read_text())), f"{file} has no docstring"
        for setting, row in parts.takes(kind, name).items():
            words = {w.strip().split("[")[0] for w in row.type.split("|")}
            assert words <= set(parts.TYPES), f"{file}: setting {setting} is {row.type!r}"


def test_every_kind_has_at_least_one_part():
    assert [kind for kind in KINDS if not parts.names(kind)] == []
