"""No module runs foreign text, unpickles, or unpacks by a library's own extractor.

Those that come near it are named here, each with its reason.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "cloudpickle", "yaml"}
CALLS = {
    "eval", "exec", "__import__", "os.system", "os.popen", "shutil.unpack_archive", "yaml.load",
    "yaml.load_all", "yaml.unsafe_load", "yaml.full_load", "torch.load", "torch.jit.load",
    "np.load", "numpy.load", "np.fromfile", "np.loadtxt", "np.genfromtxt", "pd.read_pickle",
    "loadmat", "scipy.io.loadmat", "h5py.File", "runpy.run_path", "runpy.run_module",
}  # fmt: skip
METHODS = {"extractall", "extract_all", "read_pickle", "to_pickle"}
KEYWORDS = {("weights_only", False), ("allow_pickle", True), ("shell", True)}
ALLOWED = {
    ("respike/core/yaml.py", "import yaml"): "composes nodes only; values are built there",
    ("respike/core/parsers/mat.py", "loadmat"): "runs in a child process behind locks",
    ("respike/core/parsers/hdf5.py", "h5py.File"): "runs in a child process behind locks",
    ("respike/core/parsers/state.py", "torch.load"): "the child's; with weights_only=True",
    (".ci/mutate.py", "__import__"): "counts mutants of our own modules, by name",
}


def dangerous(path: Path) -> list[tuple[str, int]]:
    """What a source file does that is dangerous, and in which line."""
    found = []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    theirs = any(
        isinstance(n, ast.Import) and n.names[0].name == "yaml" for n in ast.walk(tree)
    )
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [(f"import {n}", line) for n in names if n.split(".")[0] in MODULES]
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called.startswith("yaml.") and not theirs:
                continue  # respike.core.yaml, the strict one
            if called in CALLS or called.rpartition(".")[2] in METHODS:
                found.append((called, line))
            for word in node.keywords:
                value = getattr(word.value, "value", None)
                if (word.arg, value) in KEYWORDS and isinstance(value, bool):
                    found.append((f"{word.arg}={value}", line))
            safe = any(
                w.arg == "weights_only" and ast.unparse(w.value) == "True"
                for w in node.keywords
            )
            if called == "torch.load" and not safe:
                found.append(("torch.load without weights_only", line))
    return found


def sources() -> list[Path]:
    """Python files that are run outside tests."""
    places = ("respike", ".ci", "envs", "workflow", "profiles")
    return sorted(p for place in places for p in (ROOT / place).rglob("*.py"))


def test_no_module_does_what_only_named_ones_may():
    found = {}
    for path in sources():
        name = str(path.relative_to(ROOT))
        for what, line in dangerous(path):
            if (name, what) not in ALLOWED:
                found[f"{name}:{line}"] = what

    assert found == {}


def test_every_exception_is_still_needed():
    there = {(str(p.relative_to(ROOT)), what) for p in sources() for what, _ in dangerous(p)}

    assert set(ALLOWED) <= there


def test_every_exception_has_its_reason():
    assert all(len(reason) > 20 for reason in ALLOWED.values())


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("import pickle", "import pickle"),
        ("from joblib import load", "import joblib"),
        ("torch.load(f, weights_only=False)", "weights_only=False"),
        ("torch.load(f)", "torch.load without weights_only"),
        ("np.load(f, allow_pickle=True)", "allow_pickle=True"),
        ("import yaml; yaml.load(f)", "yaml.load"),
        ("tar.extractall(x)", "tar.extractall"),
        ("eval(x)", "eval"),
        ("exec(x)", "exec"),
        ("subprocess.run(x, shell=True)", "shell=True"),
        ("os.system(x)", "os.system"),
    ],
)
def test_what_is_dangerous_is_found(line, what, tmp_path):
    file = tmp_path / "module.py"
    file.write_text(f"def f(x):\n    {line}\n    model.eval()\n")

    assert (what, 2) in dangerous(file)
    assert all(line == 2 for _, line in dangerous(file))


def test_no_rule_and_no_script_does_either():
    banned = ("pickle", "eval(", "exec(", "os.system", "shell=True", "yaml.load", "run:")
    files = [ROOT / "Snakefile", *(ROOT / "workflow").rglob("*.smk")]

    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if any(word in line.split("#")[0] for word in banned)
    ]

    assert found == []
