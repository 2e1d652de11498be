"""Hash of a module's meaning and of all it imports of ours, without importing any of it.

Comments, docstrings and layout do not count; a data file that carries a module's name
(panda.xml beside panda.py) counts byte for byte.
"""

import ast
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# tables whose rows reach a job through its settings: a new row must not touch the others
IN_SETTINGS = {"sources.yaml"}


def _file(module: str) -> Path:
    path = ROOT.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _read(module: str) -> tuple[frozenset[str], str]:
    """What a module imports, by all names that it may mean, and its text without docstrings."""
    file = _file(module)
    tree = ast.parse(file.read_text(encoding="utf-8") if file.exists() else "")
    named: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            named.add(node.module)
            named.update(f"{node.module}.{alias.name}" for alias in node.names)
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            node.body = body[1:] or [ast.Pass()]
    return frozenset(named), ast.unparse(tree)


@cache
def imports(module: str) -> frozenset[str]:
    """Modules of ours that a module imports, at its top or inside a function."""
    named, _ = _read(module)
    return frozenset(n for n in named if n.split(".")[0] == ROOT.name and _file(n).exists())


@cache
def _digest(module: str) -> bytes:
    h = hashlib.sha256(f"{module}\0{_read(module)[1]}\0".encode())
    file = _file(module)
    if file.name != "__init__.py":
        for data in sorted(file.parent.glob(f"{file.stem}.*")):
            counts = data.suffix not in {".py", ".pyc"} and data.name not in IN_SETTINGS
            if counts and data.is_file():
                h.update(f"{data.name}\0".encode() + hashlib.sha256(data.read_bytes()).digest())
    return h.digest()


def closure(*modules: str) -> tuple[str, ...]:
    """The modules and all they import of ours, sorted."""
    todo, seen = list(modules), set()
    while todo:
        module = todo.pop()
        if module not in seen:
            seen.add(module)
            todo += imports(module)
    return tuple(sorted(seen))


def digests(*modules: str) -> dict[str, str]:
    """Digest (64 hex digits) of each module and of all they import of ours, by name."""
    return {module: _digest(module).hex() for module in closure(*modules)}


def combined(found: Mapping[str, str]) -> str:
    """The fingerprint that digests by module make together."""
    h = hashlib.sha256()
    for module in sorted(found):
        h.update(bytes.fromhex(found[module]))
    return h.hexdigest()


@cache
def fingerprint(*modules: str) -> str:
    """One hash (64 hex digits) over the meaning of modules and of all they import of ours."""
    return combined(digests(*modules))
