import pytest

from respike.core import yaml
from respike.core.errors import ConfigError


def test_scalars_mean_what_yaml_1_2_says_and_nothing_else():
    text = "a: 1e-3\nb: NO\nc: [1, -2, 2.5, ~, true]\nd: '1'\ne: 12:30\nf: 1_000\ng: .inf\nh:\n"

    value = yaml.parse(text).value

    assert value == {
        "a": 0.001,
        "b": "NO",
        "c": [1, -2, 2.5, None, True],
        "d": "1",
        "e": "12:30",
        "f": "1_000",
        "g": ".inf",
        "h": None,
    }
    assert type(value["c"][0]) is int


def test_every_value_has_its_line_and_column():
    document = yaml.parse("a: 1\nb:\n  c: [x, y]\n", "f.yaml")

    assert document.at(("a",)) == "f.yaml:1:4:"
    assert document.at(("b", "c", 1)) == "f.yaml:3:10:"
    assert document.at(("b", "nothing", "there")) == "f.yaml:2:1:"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\na: 2", r"^f:2:1: key 'a' is given twice in the file \(first at line 1\)$"),
        ("x: {a: 1, a: 2}", r"^f:1:11: key 'a' is given twice in x \(first at line 1\)$"),
        ("a: 010", r"^f:1:4: 010: write it without the leading zero, or in quotes$"),
        ("a: 1e400", r"^f:1:4: 1e400 is too large for a number$"),
        ("a: !!python/object/apply:os.system x", r"^f:1:4: tag .*os.system is not allowed"),
        ("a: !!set {x: null}", r"^f:1:4: tag .*set is not allowed"),
        (
            "a: &x [1]\nb: *x",
            r"^f:1:4: anchors and aliases are not allowed; write the value out$",
        ),
        ("<<: {a: 1}", r"^f:1:1: merge keys \(<<\) are not allowed; write the settings out$"),
        ("? [a]\n: 1", r"^f:1:3: a key must be a word$"),
        ("a:\n\t- b", r"^f:2:1: a tab: indent with spaces$"),
        ("says: a: b", r"^f:1:8: a second ': ' in the line; put the sentence in quotes$"),
        ("x: [1", r"^f:2:1: a bracket is not closed here or on the line above$"),
        ("a: 1\n---\nb: 2", r"^f:2:1: a second document \(---\); write one document a file$"),
        ("a: \x01", r"^f: not YAML: "),
    ],
)
def test_what_is_not_allowed_is_said_with_its_place(text, sentence):
    with pytest.raises(ConfigError, match=sentence):
        yaml.parse(text, "f")


def test_an_empty_file_is_none_and_a_byte_order_mark_is_no_text(tmp_path):
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\n")

    assert yaml.load(tmp_path / "empty.yaml").value is None
    assert yaml.load(tmp_path / "bom.yaml").value == {"a": 1}


def test_a_missing_or_binary_file_is_a_sentence(tmp_path):
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(
        ConfigError, match=r"no\.yaml does not exist; create it or name another"
    ):
        yaml.load(tmp_path / "no.yaml")
    with pytest.raises(ConfigError, match=r"b\.yaml cannot be read as UTF-8 text: "):
        yaml.load(tmp_path / "b.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("NO", "NO"), ("", None), ("null", None), ("-3", -3), ("false", False)],
)
def test_a_value_on_the_command_line_means_what_it_means_in_a_study(text, value):
    assert yaml.scalar(text) == value


def test_a_value_without_a_place_has_that_of_the_nearest_above_it():
    document = yaml.parse("a:\n  b: {c: 1}\n", "f")

    assert document.at(("a", "b", "x", "y", "z")) == "f:2:3:"
    assert document.at(("a", "x", "y")) == "f:1:1:"
    assert document.at(("x", "y")) == "f:1:1:"
    assert yaml.Document(None, {}, "f").at(("a",)) == "f:1:1:"


def test_a_text_without_a_name_is_called_so():
    with pytest.raises(ConfigError, match=r"^text:2:1: key 'a' is given twice in the file"):
        yaml.parse("a: 1\na: 2")


def test_a_date_is_text_and_a_tag_of_text_or_number_changes_nothing():
    assert yaml.parse("a: 2026-11-22\nb: !!int 3\nc: !!str x").value == {
        "a": "2026-11-22",
        "b": 3,
        "c": "x",
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: !x 1", "f:1:4: tag !x is not allowed; remove it"),
        ("a: !x [1]", "f:1:4: tag !x is not allowed; remove it"),
        ("a: !x {b: 1}", "f:1:4: tag !x is not allowed; remove it"),
        ("a: *x", "f:1:4: anchors and aliases are not allowed; write the value out"),
        ("a: {b: {c: 1, c: 2}}", "f:1:15: key 'c' is given twice in a.b (first at line 1)"),
        ("a:\n  b: [1, 2\n", "f:3:1: a bracket is not closed here or on the line above"),
        ("a: b\n  \tc: 1", "f:2:5: a tab: indent with spaces"),
        ("a: b\n  c: 1 # \t", "f:2:4: a second ': ' in the line; put the sentence in quotes"),
    ],
)
def test_the_whole_sentence_about_what_is_not_allowed(text, sentence):
    with pytest.raises(ConfigError) as error:
        yaml.parse(text, "f")

    assert str(error.value) == sentence


def test_a_character_that_yaml_does_not_know_is_said_in_one_line():
    with pytest.raises(ConfigError) as error:
        yaml.parse("a: \x01", "f")

    assert str(error.value).startswith("f: not YAML: ")
    assert "control characters" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["+7", "-0", "0", ".5", "1.", "-1.5e+3", "1E2"])
def test_a_number_is_what_yaml_1_2_calls_one(text):
    assert yaml.scalar(text) == float(text)
    assert type(yaml.scalar(text)) is (int if text.lstrip("+-").isdigit() else float)


@pytest.mark.parametrize("text", ["0x1f", "0o7", "1e", "e5", ".", "--1", "1 2", "nan", "True"])
def test_what_is_no_number_is_text(text):
    assert yaml.scalar(text) == text


@pytest.mark.parametrize("text", ["-01", "+007", "00"])
def test_a_leading_zero_is_refused(text):
    with pytest.raises(ConfigError, match="write it without the leading zero, or in quotes"):
        yaml.scalar(text)


def test_text_in_quotes_and_blocks_stays_text():
    assert yaml.parse("a: '1'\nb: \"2\"\nc: |\n  3\nd: >\n  4\n").value == {
        "a": "1",
        "b": "2",
        "c": "3\n",
        "d": "4\n",
    }


@pytest.mark.parametrize(
    "text", ["[" * 1_000_000, "".join(" " * i + "a:\n" for i in range(102))]
)
def test_what_lies_too_deep_is_refused_before_it_is_composed(text):
    with pytest.raises(ConfigError, match=r"^text:\d+:\d+: lies more than 100 deep"):
        yaml.parse(text)


def test_a_number_too_long_to_be_one_is_refused():
    with pytest.raises(ConfigError, match=r"^text:1:4: 9{40}\.\.\. is too large for a number$"):
        yaml.parse("a: " + "9" * 100_000)
