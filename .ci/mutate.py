"""Mutation tester: how many small changes of a module do its tests notice?

    .venv/bin/python .ci/mutate.py respike/core/io.py --tests tests/core/test_io.py --sample 150

Each mutant is written into a copy of the tree, where the tests then run in a process that is
forked from one that has imported the foreign packages already: the file is really there, also
for the children that tests start. --check N repeats N mutants in processes begun anew and
compares. Same seed, same sample. Changes of docstrings, annotations and imports are not made.
"""

import argparse
import ast
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
NOT_COPIED = (
    ".git", ".venv", ".snakemake", ".respike", ".hypothesis", ".pytest_cache", ".ruff_cache",
    ".import_linter_cache", "__pycache__", "benchmarks", "logs", "results",
)  # fmt: skip
MEMORY_BYTES = 16 * 2**30
SURVIVED, KILLED, TIMED_OUT = "survived", "killed", "killed by the time limit"

COMPARE = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
CALLS = {"min": "max", "max": "min", "all": "any", "any": "all"}


class Mutant(NamedTuple):
    """One changed module."""

    file: str
    line: int
    kind: str
    before: str
    after: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before}  ->  {self.after}  [{self.kind}]"


class Change(NamedTuple):
    """What one mutant changes in the tree: node.field (or node.field[index]) becomes `new`."""

    node: Any
    field: str
    index: int | None
    new: Any
    kind: str
    line: int

    def swap(self, value: Any) -> Any:
        if self.index is None:
            old = getattr(self.node, self.field)
            setattr(self.node, self.field, value)
        else:
            place = getattr(self.node, self.field)
            old, place[self.index] = place[self.index], value
        return old


# ------------------------------------------------------------------ mutants


def mutants(path: Path, name: str) -> list[Mutant]:
    """Every mutant of one module, in the order of its lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    whole = ast.unparse(tree)
    found = []
    for change in _changes(tree):
        old = change.swap(change.new)
        text = ast.unparse(tree)
        change.swap(old)
        if text != whole:
            before, after = _difference(whole, text)
            found.append(Mutant(name, change.line, change.kind, before, after, text))
    return sorted(found, key=lambda m: m.line)


def _changes(tree: ast.Module) -> Iterator[Change]:
    yield from _walk(tree, tree, "body", 0)


def _walk(node: ast.AST, parent: ast.AST, field: str, line: int) -> Iterator[Change]:
    line = getattr(node, "lineno", line)
    yield from _of(node, parent, line)
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_comment"}:
            continue
        if isinstance(value, ast.AST):
            yield from _in_place(node, name, None, value, line)
        elif isinstance(value, list):
            for i, inner in enumerate(value):
                if isinstance(inner, ast.AST):
                    yield from _in_place(node, name, i, inner, line)


def _in_place(
    node: ast.AST, field: str, index: int | None, value: ast.AST, line: int
) -> Iterator[Change]:
    """Changes that put another node where `value` stands, then those inside `value`."""
    line = getattr(value, "lineno", line)
    if isinstance(value, ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal):
        return
    if _is_docstring(node, field, index, value) or _is_main(value):
        return
    for new, kind in _others(node, field, value):
        yield Change(node, field, index, new, kind, line)
    yield from _walk(value, node, field, line)


def _of(node: ast.AST, parent: ast.AST, line: int) -> Iterator[Change]:
    """Changes of a node's own operator or name."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            yield Change(node, "ops", i, COMPARE[type(op)](), "comparison", line)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield Change(node, "op", None, other, "and, or", line)
    elif isinstance(node, ast.BinOp | ast.AugAssign):
        swapped = ARITHMETIC.get(type(node.op))
        if swapped and not _is_path_or_type(node):
            yield Change(node, "op", None, swapped(), "arithmetic", line)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in CALLS:
            new = ast.Name(CALLS[node.func.id], ast.Load())
            yield Change(node, "func", None, new, "call", line)
    elif isinstance(node, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if getattr(node, bound) is not None:
                yield Change(node, bound, None, None, "slice", line)


def _others(parent: ast.AST, field: str, node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """What may stand in place of a node."""
    if field in {"test", "ifs"}:
        yield ast.UnaryOp(ast.Not(), node), "negation"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand, "negation"
    if isinstance(node, ast.Constant):
        yield from ((ast.Constant(value), "constant") for value in _constants(node.value))
    if isinstance(node, ast.Return) and not _is_none(node.value):
        yield ast.Return(ast.Constant(None)), "return None"
    if isinstance(node, ast.Raise | ast.Assert | ast.Delete | ast.AugAssign):
        yield ast.Pass(), f"no {type(node).__name__.lower()}"
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        yield ast.Pass(), "no call"
    if isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name | ast.Tuple):
        yield ast.Pass(), "no assignment"
    if isinstance(node, ast.Break | ast.Continue):
        yield ast.Pass(), f"no {type(node).__name__.lower()}"


def _constants(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1
    elif isinstance(value, str):
        yield "" if value else "XX"
    elif isinstance(value, bytes):
        yield b"" if value else b"XX"


def _is_none(node: ast.AST | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _is_docstring(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> bool:
    holds = isinstance(parent, ast.Module | ast.FunctionDef | ast.ClassDef)
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return holds and field == "body" and index == 0 and text


def _is_main(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _is_path_or_type(node: ast.AST) -> bool:
    """`folder / "name"` and `int | float`: their mutants fail at once and prove nothing."""
    if isinstance(node, ast.AugAssign):
        return False
    if isinstance(node.op, ast.Div):
        sides = (node.left, node.right)
        return any(
            isinstance(s, ast.JoinedStr)
            or (isinstance(s, ast.Constant) and isinstance(s.value, str))
            or (isinstance(s, ast.BinOp) and _is_path_or_type(s))
            for s in sides
        )
    names = {getattr(n, "id", "") for n in ast.walk(node)}
    types = {"int", "float", "str", "bool", "list", "tuple", "dict"}
    return isinstance(node.op, ast.BitOr) and bool(names & types or "ndarray" in ast.dump(node))


def _difference(before: str, after: str) -> tuple[str, str]:
    """The first lines that differ, cut down to what stands near the difference."""
    old, new = before.splitlines(), after.splitlines()
    row = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    a, b = old[row].strip(), new[row].strip()
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), 0)
    return _near(a, at), _near(b, at)


def _near(text: str, at: int, reach: int = 45) -> str:
    begin, end = max(0, at - reach), at + reach
    return ("..." if begin else "") + text[begin:end] + ("..." if end < len(text) else "")


# ------------------------------------------------------------------ running


class Clock:
    """A plugin of pytest: how long each test file takes."""

    def __init__(self) -> None:
        self.took: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        file = report.nodeid.split("::")[0]
        self.took[file] = self.took.get(file, 0.0) + report.duration


class Runner:
    """A copy of the tree in which the tests are run, one mutant at a time."""

    def __init__(self, tests: list[str], more: list[str], scratch: Path):
        self.copy = scratch / "tree"
        self.scratch = scratch
        shutil.copytree(ROOT, self.copy, ignore=_ignore, symlinks=True)
        self.tests = [str(p) for t in tests for p in self._files(t)]
        self.more = more
        self.took: dict[str, float] = {}  # test file -> seconds
        self.limit_s = 600.0
        self.clock = int(time.time())
        os.environ.update(
            OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1",
            HYPOTHESIS_STORAGE_DIRECTORY=str(scratch / "hypothesis"), PYTHONHASHSEED="0",
        )  # fmt: skip

    def _files(self, name: str) -> list[Path]:
        path = self.copy / name
        found = sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
        return [p.relative_to(self.copy) for p in found]

    def arguments(self, first: str) -> list[str]:
        """Arguments of pytest: the module's own test file first, then the quickest files."""
        own = f"test_{Path(first).stem}.py"
        order = sorted(self.tests, key=lambda t: (Path(t).name != own, self.took.get(t, 0)))
        fixed = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--no-header"]
        quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning", "--tb=no"]
        return [*fixed, *quiet, f"--basetemp={self.scratch / 'base'}", *self.more, *order]

    def preload(self) -> float:
        """Run the tests unchanged, then import here the foreign packages that they used.

        Returns:
            How long the unchanged tests take in a forked process [s].
        """
        for _ in range(2):
            seen = self.scratch / "modules"
            began = time.monotonic()
            end = self._fork("", seen)
            took = time.monotonic() - began
            if end != 0:
                said = (self.scratch / "said").read_text(errors="replace")
                sys.exit(f"the tests fail without any change (exit {end}):\n{said[-3000:]}")
            modules, self.took = json.loads(seen.read_text())
            for module in modules:
                if module not in sys.modules:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        try:
                            __import__(module)
                        except Exception:  # a module that only a test can import stays out
                            sys.modules.pop(module, None)
        return took

    def _fork(self, first: str, seen: Path | None = None) -> int | None:
        """Run pytest in a fork; its exit code (minus a signal), or None after the limit."""
        shutil.rmtree(self.scratch / "hypothesis", ignore_errors=True)
        pid = os.fork()
        if pid == 0:
            self._child(first, seen)
        return _wait(pid, self.limit_s)

    def _child(self, first: str, seen: Path | None) -> None:
        code = 3
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            os.chdir(self.copy)
            sys.path[0] = str(self.copy)
            out = os.open(self.scratch / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for stream in (1, 2):
                os.dup2(out, stream)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            import pytest

            clock = Clock()
            code = int(pytest.main(self.arguments(first), plugins=[clock]))
            home = getattr(sys.modules.get("respike"), "__file__", str(self.copy))
            if not home.startswith(str(self.copy)):
                print(f"respike was imported from {home}")
                code = 3
            if seen is not None:
                seen.write_text(json.dumps([_foreign(self.copy), clock.took]))
            sys.stdout.flush()
        finally:
            os._exit(code)

    def put(self, mutant: Mutant) -> None:
        """Write a mutant; a time of its own keeps every compiled copy of another from use."""
        path = self.copy / mutant.file
        self.clock += 2
        path.write_text(mutant.text, encoding="utf-8")
        os.utime(path, (self.clock, self.clock))

    def restore(self, mutant: Mutant) -> None:
        """Put the unchanged module back."""
        self.put(mutant._replace(text=(ROOT / mutant.file).read_text(encoding="utf-8")))

    def run(self, mutant: Mutant, anew: bool = False) -> str:
        """What becomes of one mutant, in a fork or in a process begun anew."""
        self.put(mutant)
        try:
            code = self._anew(mutant.file) if anew else self._fork(mutant.file)
        finally:
            self.restore(mutant)
        if code in (3, 4, 5):
            said = (self.scratch / "said").read_text(errors="replace")[-1500:]
            if code == 5 or "was imported from" in said:
                sys.exit(f"pytest ended with {code}:\n{said}")
        return TIMED_OUT if code is None else SURVIVED if code == 0 else KILLED

    def _anew(self, first: str) -> int | None:
        shutil.rmtree(self.scratch / "hypothesis", ignore_errors=True)
        child = subprocess.Popen(
            [sys.executable, "-m", "pytest", *self.arguments(first)],
            cwd=self.copy,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        code = _wait(child.pid, self.limit_s + 30)
        child.returncode = code or 0
        return code


def _ignore(folder: str, names: list[str]) -> set[str]:
    top = Path(folder) == ROOT
    always = {"__pycache__", ".git", ".venv"}
    here = set(NOT_COPIED) | ({"data"} if top else set())
    return {n for n in names if n in (here if top else always)}


def _wait(pid: int, limit_s: float) -> int | None:
    end = time.monotonic() + limit_s
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            _kill_group(pid)  # what the tests left running
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            _kill_group(pid)
            os.waitpid(pid, 0)
            return None
        time.sleep(0.01)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _foreign(copy: Path) -> list[str]:
    """Names of modules that were imported from elsewhere than the tree under test."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        ours = name.split(".")[0] in {"respike", "tests", "conftest", "__main__"}
        if file and not ours and not file.startswith(str(copy)):
            found.append(name)
    return found


# ------------------------------------------------------------------ command


def _arguments() -> argparse.ArgumentParser:
    cli = argparse.ArgumentParser(prog=".ci/mutate.py", description=__doc__.splitlines()[0])
    cli.add_argument("modules", nargs="+", help="modules, or folders of modules")
    cli.add_argument("--tests", nargs="+", required=True, help="test files or folders")
    cli.add_argument("--sample", type=int, default=0, help="at most so many; default: all")
    cli.add_argument("--seed", type=int, default=0, help="of the sample")
    cli.add_argument("--limit", type=float, help="seconds a mutant; default: 10 + 5 runs")
    cli.add_argument("--check", type=int, default=0, help="so many again in new processes")
    cli.add_argument("--at-least", type=float, default=0, help="fail below this score [%%]")
    cli.add_argument("--only", help="only mutants whose FILE:LINE begins so")
    cli.add_argument("--pytest", nargs="*", default=[], help="more arguments for pytest")
    return cli


def _pool(names: list[str], only: str | None) -> list[Mutant]:
    found = []
    for name in names:
        path = ROOT / name
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        for file in files:
            found += mutants(file, str(file.relative_to(ROOT)))
    return [m for m in found if not only or f"{m.file}:{m.line}".startswith(only)]


def main() -> int:
    given = _arguments().parse_args()
    pool = _pool(given.modules, given.only)
    chosen = pool
    if given.sample and given.sample < len(pool):
        picked = sorted(random.Random(given.seed).sample(range(len(pool)), given.sample))
        chosen = [pool[i] for i in picked]
    print(f"{len(pool)} mutants, {len(chosen)} run (seed {given.seed})", flush=True)
    with tempfile.TemporaryDirectory(prefix="mutate-") as scratch:
        runner = Runner(given.tests, given.pytest, Path(scratch))
        once = runner.preload()
        runner.limit_s = given.limit or 10 + 5 * once
        print(f"unchanged: {once:.1f} s, limit {runner.limit_s:.0f} s", flush=True)
        began = time.monotonic()
        ends = []
        for mutant in chosen:
            ends.append(runner.run(mutant))
            if ends[-1] == SURVIVED:
                print(f"survived {mutant}", flush=True)
        took = time.monotonic() - began
        differ = _check(runner, chosen, ends, given.check, given.seed)
    _report(chosen, ends, took)
    score = 100 * sum(e != SURVIVED for e in ends) / len(ends)
    return int(bool(differ) or score < given.at_least)


def _check(
    runner: Runner, chosen: list[Mutant], ends: list[str], count: int, seed: int
) -> list[Mutant]:
    """Run some mutants again in processes begun anew, survivors and killed in turn."""
    rng = random.Random(seed)
    groups = [
        [i for i, e in enumerate(ends) if (e == SURVIVED) is kept] for kept in (True, False)
    ]
    for group in groups:
        rng.shuffle(group)
    first = min(len(groups[0]), count // 2)
    picked = groups[0][:first] + groups[1][: count - first]
    began = time.monotonic()
    differ = []
    for i in picked:
        end = runner.run(chosen[i], anew=True)
        if (end == SURVIVED) is not (ends[i] == SURVIVED):
            differ.append(chosen[i])
            print(f"DIFFERS, begun anew: {end}; forked: {ends[i]}: {chosen[i]}")
    if picked:
        took = time.monotonic() - began
        print(f"checked {len(picked)} in new processes ({first} survivors): "
              f"{len(differ)} differ; {took / len(picked):.2f} s each")  # fmt: skip
    return differ


def _report(chosen: list[Mutant], ends: list[str], took: float) -> None:
    killed = sum(e != SURVIVED for e in ends)
    for title, part in (("file", lambda m: m.file), ("kind", lambda m: m.kind)):
        total = Counter(part(m) for m in chosen)
        left = Counter(part(m) for m, e in zip(chosen, ends, strict=True) if e == SURVIVED)
        print(f"by {title}:")
        for name, n in sorted(total.items()):
            print(f"  {n - left[name]:4d} of {n:4d}  {name}")
    print(f"score: {killed} of {len(ends)} killed ({100 * killed / len(ends):.1f} %), "
          f"{ends.count(TIMED_OUT)} by the time limit; {took:.0f} s, "
          f"{took / len(ends):.2f} s each")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
