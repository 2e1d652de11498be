"""Work of py-rattler in a process of its own.

Its threads outlive the call: with py-rattler 0.28.0 an interpreter that has used it may crash
while it ends (SIGABRT, SIGSEGV), also after an error that was told well. So a fork does the
work and leaves without ending the interpreter. It holds the lock of a folder with its parent,
and dies with it.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

from respike.core.errors import RespikeError
from respike.core.lock import die_with_parent


def call(work: Callable[[], Any]) -> Any:
    """Result of some work, which must be JSON.

    Raises:
        RespikeError: what the work raised, in its words, or that its process was killed.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        _leave(work, writes)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        data = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != 0:
        how = signal.Signals(-status).name if status < 0 else f"code {status}"
        raise RespikeError(f"py-rattler's process ended with {how}; the same command goes on")
    answer = json.loads(data)
    if "error" in answer:
        raise RespikeError(answer["error"])
    return answer["result"]


def _leave(work: Callable[[], Any], pipe: int) -> None:
    """Do the work, send what it gives, and end this process at once."""
    die_with_parent()
    try:
        answer = {"result": work()}
    except RespikeError as error:
        answer = {"error": str(error)}
    except KeyboardInterrupt:
        os._exit(signal.SIGINT + 128)
    except Exception as error:  # rattler's errors have no common class
        if not type(error).__module__.startswith(("exceptions", "rattler")):
            traceback.print_exc()  # ours: a bug keeps its traceback
        answer = {"error": " ".join(str(error).split())[:400]}
    data = memoryview(json.dumps(answer).encode())
    while data:
        data = data[os.write(pipe, data) :]
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
