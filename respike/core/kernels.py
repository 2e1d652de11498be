"""The kernels that stage bench_kernels measures: a folder of respike/kernels each."""

from functools import cache

from respike.core.errors import ConfigError, did_you_mean
from respike.core.parts import PACKAGE

FOLDER = PACKAGE / "kernels"


@cache
def names() -> tuple[str, ...]:
    """Names of all kernels, without importing any."""
    found = sorted(file.parent.name for file in FOLDER.glob("*/__init__.py"))
    return tuple(name.replace("_", "-") for name in found)


def modules(name: str) -> tuple[str, ...]:
    """Dotted names of all modules of a kernel: its backends are imported by name.

    Raises:
        ConfigError: no such kernel.
    """
    if name not in names():
        raise ConfigError(
            f"no kernel named '{name}'.{did_you_mean(name, names())} "
            f"Known: {', '.join(names())}. A new one is a folder of respike/kernels/."
        )
    folder = FOLDER / name.replace("-", "_")
    package = f"respike.kernels.{folder.name}"
    found = sorted(file.stem for file in folder.glob("*.py"))
    return tuple(package if stem == "__init__" else f"{package}.{stem}" for stem in found)
