"""A web server on this machine that answers as servers do on bad days."""

import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import numpy as np

DATA = np.random.Generator(np.random.Philox(key=1)).bytes(400_000)
OTHER = np.random.Generator(np.random.Philox(key=2)).bytes(400_000)
Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Gives the n-th request of a path the n-th of its answers; the last one repeats."""

    protocol_version = "HTTP/1.1"
    answers: ClassVar[dict[str, list[Answer]]]
    seen: ClassVar[list[tuple[str, dict[str, str]]]]

    def do_GET(self):
        before = sum(path == self.path for path, _ in self.seen)
        self.seen.append((self.path, dict(self.headers)))
        answers = self.answers[self.path]
        self.close_connection = True
        answers[min(before, len(answers) - 1)](self)

    def head(self, status: int = 200, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *args):
        pass


class Server:
    """Use as a context; `seen` holds path and headers of each request."""

    def __init__(self, **answers: Answer | list[Answer]):
        listed = {f"/{k}": v if isinstance(v, list) else [v] for k, v in answers.items()}
        self.seen: list[tuple[str, dict[str, str]]] = []
        handler = type("OwnHandler", (Handler,), {"answers": listed, "seen": self.seen})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *args: None  # a client that hung up is no news
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))

    def __enter__(self) -> "Server":
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/{name}"

    def ranges(self) -> list[str | None]:
        """What range each request asked for."""
        return [headers.get("Range") for _, headers in self.seen]


def good(data: bytes = DATA, etag: str = '"a"', resumable: bool = True) -> Answer:
    """The whole file, or the part asked for if If-Range names this very file."""

    def answer(handler: Handler) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        same = handler.headers.get("If-Range", etag) == etag
        if wanted and resumable and same:
            start = int(wanted[1])
            span = f"bytes {start}-{len(data) - 1}/{len(data)}"
            handler.head(206, len(data) - start, ETag=etag, Content_Range=span)
            handler.wfile.write(data[start:])
        else:
            handler.head(200, len(data), ETag=etag)
            handler.wfile.write(data)

    return answer


def cut(data: bytes = DATA, upto: float = 0.5, etag: str = '"a"', claim: bool = True) -> Answer:
    """Announces the whole file and hangs up in the middle."""

    def answer(handler: Handler) -> None:
        handler.head(200, len(data) if claim else None, ETag=etag)
        handler.wfile.write(data[: int(len(data) * upto)])

    return answer


def plain(status: int, body: bytes = b"", **headers: str) -> Answer:
    """A status with a short body."""

    def answer(handler: Handler) -> None:
        handler.head(status, len(body), **headers)
        handler.wfile.write(body)

    return answer


def dripping(data: bytes = DATA, piece: int = 4000, pause_s: float = 0.02) -> Answer:
    """The whole file, a little at a time."""

    def answer(handler: Handler) -> None:
        handler.head(200, len(data), ETag='"a"')
        for start in range(0, len(data), piece):
            handler.wfile.write(data[start : start + piece])
            handler.wfile.flush()
            time.sleep(pause_s)

    return answer


def endless(handler: Handler) -> None:
    """More than the file, without a length."""
    handler.head(200)
    handler.wfile.write(DATA + DATA)


def stuck(handler: Handler) -> None:
    """A beginning, then nothing."""
    handler.head(200, len(DATA))
    handler.wfile.write(DATA[:1000])
    handler.wfile.flush()
    time.sleep(1)


def page(handler: Handler) -> None:
    """A page that says, with status 200, that the file is not there."""
    body = b"<html>sorry</html>"
    handler.head(200, len(body), Content_Type="text/html; charset=utf-8")
    handler.wfile.write(body)
