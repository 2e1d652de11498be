import textwrap

import pytest

from respike.core import fingerprint


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package to fingerprint; the function writes a file of it and forgets what was read."""
    root = tmp_path / "respike"

    def write(name, text):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(textwrap.dedent(text))
        for cached in ("_read", "imports", "_digest", "fingerprint"):
            getattr(fingerprint, cached).cache_clear()

    monkeypatch.setattr(fingerprint, "ROOT", root)
    write("__init__.py", "")
    write("a.py", '"""A."""\nfrom respike.b import f\n\n\ndef g():\n    return f()\n')
    write("b.py", "def f():\n    return 1\n")
    write("c.py", "x = 1\n")
    return write


def of(*modules):
    return fingerprint.fingerprint(*modules)


def test_comments_docstrings_and_layout_do_not_count(package):
    before = of("respike.a")

    package(
        "a.py", '"""Other words."""\n# comment\nfrom respike.b import f\ndef g(): return f()'
    )

    assert of("respike.a") == before


def test_a_change_in_an_imported_module_counts_and_in_another_does_not(package):
    before = of("respike.a")

    package("c.py", "x = 2\n")
    other = of("respike.a")
    package("b.py", "def f():\n    return 2\n")

    assert other == before
    assert of("respike.a") != before


def test_an_import_inside_a_function_counts(package):
    package("a.py", "def g():\n    import respike.c\n")

    assert "respike.c" in fingerprint.closure("respike.a")


def test_a_data_file_that_carries_a_modules_name_counts(package):
    before = of("respike.a")

    package("b.xml", "<mujoco/>")

    assert of("respike.a") != before


def test_the_order_of_modules_does_not_count(package):
    assert of("respike.a", "respike.c") == of("respike.c", "respike.a")
    assert len(of("respike.a")) == 64


def test_each_module_has_a_digest_of_its_own(package):
    before = fingerprint.digests("respike.a")

    package("b.py", "def f():\n    return 2\n")
    after = fingerprint.digests("respike.a")

    assert list(before) == ["respike.a", "respike.b"]
    assert {name for name in before if before[name] != after[name]} == {"respike.b"}


def test_digests_of_modules_make_the_fingerprint_in_any_order(package):
    found = fingerprint.digests("respike.a", "respike.c")

    assert fingerprint.combined(found) == of("respike.c", "respike.a")
    assert fingerprint.combined(dict(reversed(found.items()))) == of("respike.a", "respike.c")
