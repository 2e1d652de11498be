"""Headless Chromium over its DevTools socket, with the network off: what a page really does.

No browser is downloaded: a Chromium on the PATH is used, or the test is skipped with a line.
Every receive has a deadline, and the browser started here is ended by its process id.
"""

import base64
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEADLINE_S = 60
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
# Pictures and films that did not load; neither shows up as an error on the console.
MISSING = """(async () => [
  ...[...document.images].filter(i => !i.complete || !i.naturalWidth)
    .map(i => i.alt || 'image'),
  ...[...document.querySelectorAll('video')].filter(v => v.error || v.readyState < 2)
    .map(v => 'video'),
  ...(await Promise.all([...document.querySelectorAll('svg image')].map(async (i) => {
    const copy = new Image(); copy.src = i.getAttribute('href');
    return copy.decode().then(() => null, () => 'picture of a drawing'); })))
    .filter(Boolean)])()"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SETTLE = """Promise.all([...document.querySelectorAll('video')].map(v => {
  if (v.readyState >= 2 || v.error) return null;
  v.preload = 'auto'; v.load();
  return new Promise(done => {
    v.onloadeddata = v.onerror = done; setTimeout(done, 5000); }); }))"""


def chromium() -> str:
    """Path of a Chromium, else the calling test is skipped."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.skip("no Chromium on the PATH: the page was not opened (Debian: chromium)")
    return found


@dataclass
class Seen:
    """What happened while a page was open."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    overflow: dict[tuple[int, str], int] = field(default_factory=dict)


class Browser:
    """One headless Chromium with one tab, offline; a context manager."""

    def __init__(self, program: str):
        self.folder = Path(tempfile.mkdtemp(prefix="page-"))
        flags = [*FLAGS, f"--user-data-dir={self.folder}", "about:blank"]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            [program, *flags], stdout=quiet, stderr=quiet, start_new_session=True
        )
        self.events: list[dict] = []
        self.numbers = itertools.count(1)
        self.socket = None

    def __enter__(self) -> "Browser":
        try:
            self._connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser by its process id, and remove its folder."""
        if self.socket:
            self.socket.close()
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # a group of its own, started here
        self.process.wait(timeout=DEADLINE_S)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _connect(self) -> None:
        port_file = self.folder / "DevToolsActivePort"
        end = time.monotonic() + DEADLINE_S
        while not (port_file.exists() and port_file.read_text().count("\n")):
            if self.process.poll() is not None or time.monotonic() > end:
                message = "Chromium opened no DevTools port"
                raise TimeoutError(message)
            time.sleep(0.05)
        port, path = port_file.read_text().split("\n")[:2]
        address = f"ws://127.0.0.1:{port}{path}"
        self.socket = websocket.create_connection(address, timeout=DEADLINE_S)
        pages = self.send("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in pages if t["type"] == "page")
        attach = self.send("Target.attachToTarget", targetId=page, flatten=True)
        self.session = attach["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        cut = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self.send("Network.emulateNetworkConditions", **cut)

    def send(self, method: str, **params: object) -> dict:
        """Call a DevTools method and wait for its answer; events on the way are kept."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params}
        if hasattr(self, "session"):
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        return self._receive(lambda got: got.get("id") == number).get("result", {})

    def _receive(self, wanted) -> dict:
        end = time.monotonic() + DEADLINE_S
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            got = json.loads(self.socket.recv())
            if "error" in got and wanted(got):
                raise RuntimeError(str(got["error"]))
            if "method" in got:
                self.events.append(got)
            if wanted(got):
                return got
        message = f"the browser said nothing for {DEADLINE_S} s"
        raise TimeoutError(message)

    def evaluate(self, script: str) -> object:
        """Value of a JavaScript expression on the page; a promise is awaited."""
        answer = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def size(
        self, width: int, scheme: str = "light", height: int = 900, scale: int = 1
    ) -> None:
        """Set the window's width and the reader's colour scheme."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=False,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.send("Emulation.setEmulatedMedia", features=[feature])

    def open(self, page: Path, fragment: str = "") -> None:
        """Load a file and wait until it and its films are there."""
        self.events.clear()
        went = self.send("Page.navigate", url=page.resolve().as_uri() + fragment)
        if went.get("errorText"):
            raise FileNotFoundError(f"{page}: {went['errorText']}")
        if not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self._receive(lambda got: got.get("method") == "Page.loadEventFired")
        self.evaluate(SETTLE)

    def key(self, name: str) -> None:
        """Press one key."""
        code = {"Enter": 13, "Tab": 9}[name]
        text = {"text": "\r"} if name == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name,
                windowsVirtualKeyCode=code, **(text if kind == "keyDown" else {}),
            )  # fmt: skip

    def picture(self) -> bytes:
        """The whole page as the bytes of a PNG file."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.send("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])

    def paper(self) -> bytes:
        """The page as it prints, as the bytes of a PDF file."""
        printed = self.send("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        return base64.b64decode(printed["data"])

    def errors(self) -> list[str]:
        """Exceptions, console errors and warnings, and refusals of the content policy."""
        found = []
        for event in self.events:
            kind, said = event["method"], event["params"]
            if kind == "Runtime.exceptionThrown":
                found.append(str(said["exceptionDetails"].get("text")))
            elif kind == "Runtime.consoleAPICalled":
                if said["type"] in {"error", "warning", "assert"}:
                    found.append(str(said["args"]))
            elif kind == "Log.entryAdded" and said["entry"]["level"] in {"error", "warning"}:
                found.append(said["entry"]["text"])
        return found

    def requests(self, page: Path) -> list[str]:
        """Addresses asked for, other than the page itself and what it carries inside."""
        asked = [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]
        own = page.resolve().as_uri()
        inside = ("data:", "blob:")
        return [url for url in asked if url.split("#")[0] != own and not url.startswith(inside)]


def look(
    browser: Browser,
    page: Path,
    widths: tuple[int, ...] = (360, 1280, 1920),
    schemes: tuple[str, ...] = ("light", "dark"),
) -> Seen:
    """Open a page at each width and colour scheme, all details open, and note what is wrong."""
    seen = Seen()
    browser.open(page)
    for width, scheme in itertools.product(widths, schemes):
        browser.size(width, scheme)
        for opened in (False, True):
            wish = "true" if opened else "false"
            browser.evaluate(
                f"document.querySelectorAll('details').forEach(d => d.open = {wish})"
            )
            wide = browser.evaluate(OVERFLOW)
            seen.overflow[width, scheme] = max(seen.overflow.get((width, scheme), 0), wide)
    seen.missing = browser.evaluate(MISSING)
    seen.errors = browser.errors()
    seen.requests = browser.requests(page)
    return seen
