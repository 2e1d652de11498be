"""Find calls whose result may differ between processors, in modules whose output is pinned.

The list is what was measured over dispatch levels, BLAS cores, threads, libc and
architectures: separate + - * / of NumPy, integer arithmetic, stable sorts and the raw stream of
a bit generator are the same everywhere; exp, log, powers, dot products, FFTs and most
distributions are not.

Functions named `table_*` are left alone: what they return is rounded, and a test checks its
margin or its exactness. `@` and np.convolve are allowed in functions named `exact_*`, which
must check that their operands are integers (by `.dtype.kind` or np.issubdtype), or that no
partial sum can round (by assert_exact).

torch is let in for modules that name it in `allow`: separate + - * / and comparison as
operators, and of its functions those below. Its methods are not: a product, a sum, a root or
a fused step (add with alpha, addcmul, lerp) would hide there.
"""

import ast
from collections.abc import Iterable
from pathlib import Path

# fmt: off
NUMPY = {
    "abs", "absolute", "add", "add.at", "all", "any", "arange", "array", "array_equal",
    "asarray", "ascontiguousarray", "atleast_2d", "bincount", "bitwise_and", "bitwise_or",
    "bool_", "broadcast_to", "ceil", "clip", "column_stack", "concatenate", "copyto",
    "cumsum", "diff", "divmod", "dtype", "empty", "empty_like", "equal", "flatnonzero",
    "flip", "float32", "float64", "floor", "floor_divide", "frombuffer", "full", "full_like",
    "greater", "hstack", "iinfo", "int16", "int32", "int64", "int8", "integer", "isfinite",
    "isin", "issubdtype", "left_shift", "lexsort", "maximum", "minimum", "mod", "multiply",
    "ndarray", "newaxis", "nonzero", "ones", "ones_like", "outer", "pad",
    "random.BitGenerator", "random.Generator", "random.Philox", "ravel", "repeat", "reshape",
    "right_shift", "rint", "roll", "searchsorted", "sign", "size", "sort", "sqrt", "stack",
    "subtract", "sum", "take", "tile", "transpose", "uint16", "uint32", "uint64", "uint8",
    "unique", "vstack", "where", "zeros", "zeros_like",
}
EXACT = {
    "convolve", "dot", "matmul", "tensordot",
}
TORCH = {
    "Tensor", "abs", "equal", "from_numpy", "max", "nn.Module", "no_grad", "round", "stack",
    "zeros_like",
}
TORCH_EXACT = {
    "matmul", "sum",
}
# of tensors: how they are laid out and read, none that computes
TORCH_METHODS = {
    "append", "astype", "bit_length", "copy_", "detach", "dim", "double",
    "expand", "items",
    "keys", "numpy", "reshape", "t", "values",
}
METHODS = {
    "argpartition", "argsort", "choice", "dot", "exponential", "gamma", "laplace",
    "lognormal", "mean", "multivariate_normal", "normal", "partition", "permuted", "poisson",
    "random", "shuffle", "standard_exponential", "standard_gamma", "standard_normal", "std",
    "uniform", "var", "vonmises",
}
MATH = {
    "ceil", "comb", "copysign", "factorial", "floor", "fsum", "gcd", "isqrt", "lcm", "prod",
    "sqrt", "trunc",
}
MODULES = {
    "__future__", "collections", "collections.abc", "dataclasses", "decimal", "enum",
    "fractions", "functools", "hashlib", "io", "itertools", "math", "numpy", "re", "struct",
    "typing",
}
BUILTINS = {
    "__import__", "complex", "eval", "exec", "hash", "id", "pow",
}
# fmt: on


def unsafe_calls(paths: Iterable[Path], allow: Iterable[str] = ()) -> list[str]:
    """List what a pinned module must not do, as `file:line: what`.

    Args:
        paths: source files.
        allow: names let through (`np.interp`, `scipy`), each with a reason where it is given.

    Returns:
        Sentences in the order of files and lines; none where all is safe.
    """
    allowed = set(allow)
    found = []
    for path in paths:
        visitor = _Visitor(allowed)
        visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
        found += [f"{path.name}:{line}: {what}" for line, what in sorted(visitor.found)]
    return found


class _Visitor(ast.NodeVisitor):
    def __init__(self, allowed: set[str]):
        self.allowed, self.found, self.exact = allowed, set(), False
        self.torch = "torch" in allowed

    def say(self, node: ast.AST, name: str, why: str) -> None:
        if name not in self.allowed:
            self.found.add((node.lineno, f"{name} {why}"))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name.startswith("table_"):
            return
        before, self.exact = self.exact, False
        if node.name.startswith("exact_"):
            self.exact = any(
                (isinstance(inner, ast.Attribute) and inner.attr in {"kind", "issubdtype"})
                or (isinstance(inner, ast.Name) and inner.id == "assert_exact")
                for inner in ast.walk(node)
            )
            if not self.exact:
                self.say(node, node.name, "does not check that its operands are integers")
        self.generic_visit(node)
        self.exact = before

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._module(node, alias.name)
            if alias.name == "numpy" and alias.asname != "np":
                self.say(node, "import numpy", "must be `import numpy as np`")
            elif alias.name == "math" and alias.asname:
                self.say(node, "import math", "must keep its name")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        self._module(node, module)
        if module in ("numpy", "math"):
            self.say(node, f"from {module}", "hides what is called; import the module")

    def _module(self, node: ast.AST, module: str) -> None:
        if module not in MODULES and module.split(".")[0] != "respike":
            self.say(node, module, "is a module whose bits nobody promises")

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Pow):
            self.say(node, "**", "differs between processors; write x * x")
        self._matmul(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.op, ast.Pow):
            self.say(node, "**=", "differs between processors; write x * x")
        self._matmul(node)

    def _matmul(self, node: ast.BinOp | ast.AugAssign) -> None:
        if isinstance(node.op, ast.MatMult) and not self.exact:
            self.say(node, "@", "goes to BLAS for floats; put it in an exact_* function")
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        chain = _chain(node)
        if chain and chain[0] == "np":
            name = ".".join(chain[1:])
            if chain[1] in EXACT and not self.exact:
                self.say(node, f"np.{name}", "goes to BLAS; put it in an exact_* function")
            elif chain[1] not in EXACT and not _known(name):
                self.say(node, f"np.{name}", "is not known to be the same on every processor")
            return
        if chain and chain[0] == "torch":
            name = ".".join(chain[1:])
            if name in TORCH_EXACT and not self.exact:
                self.say(node, f"torch.{name}", "rounds; put it in an exact_* function")
            elif name not in TORCH | TORCH_EXACT:
                self.say(node, f"torch.{name}", "is not known to be the same everywhere")
            return
        if chain and chain[0] == "math" and chain[1] not in MATH:
            self.say(node, f"math.{chain[1]}", "is libc's, which differs")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        if isinstance(function, ast.Name) and function.id in BUILTINS:
            self.say(node, function.id, "differs or hides what is called")
        stable = any(
            word.arg == "kind" and getattr(word.value, "value", "") == "stable"
            for word in node.keywords
        )
        chain = _chain(function)
        if chain == ["np", "argsort"]:
            if not stable:
                self.say(node, "np.argsort", "needs kind='stable'")
            for inner in (*node.args, *(word.value for word in node.keywords)):
                self.visit(inner)
            return
        if isinstance(function, ast.Attribute) and chain[0] != "np":
            name = function.attr
            if name in METHODS and not (name == "argsort" and stable):
                self.say(node, f".{name}()", "is not the same on every processor")
            elif self.torch and chain[0] not in {"torch", "math"}:
                own = chain[0] == "self" and len(chain) == 2
                if not own and name not in TORCH_METHODS:
                    self.say(
                        node, f".{name}()", "may be a tensor's, whose bits nobody promises"
                    )
        self.generic_visit(node)


def _chain(node: ast.AST) -> list[str]:
    """Names of `np.random.Philox` as a list; empty where it begins with no name."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (
        [*([node.id] if isinstance(node, ast.Name) else [""]), *reversed(names)]
        if names
        else []
    )


def _known(name: str) -> bool:
    """Whether a dotted name is safe, or hangs on one (np.int64.dtype)."""
    parts = name.split(".")
    return any(".".join(parts[:n]) in NUMPY for n in range(1, len(parts) + 1))
