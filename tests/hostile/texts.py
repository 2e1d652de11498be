"""JSON, YAML and CSV that a lenient reader would take, run or choke on."""

from tests.hostile.pickles import MARK

ESC = "\x1b[2J\x1b]0;title\x07"
BIDI = "\u202e\u2066"


def _json() -> dict[str, bytes]:
    return {
        "deep": b"[" * 200_000 + b"]" * 200_000,
        "deep-object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "nan": b'{"accuracy": NaN}',
        "infinity": b'{"accuracy": -Infinity}',
        "too-large": b'{"accuracy": 1e999}',
        "huge-int": b'{"n": ' + b"9" * 100_000 + b"}",
        "huge-float": b'{"n": 0.' + b"9" * 1_000_000 + b"e999999999}",
        "twice": b'{"schema": "a", "schema": "b"}',
        "byte-order-mark": b'\xef\xbb\xbf{"a": 1}',
        "utf-16": '{"a": 1}'.encode("utf-16"),
        "latin-1": '{"a": "ä"}'.encode("latin-1"),
        "half-character": b'{"a": "\\ud800"}',
        "tail": b'{"a": 1} {"b": 2}',
        "comment": b'{"a": 1 /* one */}',
        "nul": b'{"a": 1}\0',
        "empty": b"",
        "python": f"__import__('os').system('touch {MARK}')".encode(),
    }


def _yaml() -> dict[str, bytes]:
    laughs = ["a0: &a0 [ha, ha]"]
    laughs += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    call = f"['touch {MARK}']"
    return {
        "apply": f"id: !!python/object/apply:os.system {call}\n".encode(),
        "apply-new": f"id: !!python/object/new:os.system {call}\n".encode(),
        "name": b"id: !!python/name:os.system\n",
        "module": b"id: !!python/module:subprocess\n",
        "binary": b"id: !!binary aGVsbG8=\n",
        "own-tag": b"id: !include /etc/passwd\n",
        "laughs": "\n".join(laughs).encode() + b"\n",
        "itself": b"a: &a\n  b: *a\n",
        "merge": b"a: {x: 1}\nb:\n  <<: {x: 2}\n",
        "twice": b"id: one\nid: two\n",
        "deep": b"[" * 20_000 + b"]" * 20_000,
        "deep-block": b"".join(b" " * i + b"a:\n" for i in range(1000)),
        "huge-int": b"version: " + b"9" * 100_000 + b"\n",
        "infinite": b"version: 1e999\n",
        "octal": b"version: 010\n",
        "key-is-list": b"? [a, b]\n: 1\n",
        "two-documents": b"id: a\n---\nid: b\n",
        "not-utf-8": b"id: \xff\xfe\n",
        "control": b"id: \x01\x07\n",
        "directive": b"%TAG ! tag:yaml.org,2002:python/\n---\nid: !module:os\n",
    }


def _csv() -> dict[str, bytes]:
    return {
        "nul": b"a,b\n1,\0\n",
        "quote": b'a,b\n"1,2\n',
        "uneven": b"a,b\n1,2,3\n",
        "long-cell": b"a\n" + b"x" * 300_000 + b"\n",
        "twice": b"a,a\n1,2\n",
        "not-utf-8": b"a\n\xff\n",
        "after-quote": b'a\n"1"2\n',
        "return": b"a,b\n1,2\r3,4\n",
        "empty": b"",
        "formula": b'a\n"=HYPERLINK(""http://x"",1)"\n',
        "escapes": f"a\n{ESC}{BIDI}\n".encode(),
    }


def files() -> dict[str, bytes]:
    """Hostile .json, .yaml and .csv files."""
    return {
        f"{suffix}-{name}.{suffix}": data
        for suffix, made in (("json", _json()), ("yaml", _yaml()), ("csv", _csv()))
        for name, data in made.items()
    }
