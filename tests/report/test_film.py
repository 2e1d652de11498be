"""The film: drawn and encoded where that is possible, missing in the open where it is not."""

import os
import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from respike.control import panda
from respike.report import film


def trajectory(frames=30):
    """An arm that turns, an object that rises, two episodes; synthetic."""
    t = np.linspace(0, 1, frames)
    qpos = np.tile(
        [0, -0.35, 0, -2.35, 0, 2.0, 0.785, 0.04, 0.04, 0.6, 0, 0.085, 1, 0, 0, 0], (frames, 1)
    )
    qpos[:, 0] = 0.5 * t
    qpos[:, 11] += 0.1 * np.sin(np.pi * t)
    point = np.stack([0.4 + 0.2 * t, 0 * t, 0.1 + 0.1 * t], axis=1)
    return {
        "qpos": qpos, "time_s": 0.04 * np.arange(frames),
        "item": np.repeat([5, 9], frames // 2),
        "decoded_m": point + 0.02, "used_m": point, "true_m": point - 0.01,
        "accepted": np.arange(frames) % 7 > 0, "state": np.zeros(frames, np.int8),
    }  # fmt: skip


@pytest.fixture(scope="module")
def made():
    """The film of a short trajectory; skips, saying why, where there is no OpenGL."""
    found = film.make(trajectory())
    if isinstance(found, film.Missing):
        pytest.skip(found.reason)
    return found


def test_the_mp4_is_h264_that_starts_before_it_is_whole(made):
    assert made.mp4[4:8] == b"ftyp"
    assert b"avc1" in made.mp4
    assert made.mp4.index(b"moov") < made.mp4.index(b"mdat")  # faststart
    assert len(made.mp4) < 300_000
    assert (made.width, made.height) == (640, 480)
    assert made.seconds == pytest.approx(30 / 25)


def test_the_small_picture_moves_and_the_poster_does_not(made):
    small, poster = Image.open(BytesIO(made.webp)), Image.open(BytesIO(made.poster))

    assert small.format == "WEBP"
    assert small.n_frames == 15
    assert small.size == (320, 240)
    assert poster.format == "JPEG"
    assert poster.size == (640, 480)


def test_the_caption_says_what_is_seen(made):
    assert made.caption.startswith("2 held-out trials in real time")
    assert "orange the decoded hand" in made.caption


def test_pictures_show_the_scene_and_change(made):
    pictures, backend = film._draw({k: trajectory()[k] for k in film.NEEDED})

    assert backend in film.BACKENDS
    assert pictures.shape == (30, 480, 640, 3)
    assert pictures[0].std() > 20  # no blank screen
    orange = (pictures[10].astype(int) - [242, 140, 26]) ** 2
    assert (orange.sum(axis=2) < 4000).sum() > 20  # the decoded hand is there
    assert np.abs(pictures[0].astype(int) - pictures[-1]).mean() > 1


def test_one_trajectory_gives_one_film_on_one_machine(made):
    again = film.make(trajectory())

    assert again.mp4 == made.mp4
    assert again.webp == made.webp


def test_the_poster_is_the_highest_moment_of_the_first_episode():
    given = trajectory()
    given["qpos"][20, 11] = 9.0  # of the second episode

    assert film._poster(given) == int(given["qpos"][:15, 11].argmax())


@pytest.mark.parametrize("cut", ["all", "qpos"])
def test_nothing_recorded_is_said(cut):
    given = {k: v[:0] for k, v in trajectory().items()}
    if cut == "qpos":
        del given["qpos"]

    found = film.make(given)

    assert isinstance(found, film.Missing)
    assert "no episode of the robot was recorded" in found.reason


def test_without_opengl_the_reason_names_the_packages(monkeypatch):
    monkeypatch.setattr(film, "BACKENDS", ("no-such-gl",))

    found = film.make(trajectory())

    assert isinstance(found, film.Missing)
    assert found.reason.startswith("no film: install libegl1 libegl-mesa0")
    assert "no-such-gl" in found.reason


@pytest.mark.parametrize(
    ("child", "said"),
    [
        ("import os; os.abort()", "ended by signal 6"),
        ("raise SystemExit('gl: no display')", "gl: no display"),
        ("print('{}')", "exit 0"),
        ("print('not json')", "exit 0"),
    ],
)
def test_an_opengl_that_aborts_or_talks_nonsense_takes_no_report_with_it(
    monkeypatch, tmp_path, child, said
):
    (tmp_path / "drawer.py").write_text(child)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(film, "DRAW", "drawer")

    found = film.make(trajectory())

    assert isinstance(found, film.Missing)
    assert said in found.reason


def test_a_child_that_hangs_is_ended(monkeypatch, tmp_path):
    (tmp_path / "drawer.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(film, "DRAW", "drawer")
    monkeypatch.setattr(film, "DRAW_S", 0.3)

    assert "drew for more than 0.3 s" in film.make(trajectory()).reason


def test_without_an_encoder_there_is_no_film(monkeypatch):
    monkeypatch.setattr(film, "_encoder", lambda: None)

    assert film.make(trajectory()).reason.startswith("no film: no H.264 encoder")


def test_an_encoder_that_fails_is_said(monkeypatch):
    monkeypatch.setattr(
        film, "_draw", lambda given: (np.zeros((2, 480, 640, 3), np.uint8), "egl")
    )
    monkeypatch.setattr(film, "_encoder", lambda: "/bin/false")

    assert "the encoder /bin/false failed" in film.make(trajectory()).reason


def test_the_report_itself_loads_no_opengl():
    code = "import sys, respike.report.film; print({'mujoco', 'OpenGL'} & set(sys.modules))"

    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=panda.XML.parents[2], env={**os.environ},
    )  # fmt: skip

    assert said.stdout.strip() == "set()"
