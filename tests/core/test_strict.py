import math

import pytest

from respike.core import strict, yaml
from respike.core.errors import ConfigError

GOOD = "version: 1\nbudget: desk\nstudies: [toy]\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            GOOD + "bugdet: 1\n",
            "f:4:9: unknown key 'bugdet' in the file. Did you mean 'budget'? Allowed: b",
        ),
        (
            GOOD.replace("desk", "dask"),
            "f:2:9: budget is 'dask'; allowed: smoke, desk, paper. Did you mean 'desk'?",
        ),
        (
            GOOD + "seeds: '8'\n",
            "f:4:8: seeds must be integer, is text '8' (remove the quotes)",
        ),
        (GOOD + "seeds: 0\n", "f:4:8: seeds is 0; it must be >= 1"),
        (
            GOOD + "page: yes\n",
            "f:4:7: page must be boolean, is text 'yes' (write true or false)",
        ),
        ("version: 1\nbudget: desk\n", "f:1:1: the file lacks 'studies'; add studies: ..."),
        (GOOD.replace("version: 1", "version: 2"), "f:1:10: version is 2; allowed: 1."),
    ],
)
def test_each_problem_is_one_sentence_with_its_place(text, sentence):
    document = yaml.parse(text, "f")

    with pytest.raises(ConfigError) as error:
        strict.check(document.value, "config", document)

    assert str(error.value).splitlines()[0].startswith(sentence)


def test_at_most_five_problems_are_said_in_the_order_of_lines():
    document = yaml.parse("".join(f"k{i}: 1\n" for i in range(7)) + GOOD, "f")

    with pytest.raises(ConfigError) as error:
        strict.check(document.value, "config", document)

    lines = str(error.value).splitlines()
    assert [line[:4] for line in lines[:5]] == ["f:1:", "f:2:", "f:3:", "f:4:", "f:5:"]
    assert lines[5:] == ["and 2 more"]


def test_an_entry_of_a_list_is_named_by_its_id():
    value = {"claims": [{"id": "density-exact", "test": {}}]}

    assert strict.dotted(["claims", 0, "test"], value) == "claims.density-exact.test"


def test_canonical_json_is_one_text_whatever_the_order_of_keys():
    assert strict.canonical_json({"b": 1, "a": [1.5, "ü"]}) == '{"a":[1.5,"\\u00fc"],"b":1}'


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_canonical_json_refuses_what_json_cannot_say(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        strict.canonical_json({"a": number})


@pytest.mark.parametrize("name", ["config", "study", "sources", "claims", "verdict"])
def test_every_schema_is_a_schema(name):
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(strict.schema(name))
