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


SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["a", "b"],
    "properties": {
        "a": {"type": "integer", "exclusiveMinimum": 0, "maximum": 5},
        "b": {"type": ["string", "integer"]},
        "c": {"type": "string", "pattern": "^x"},
        "d": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z_]+$"},
            "patternProperties": {"^n_": {}},
            "additionalProperties": False,
            "properties": {"name": {}},
        },
        "e": {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "required": ["u"],
                    "properties": {"u": {"type": "string"}},
                },
            ]
        },
        "f": {"oneOf": [{"const": 1}, {"enum": ["one", "two"]}]},
        "g": {"minItems": 2, "type": "array", "items": {"type": "number"}},
        "h": {"type": "boolean"},
        "i": {"type": "number", "minimum": 1, "exclusiveMaximum": 2},
        "j": {"type": "null"},
        "k": {"const": 3},
    },
}


@pytest.fixture
def schema(monkeypatch):
    """One schema that has every kind of rule, in place of those of the workflow."""
    strict._validator.cache_clear()
    monkeypatch.setattr(strict, "schema", lambda name: SCHEMA)
    yield SCHEMA
    strict._validator.cache_clear()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("a: 5\nb: 1", []),
        ("a: 0\nb: x", ["f:1:4: a is 0; it must be > 0"]),
        ("a: 6\nb: 1", ["f:1:4: a is 6; it must be <= 5"]),
        ("a: 1\nb: 1\ni: 0.5", ["f:3:4: i is 0.5; it must be >= 1"]),
        ("a: 1\nb: 1\ni: 2", ["f:3:4: i is 2; it must be < 2"]),
        ("a: 1\nb: 1.5", ["f:2:4: b must be string or integer, is number 1.5"]),
        ("a: ~\nb: 1", ["f:1:4: a must be integer, is nothing"]),
        ("a: true\nb: 1", ["f:1:4: a must be integer, is boolean True"]),
        ("a: x\nb: 1", ["f:1:4: a must be integer, is text 'x'"]),
        ("a: '1e3'\nb: 1", ["f:1:4: a must be integer, is text '1e3' (remove the quotes)"]),
        ("a: 1\nb: 1\nh: '1'", ["f:3:4: h must be boolean, is text '1'"]),
        ("{}", ["f:1:1: the file lacks 'a'; add a: ..."]),
        ("a: 1", ["f:1:1: the file lacks 'b'; add b: ..."]),
        ("a: 1\nb: 1\nc: y", ["f:3:4: c is 'y'; it must match ^x"]),
        ("a: 1\nb: 1\nd: {n_x: 1, name: 2}", []),
        (
            "a: 1\nb: 1\nd: {nme: 2}",
            ["f:3:10: unknown key 'nme' in d. Did you mean 'name'? Allowed: name"],
        ),
        (
            "a: 1\nb: 1\nd: {n_x: 1, zzz: 2}",
            ["f:3:18: unknown key 'zzz' in d. Allowed: name"],
        ),
        (
            "a: 1\nb: 1\nd: {n_A: 1}",
            ["f:3:10: a key in d is 'n_A'; it must match ^[a-z_]+$"],
        ),
        ("a: 1\nb: 1\ne: {v: 1}", ["f:3:1: e lacks 'u'; add u: ..."]),
        ("a: 1\nb: 1\ne: {u: 1}", ["f:3:8: e.u must be string, is integer 1"]),
        ("a: 1\nb: 1\ne: [1]", ["f:3:1: e must be string, is list [1]"]),
        ("a: 1\nb: 1\nf: on", ["f:3:4: f is 'on'; allowed: one, two. Did you mean 'one'?"]),
        ("a: 1\nb: 1\ng: [1]", ["f:3:1: g: [1] is too short"]),
        ("a: 1\nb: 1\ng: [1, x]", ["f:3:8: g.1 must be number, is text 'x'"]),
        ("a: 1\nb: 1\nj: 0", ["f:3:4: j must be null, is integer 0"]),
        ("a: 1\nb: 1\nk: 4", ["f:3:4: k is 4; allowed: 3."]),
        *(
            (
                f"a: 1\nb: 1\nh: '{word}'",
                [f"f:3:4: h must be boolean, is text '{word}' (write true or false)"],
            )
            for word in ("yes", "No", "ON", "off")
        ),
    ],
)  # fmt: skip
def test_every_kind_of_rule_has_its_sentence(text, sentences, schema):
    document = yaml.parse(text, "f")

    assert strict.problems(document.value, "any", document) == sentences


def test_a_value_without_a_file_is_answered_without_a_place(schema):
    assert strict.problems({"a": 0, "b": 1, "zz": 1}, "any") == [
        "a is 0; it must be > 0",
        "unknown key 'zz' in the file. Allowed: a, b, c, d, e, f, g, h, i, j, k",
    ]
    with pytest.raises(ConfigError, match=r"^verdict\.json: a is 0; it must be > 0$"):
        strict.check({"a": 0, "b": 1}, "any", source="verdict.json")
    with pytest.raises(ConfigError, match=r"^a is 0; it must be > 0$"):
        strict.check({"a": 0, "b": 1}, "any")
    strict.check({"a": 1, "b": 1}, "any")


def test_a_place_is_not_said_twice(schema):
    document = yaml.parse("a: 0\nb: 1", "f")

    with pytest.raises(ConfigError, match=r"^f:1:4: a is 0; it must be > 0$"):
        strict.check(document.value, "any", document, "other")


def test_problems_come_in_the_order_of_lines_and_columns(schema):
    document = yaml.parse("b: 1\n" + "\n" * 7 + "i:        9\na: 9", "f")

    assert [s[:7] for s in strict.problems(document.value, "any", document)] == [
        "f:9:11:",
        "f:10:4:",
    ]

    document = yaml.parse("{b: 1, i: 9,     a: 9}", "f")

    assert [s[:7] for s in strict.problems(document.value, "any", document)] == [
        "f:1:11:",
        "f:1:21:",
    ]


@pytest.mark.parametrize(("length", "shown"), [(58, "y" * 58 + "'"), (59, "y" * 56 + "...")])
def test_a_long_value_is_cut(length, shown, schema):
    found = strict.problems({"a": 1, "b": 1, "j": "y" * length}, "any")

    assert found == [f"j must be null, is text '{shown}"]


@pytest.mark.parametrize(("count", "more"), [(4, []), (5, []), (6, ["and 1 more"])])
def test_up_to_five_problems_are_all(count, more):
    document = yaml.parse("".join(f"k{i}: 1\n" for i in range(count)) + GOOD, "f")

    with pytest.raises(ConfigError) as error:
        strict.check(document.value, "config", document)

    lines = str(error.value).splitlines()
    assert lines[5:] == more
    assert all(": unknown key 'k" in line for line in lines[:5])


def test_a_schema_takes_in_the_one_it_refers_to():
    claims = strict.schema("study")["properties"]["claims"]

    assert claims["type"] == "array"
    assert claims["items"]["required"] == ["id", "says", "scope"]
    assert {"$schema", "$id", "$ref"} & claims.keys() == set()
    assert strict.schema("study")["$id"] == "study.schema.yaml"
    inner = strict.schema("study")["properties"]["variants"]["additionalProperties"]
    assert inner["properties"]["train"] == {"$ref": "#/$defs/stage"}


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ([], {}, ""),
        (["a", 1, "b"], {"a": [0, {"b": 1}]}, "a.1.b"),
        (["a", 0], {"a": [{"id": "x"}]}, "a.x"),
        (["a", "b"], {"a": {"b": {"id": "x"}}}, "a.b"),
        (["a", 0, "c", 3], None, "a.0.c.3"),
        (["a", 7, "b"], {"a": []}, "a.7.b"),
    ],
)
def test_a_key_path_in_words(path, value, words):
    assert strict.dotted(path, value) == words
