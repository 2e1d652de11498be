"""The film of recorded episodes: H.264, a poster, and a small animated picture for a README.

Evidence, never compared: pictures depend on the OpenGL at hand, bytes on the encoder. Where
either is missing the page says so in one sentence. Drawing runs in a child process, so that an
OpenGL that aborts takes no report with it; egl is asked first, then osmesa.
"""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from respike.core import io as artifacts

DRAW = "respike.control.render"
RATE_HZ = 25  # trajectories are recorded every 40 ms
BACKENDS = ("egl", "osmesa")
AGAIN = "then run `respike run -- --forcerun report`"
HELP = f"install libegl1 libegl-mesa0 libgl1-mesa-dri (Debian), or libosmesa6, {AGAIN}"
DRAW_S, ENCODE_S = 180, 120
SMALL_WIDTH, SMALL_EVERY = 320, 2  # the animated picture: 12.5 pictures a second
CRF = "26"
NEEDED = ("qpos", "item", "time_s", "decoded_m", "used_m", "true_m", "accepted")


class Film(NamedTuple):
    """One film.

    Attributes:
        mp4: H.264, plays in every browser.
        poster: JPEG of one frame.
        webp: animated, 320 pixels wide.
        width, height: of the mp4 [pixels].
        seconds: its length.
        caption: what is to be seen.
        backend: OpenGL that drew it.
    """

    mp4: bytes
    poster: bytes
    webp: bytes
    width: int
    height: int
    seconds: float
    caption: str
    backend: str


class Missing(NamedTuple):
    """No film, and why: one sentence that says what helps."""

    reason: str


def make(trajectory: dict[str, np.ndarray]) -> Film | Missing:
    """Draw and encode a trajectory.

    Args:
        trajectory: arrays of a control job's trajectory.npz.

    Returns:
        The film, or why there is none; no fault of OpenGL or encoder is raised.
    """
    if any(name not in trajectory for name in NEEDED) or not len(trajectory["qpos"]):
        return Missing("no film: no episode of the robot was recorded (control.record is 0)")
    encoder = _encoder()
    if encoder is None:
        return Missing(f"no film: no H.264 encoder; install imageio-ffmpeg, or ffmpeg, {AGAIN}")
    kept = {name: trajectory[name] for name in NEEDED}
    pictures, backend = _draw(kept)
    if pictures is None:
        return Missing(f"no film: {HELP} ({backend})")
    mp4 = _encode(encoder, pictures)
    if mp4 is None:
        return Missing(f"no film: the encoder {encoder} failed; reinstall imageio-ffmpeg")
    height, width = pictures.shape[1:3]
    return Film(
        mp4,
        _jpeg(pictures[_poster(trajectory)]),
        _webp(pictures[::SMALL_EVERY]),
        width,
        height,
        len(pictures) / RATE_HZ,
        _caption(trajectory),
        backend,
    )


def _caption(trajectory: dict[str, Any]) -> str:
    episodes = len(np.unique(trajectory["item"]))
    return (
        f"{episodes} held-out trial{'s' if episodes > 1 else ''} in real time: orange the "
        f"decoded hand (red where rejected), green where the arm is sent, black the true hand."
    )


def _poster(trajectory: dict[str, Any]) -> int:
    """The frame in which the object of the first episode is highest."""
    first = np.flatnonzero(trajectory["item"] == trajectory["item"][0])
    return int(trajectory["qpos"][first, 11].argmax())


# ------------------------------------------------------------------ drawing


def _draw(trajectory: dict[str, np.ndarray]) -> tuple[np.ndarray | None, str]:
    """Pictures uint8 [F, H, W, 3] and the OpenGL that drew them; None and what was said."""
    given = artifacts.dump("trajectory.npz", trajectory)
    said = []
    for backend in BACKENDS:
        found, why = _child(given, backend)
        if found is not None:
            return found, backend
        said.append(f"{backend}: {why}")
    return None, "; ".join(said)


def _child(data: bytes, backend: str) -> tuple[np.ndarray | None, str]:
    root = Path(__file__).resolve().parents[2]
    env = {**os.environ, "MUJOCO_GL": backend, "PYOPENGL_PLATFORM": backend}
    env["PYTHONPATH"] = os.pathsep.join(p for p in (str(root), env.get("PYTHONPATH")) if p)
    env["LP_NUM_THREADS"] = "1"  # Mesa's software renderer, one thread like every job
    try:
        done = subprocess.run(
            [sys.executable, "-m", DRAW],
            input=data, capture_output=True, env=env, timeout=DRAW_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, f"drew for more than {DRAW_S} s"
    head, _, rest = done.stdout.partition(b"\n")
    try:
        about = json.loads(head)
        shape = about["frames"], about["height"], about["width"], 3
        return np.frombuffer(rest, np.uint8).reshape(shape), ""
    except (ValueError, KeyError, TypeError):
        return None, _last_line(done)


def _last_line(done: subprocess.CompletedProcess) -> str:
    if done.returncode < 0:
        return f"ended by signal {-done.returncode}"
    lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:120] if lines else f"exit {done.returncode}"


# ------------------------------------------------------------------ encoding


def _encoder() -> str | None:
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return None


def _encode(encoder: str, pictures: np.ndarray) -> bytes | None:
    """H.264 in mp4, one thread, no dates; fragments are avoided by a file of our own folder."""
    import tempfile

    height, width = pictures.shape[1:3]
    with tempfile.TemporaryDirectory(prefix="respike-film-") as folder:
        target = Path(folder) / "film.mp4"
        command = [
            encoder, "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24",
            "-s", f"{width}x{height}", "-r", str(RATE_HZ), "-i", "pipe:0", "-an",
            "-c:v", "libx264", "-crf", CRF, "-pix_fmt", "yuv420p", "-threads", "1",
            "-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1",
            "-movflags", "+faststart", "-y", str(target),
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, input=np.ascontiguousarray(pictures).tobytes(), capture_output=True,
                timeout=ENCODE_S, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode or not target.exists():
            return None
        return target.read_bytes()


def _jpeg(picture: np.ndarray) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _webp(pictures: np.ndarray) -> bytes:
    from PIL import Image

    height, width = pictures.shape[1:3]
    size = SMALL_WIDTH, round(height * SMALL_WIDTH / width)
    small = [Image.fromarray(p).resize(size, Image.Resampling.BOX) for p in pictures]
    buffer = io.BytesIO()
    small[0].save(
        buffer, "WEBP", save_all=True, append_images=small[1:], loop=0, quality=60, method=2,
        duration=round(1000 * SMALL_EVERY / RATE_HZ),
    )  # fmt: skip
    return buffer.getvalue()
