"""The benchmark of the checker runs and prints its ratio, which people judge."""

import json
import subprocess
import sys

from tests.workflow import toy


def test_it_times_the_checker_beside_sha256sum():
    done = subprocess.run(
        [sys.executable, ".ci/audit_speed.py", "--mb", "5", "--no-dvc"],
        cwd=toy.ROOT, env=toy.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["mb"] == 5
    assert said["seconds"].keys() == {"check.py", "sha256sum -c"}
    assert "1.00 of sha256sum  sha256sum -c" in done.stdout
