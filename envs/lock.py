"""Resolve envs/*.in into locks: `make lock`, `respike envs lock`.

base.in gives base.lock, cuda.lock and base.yaml; each other NAME.in gives NAME.lock, where a
package that base.lock has too stands in the same version.

The resolver is uv, taken into a temporary folder and run with every setting of pip and uv of
this machine off: what comes out depends on the .in files, on the locks before and on the public
index alone. It resolves for CPython 3.11 on Linux x86-64 and arm64 (glibc 2.28) and refuses two
versions of one package. The one thing looked for with pip as it is set up here is the CPU wheel
of torch, which PyTorch keeps on an index of its own.

Standard library only; Python 3.11 or newer.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
UV = "uv==0.13.9"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PYTHON = "3.11"
MACHINES = ("x86_64", "aarch64")
# Asked for by spikingjelly, not needed by the part of it that we use: torchvision and
# torchaudio (its data sets and model zoo; torchvision does not import beside a CPU torch),
# tensorboard (its monitor and learning modules), matplotlib and SciencePlots (its plots).
LEFT_OUT = ("matplotlib", "scienceplots", "tensorboard", "torchaudio", "torchvision")
CUDA = re.compile(r"^(nvidia-|cuda-|triton$)")


class Package(NamedTuple):
    """One locked package: its version and the sha256 of every file pip may take."""

    version: str
    hashes: tuple[str, ...]


class Refused(Exception):
    """A lock that cannot be made; the message is a sentence for the maintainer."""


def main(argv: list[str] | None = None) -> int:
    """Make the locks; 1 and a sentence where that cannot be."""
    cli = argparse.ArgumentParser(prog="make lock", description=__doc__.splitlines()[0])
    cli.add_argument("--upgrade", action="store_true", help="forget the versions locked before")
    keep = not cli.parse_args(argv).upgrade
    try:
        with tempfile.TemporaryDirectory() as scratch:
            lock(Path(scratch), keep)
    except Refused as refusal:
        print(f"lock: {refusal}", file=sys.stderr)
        return 1
    return 0


def lock(scratch: Path, keep: bool) -> None:
    """Make all locks, then write them: where one cannot be made, none is changed."""
    uv = bring_uv(scratch)
    before = {**read_lock(HERE / "base.lock"), **read_lock(HERE / "cuda.lock")} if keep else {}
    packages = resolve_all(uv, "base", before, scratch)
    torch = packages["torch"]
    cpu = cpu_wheel_hash(torch.version, scratch)
    packages["torch"] = Package(torch.version, tuple(sorted({*torch.hashes, cpu})))
    base = {name: what for name, what in packages.items() if not CUDA.match(name)}
    cuda = {name: what for name, what in packages.items() if CUDA.match(name)}
    texts = {
        "base.lock": render(base, "base", BASE_SAYS),
        "cuda.lock": render(cuda, "base", CUDA_SAYS),
        "base.yaml": render_conda(base),
    }
    for name in others():
        before = {**(read_lock(HERE / f"{name}.lock") if keep else {}), **packages}
        found = resolve_all(uv, name, before, scratch)
        texts[f"{name}.lock"] = render(beside(name, found, base, cuda), name, OTHER_SAYS)
    for name, text in texts.items():
        (HERE / name).write_text(text)
        print(f"lock: wrote envs/{name}, {len(text) / 1000:.0f} kB")
    print(f"lock: {len(base)} packages, and {len(cuda)} for the CUDA build of torch")


def others() -> list[str]:
    """Names of the environments beside base that have a pip side."""
    return sorted(path.stem for path in HERE.glob("*.in") if path.stem != "base")


def beside(
    name: str,
    found: dict[str, Package],
    base: dict[str, Package],
    cuda: dict[str, Package],
) -> dict[str, Package]:
    """What the lock of another environment holds.

    Args:
        name: of the environment.
        found: its resolution.
        base, cuda: the locks made before.

    Returns:
        Its packages; of those that only CUDA builds need, the ones its .in asks for.

    Raises:
        Refused: a package stands in another version than in base.lock or cuda.lock.
    """
    for package, what in found.items():
        there = base.get(package) or cuda.get(package)
        if there and there.version != what.version:
            raise Refused(
                f"{name}.in leads to {package} {what.version}, base.in to {there.version}; "
                f"the environments share their versions, so pin it alike"
            )
    asked = re.findall(r"^([A-Za-z0-9-]+)", (HERE / f"{name}.in").read_text(), re.M)
    kept = {p: what for p, what in found.items() if p in asked or not CUDA.match(p)}
    return {p: base.get(p) or cuda.get(p) or what for p, what in kept.items()}


def bring_uv(scratch: Path) -> Path:
    """Install the pinned resolver into the scratch folder."""
    install = ["install", "--quiet", "--target", str(scratch / "uv"), UV]
    run([sys.executable, "-m", "pip", *install], f"{UV} cannot be installed")
    return scratch / "uv" / "bin" / "uv"


def resolve_all(
    uv: Path, name: str, before: dict[str, Package], scratch: Path
) -> dict[str, Package]:
    """Resolve NAME.in for all machines; the versions that stood before are preferred."""
    pins = scratch / f"{name}.pins.txt"
    pins.write_text("".join(f"{p}=={was.version}\n" for p, was in before.items()))
    plain = ["--format", "requirements.txt", "--no-annotate"]
    resolve(uv, name, MACHINES[0], pins, plain)
    return merge(*[resolve_hashes(uv, name, machine, pins, scratch) for machine in MACHINES])


def resolve(uv: Path, name: str, machine: str, out: Path, options: list[str]) -> None:
    """Resolve NAME.in for one machine; versions that `out` already holds are preferred."""
    left_out = out.parent / "left-out.txt"
    left_out.write_text("\n".join(LEFT_OUT) + "\n")
    quiet = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
    command = [str(uv), "pip", "compile", "--quiet", "--no-config", "--python-version", PYTHON]
    command += ["--python-platform", f"{machine}-manylinux_2_28", "--excludes", str(left_out)]
    command += [*options, "--output-file", str(out), str(HERE / f"{name}.in")]
    run(command, f"{name}.in has no solution on {machine}", env=quiet)


def resolve_hashes(
    uv: Path, name: str, machine: str, pins: Path, scratch: Path
) -> dict[str, Package]:
    """Resolve with all versions pinned, and read the files that fit this machine."""
    out = scratch / f"pylock.{name}-{machine}.toml"
    resolve(uv, name, machine, out, ["--format", "pylock.toml", "--constraints", str(pins)])
    found = {}
    for entry in tomllib.loads(out.read_text())["packages"]:
        files = entry.get("wheels") or [entry["sdist"]]
        hashes = tuple(sorted(file["hashes"]["sha256"] for file in files))
        found[entry["name"]] = Package(entry["version"], hashes)
    return found


def merge(one: dict[str, Package], other: dict[str, Package]) -> dict[str, Package]:
    """Join the resolutions of two machines, which must name the same packages and versions.

    Raises:
        Refused: a package is missing on one of them, or stands in two versions.
    """
    for name in sorted(one.keys() ^ other.keys()):
        raise Refused(f"{name} is needed on one of {', '.join(MACHINES)} only; pin it apart")
    joined = {}
    for name in sorted(one):
        if one[name].version != other[name].version:
            raise Refused(f"{name} is {one[name].version} here, {other[name].version} there")
        hashes = {*one[name].hashes, *other[name].hashes}
        joined[name] = Package(one[name].version, tuple(sorted(hashes)))
    return joined


def cpu_wheel_hash(version: str, scratch: Path) -> str:
    """Take the sha256 of the x86-64 CPU wheel of torch from the file itself."""
    name = f"torch-{version}+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--platform", "manylinux_2_28_x86_64"]
    command += ["--python-version", PYTHON, "--implementation", "cp", "--abi", "cp311"]
    command += ["--extra-index-url", TORCH_CPU_INDEX, "--dest", str(scratch)]
    run([*command, f"torch=={version}+cpu"], f"pip finds no {name}")
    with (scratch / name).open("rb") as wheel:
        return hashlib.file_digest(wheel, "sha256").hexdigest()


def run(command: list[str], failure: str, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=env, text=True, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise Refused(f"{failure}:\n{done.stderr.strip()}")


BASE_SAYS = f"""\
# Made by `make lock` from base.in; never edited by hand. CPython {PYTHON}, Linux x86-64, arm64.
# torch has three files: PyTorch's own CPU wheel (x86-64) and the public wheels (x86-64, arm64),
# which need cuda.lock besides. Left out on purpose:
# {", ".join(LEFT_OUT)}.
"""
CUDA_SAYS = """\
# Made by `make lock` from base.in; never edited by hand. What the public wheels of torch need
# besides base.lock; envs/create.py installs it where pip took such a wheel.
"""
OTHER_SAYS = f"""\
# Made by `make lock` from the .in file named here; never edited by hand. CPython {PYTHON},
# Linux x86-64, arm64. What base.lock has too stands here in the same version. The public wheels
# of torch need cuda.lock besides.
"""


def render(packages: dict[str, Package], name: str, says: str) -> str:
    made_from = hashlib.sha256((HERE / f"{name}.in").read_bytes()).hexdigest()
    lines = [f"{says}# {name}.in sha256:{made_from}\n"]
    for name, (version, hashes) in packages.items():
        lines += ["\n", f"{name}=={version}"]
        lines += [f" \\\n    --hash=sha256:{value}" for value in hashes]
    return "".join(lines) + "\n"


def render_conda(packages: dict[str, Package]) -> str:
    lines = [
        "# Made by `make lock` from base.lock; never edited by hand.\n",
        "# Not tried by us (docs/known-bugs.md):\n",
        "# PIP_NO_DEPS=1 conda env create -f envs/base.yaml\n",
        "name: respike\nchannels: [conda-forge]\n",
        f"dependencies:\n  - python={PYTHON}\n  - pip\n  - pip:\n",
        f"      - --extra-index-url {TORCH_CPU_INDEX}\n",
    ]
    for name, (version, hashes) in packages.items():
        options = "".join(f"\n        --hash=sha256:{value}" for value in hashes)
        lines.append(f"      - {name}=={version}{options}\n")
    return "".join(lines)


def read_lock(path: Path) -> dict[str, Package]:
    """Read one of our lock files back; a file that is not there holds nothing."""
    text = path.read_text() if path.exists() else ""
    entries = re.findall(
        r"^([a-z0-9-]+)==(\S+)((?: \\\n +--hash=sha256:[0-9a-f]{64})+)$", text, re.M
    )
    return {
        name: Package(version, tuple(re.findall(r"sha256:([0-9a-f]{64})", hashes)))
        for name, version, hashes in entries
    }


if __name__ == "__main__":
    sys.exit(main())
