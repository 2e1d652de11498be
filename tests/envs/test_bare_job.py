"""The frame of the stages asks for the standard library and numpy alone.

The environment `kernels` has no YAML, no JSON Schema and nothing else of base.
"""

import subprocess
import sys

from tests.envs.conftest import ENVS

ASKED = """
import sys, sysconfig
allowed = sys.stdlib_module_names | {"numpy", "respike"}
class Gate:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in allowed:
            raise ModuleNotFoundError(f"No module named {name!r} in a pinned environment")
sys.meta_path.insert(0, Gate())
import respike.core.job, respike.core.records, respike.core.environment, respike.core.seeds
"""


def test_the_frame_of_a_stage_needs_numpy_and_the_standard_library_alone():
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=ENVS.parent,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
