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
