"""What every test shares: one thread, no network, the real recordings where they are."""

import os
import socket
from pathlib import Path

import pytest

# before numpy and torch are imported: results are promised for one thread
for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of small real recordings beside the checkout; the test skips without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no recordings at ../shared/data; the project does not need them")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def _no_epoch():
    """No test hands its run's epoch on: a stage that inherited it would find itself fenced."""
    os.environ.pop("RESPIKE_EPOCH", None)
    yield
    os.environ.pop("RESPIKE_EPOCH", None)


@pytest.fixture(autouse=True)
def _no_network(request, monkeypatch):
    """Refuse connections to other machines, unless the test is marked `network`."""
    if request.node.get_closest_marker("network"):
        return
    connect = socket.socket.connect

    def guarded(self, address):
        here = self.family == socket.AF_UNIX or address[0] in ("localhost", "127.0.0.1", "::1")
        if not here:
            pytest.fail(f"this test reached for {address}; mark it `network` or serve it here")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
