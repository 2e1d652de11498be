"""A small checkout with environments of its own, in which `respike envs` is run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.envs.conftest import ENVS
from tests.envs.wheels import entry, wheel

ROOT = ENVS.parent


class Checkout:
    """respike, envs/create.py, envs/lock.py, and whatever a test puts into envs/."""

    def __init__(self, root: Path):
        self.root, self.wheels = root, root / "wheels"
        for folder in (root / "envs", self.wheels):
            folder.mkdir(parents=True)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "respike", root / "respike", ignore=ignored)
        for name in ("create.py", "lock.py"):
            shutil.copy(ENVS / name, root / "envs")
        (root / "envs/cuda.lock").write_text("")
        self.lock("base", {})

    def lock(self, name: str, packages: dict[str, str]) -> None:
        """Write NAME.in and NAME.lock of tiny wheels: package -> version."""
        (self.root / f"envs/{name}.in").write_text("".join(f"{one}\n" for one in packages))
        entries = [
            entry(one, version, wheel(self.wheels, one, version))
            for one, version in packages.items()
        ]
        head = f"# Made for tests. CPython 3.11\n# {name}.in\n\n"
        (self.root / f"envs/{name}.lock").write_text(head + "".join(entries))

    def yaml(self, name: str, channel: str, *specs: str) -> None:
        """Write NAME.yaml."""
        rows = "".join(f"  - {spec}\n" for spec in specs)
        text = f"name: {name}\nchannels: ['{channel}']\ndependencies:\n{rows}"
        (self.root / f"envs/{name}.yaml").write_text(text)

    def pin(self, name: str) -> Path:
        return self.root / f"envs/{name}.linux-64.pin.txt"

    def environment(self) -> dict[str, str]:
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("PIP_", "CONDA"))}
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.wheels.as_uri()}
        pip |= {"PIP_CONFIG_FILE": "/dev/null"}
        return {**kept, **pip, "PYTHONPATH": str(self.root), "PYTHONNOUSERSITE": "1"}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", "respike", "envs", *words]

    def run(self, *words: str) -> subprocess.CompletedProcess:
        return self._run(self.command(*words))

    def start(self, *words: str) -> subprocess.Popen:
        return subprocess.Popen(
            self.command(*words),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def killed(
        self, where: str, *words: str, whom: str = "os.getpid()"
    ) -> subprocess.CompletedProcess:
        """Run a word and end it by SIGKILL where a function is called.

        Args:
            where: MODULE:NAME or MODULE:NAME:COUNT, the call that does not come back.
            words: of the command.
            whom: which process is killed there.
        """
        module, name, *count = where.split(":")
        owner = "import importlib, os, sys\n"
        owner += f"thing = importlib.import_module({module!r})\n"
        owner += f"*path, last = {name!r}.split('.')\n"
        owner += "for one in path: thing = getattr(thing, one)\n"
        owner += f"left, real = [{int(*count or [1])}], getattr(thing, last)\n"
        owner += "def stop(*given, **more):\n    left[0] -= 1\n"
        owner += "    return real(*given, **more) if left[0] else os.kill(WHOM, 9)\n"
        owner = owner.replace("WHOM", whom)
        owner += "setattr(thing, last, stop)\n"
        owner += "from respike.cli import main\n"
        owner += f"sys.exit(main({['envs', *words]!r}))\n"
        return self._run([sys.executable, "-P", "-c", owner])

    def _run(self, command: list[str]) -> subprocess.CompletedProcess:
        return subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, check=False
        )
