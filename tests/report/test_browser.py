"""The page in headless Chromium, offline: nothing missing, nothing loaded, nothing too wide.

Each thing that is asserted is also broken on purpose: a check that finds no fault in a faulty
page is no check.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from respike.report import gather, page
from tests import browser
from tests.report import fake, test_cells

pytestmark = pytest.mark.browser


class Film:
    """A film of one second, made by the encoder at hand."""

    width, height, caption, webp = 160, 120, "FAKE film of nothing.", b""

    def __init__(self, mp4: bytes, poster: bytes):
        self.mp4, self.poster = mp4, poster


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Film:
    """A real H.264 film and its poster; skipped where no encoder is."""
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        encoder = get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        encoder = shutil.which("ffmpeg")
    if not encoder:
        pytest.skip("no film encoder (imageio-ffmpeg): the film on the page was not tried")
    folder = tmp_path_factory.mktemp("film")
    source = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=1"]
    for name, options in (
        ("film.mp4", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]),
        ("poster.jpg", ["-frames:v", "1"]),
    ):
        command = [encoder, "-v", "error", "-threads", "1", *source, *options, folder / name]
        subprocess.run(command, check=True, timeout=60)
    return Film((folder / "film.mp4").read_bytes(), (folder / "poster.jpg").read_bytes())


@pytest.fixture(scope="module")
def html(film) -> str:
    """A page of hostile text with a film and a grid."""
    found = fake.campaign(hostile=True).found(film={"fake-arm": film})
    found.about["fake-sparse"]["variants"] |= test_cells.about()["variants"]
    found.runs.extend(test_cells.accuracies())
    return page.render(gather.view(found))


@pytest.fixture(scope="module")
def opened():
    with browser.Browser(browser.chromium()) as one:
        yield one


@pytest.fixture
def put(tmp_path):
    """Write a page and give its path."""

    def write(text: str) -> Path:
        path = tmp_path / "report page.html"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_page_is_whole_and_silent_at_every_width_light_and_dark(opened, put, html):
    seen = browser.look(opened, put(html))

    assert seen.errors == []
    assert seen.requests == []
    assert seen.missing == []
    assert len(seen.overflow) == 6
    assert set(seen.overflow.values()) == {0}


def test_the_film_plays(opened, put, html):
    opened.open(put(html))

    played = opened.evaluate(
        "(async () => { const v = document.querySelector('video'); await v.play();"
        " await new Promise(r => setTimeout(r, 300));"
        " return [v.currentTime > 0, v.videoWidth]; })()"
    )

    assert played == [True, 160]


def test_a_claim_opens_by_the_keyboard(opened, put, html):
    opened.open(put(html))
    opened.size(1280)

    opened.evaluate("document.querySelector('.claim summary').focus()")
    opened.key("Enter")

    assert opened.evaluate("document.querySelector('.claim').open")


def test_a_link_to_a_claim_opens_it(opened, put, html):
    opened.open(put(html), "#fake-sparse--density-exact")

    assert opened.evaluate("document.getElementById('fake-sparse--density-exact').open")
    assert not opened.evaluate("document.getElementById('fake-fields--any-field').open")


def test_the_button_opens_all_details_and_closes_them(opened, put, html):
    opened.open(put(html))
    count = "document.querySelectorAll('details:not([open])').length"

    opened.evaluate("document.getElementById('open-all').click()")
    after_one = opened.evaluate(count)
    opened.evaluate("document.getElementById('open-all').click()")

    assert after_one == 0
    assert opened.evaluate(count) > 20


def test_on_paper_all_details_are_open_and_afterwards_as_before(opened, put, html):
    opened.open(put(html))
    opened.evaluate(
        "addEventListener('beforeprint', () => { window.printed ="
        " [...document.querySelectorAll('details')].every(d => d.open); })"
    )

    paper = opened.paper()

    assert paper.startswith(b"%PDF")
    assert opened.evaluate("window.printed")
    assert opened.evaluate("document.querySelectorAll('details[open]').length") == 0


def test_nothing_is_cut_off_on_paper_whatever_the_readers_colours(opened, put, html):
    opened.open(put(html))
    opened.size(690, "dark")  # A4 less its margins
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    opened.send("Emulation.setEmulatedMedia", media="print", features=[dark])
    opened.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")

    wide = opened.evaluate(browser.OVERFLOW)
    ground = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    opened.send("Emulation.setEmulatedMedia", media="", features=[])

    assert wide == 0
    assert ground == "rgb(255, 255, 255)"


def test_words_can_be_read_in_light_and_dark(opened, put, html):
    """Contrast of each verdict word with its ground: 4.5 to 1, as WCAG 2.2 asks of text."""
    opened.open(put(html))
    for scheme in ("light", "dark"):
        opened.size(1280, scheme)
        found = opened.evaluate(CONTRAST)
        assert len(found) == 4
        assert min(found.values()) >= 4.5, (scheme, found)


CONTRAST = """(() => {
  const light = (c) => {
    const [r, g, b] = c.match(/[0-9.]+/g).slice(0, 3).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const found = {};
  for (const e of document.querySelectorAll('.verdict')) {
    const s = getComputedStyle(e), [a, b] = [light(s.color), light(s.backgroundColor)];
    found[e.textContent] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); }
  return found; })()"""


# ---------------------------------------------------------------- the checks are checked


def broken(html: str, old: str, new: str) -> str:
    """The page with one thing changed."""
    assert old in html
    return html.replace(old, new, 1)


def test_a_page_that_is_not_there_is_caught(opened, tmp_path):
    with pytest.raises(FileNotFoundError, match="ERR_FILE_NOT_FOUND"):
        opened.open(tmp_path / "absent.html")


def test_a_picture_from_elsewhere_is_caught(opened, put, html):
    text = broken(html, "<main>", '<main><img src="http://example.org/a.png" alt="a">')

    seen = browser.look(opened, put(text), widths=(1280,), schemes=("light",))

    assert any("http://example.org/a.png" in error for error in seen.errors)
    assert seen.requests == ["http://example.org/a.png"]
    assert seen.missing == ["a"]


def test_one_changed_byte_of_the_script_is_caught(opened, put, html):
    text = broken(html, '"use strict";', '"use Strict";')

    seen = browser.look(opened, put(text), widths=(1280,), schemes=("light",))

    assert any("script" in error for error in seen.errors)


def test_a_style_attribute_is_caught(opened, put, html):
    text = broken(html, "<main>", '<main style="color: red">')

    seen = browser.look(opened, put(text), widths=(1280,), schemes=("light",))

    assert any("style" in error for error in seen.errors)


def test_a_second_script_is_caught(opened, put, html):
    text = broken(html, "</footer>", "</footer><script>document.title = 'x'</script>")

    seen = browser.look(opened, put(text), widths=(1280,), schemes=("light",))

    assert any("script" in error for error in seen.errors)


def test_a_table_that_is_too_wide_is_caught(opened, put, html):
    wide = f"<main><table><tr><td><pre>{'x' * 300}</pre></td></tr></table>"
    text = broken(html, "<main>", wide)

    seen = browser.look(opened, put(text), widths=(360, 1280), schemes=("light",))

    assert min(seen.overflow.values()) > 0


def test_a_broken_film_is_caught(opened, put, html):
    text = broken(html, "data:video/mp4;base64,", "data:video/mp4;base64,AAAA")

    seen = browser.look(opened, put(text), widths=(1280,), schemes=("light",))

    assert seen.missing == ["video"]


def test_a_broken_picture_inside_the_page_is_caught(opened, put, html):
    text = broken(html, "<main>", '<main><img src="data:image/png;base64,AAAA" alt="b">')

    seen = browser.look(opened, put(text), widths=(1280,), schemes=("light",))

    assert seen.missing == ["b"]


def test_a_broken_picture_inside_a_drawing_is_caught(opened, put, html):
    picture = '<image href="data:image/png;base64,AAAA" width="9" height="9"/>'
    text = broken(html, 'class="point"/>', f'class="point"/>{picture}')

    seen = browser.look(opened, put(text), widths=(1280,), schemes=("light",))

    assert seen.missing == ["picture of a drawing"]


def test_an_error_of_the_script_is_caught(opened, put, html):
    style, script = (
        html.split(f"<{kind}>")[1].split(f"</{kind}>")[0] for kind in ("style", "script")
    )
    worse = script + "\nnothing.at.all();"
    text = html.replace(script, worse).replace(
        page.policy(style, script), page.policy(style, worse)
    )

    seen = browser.look(opened, put(text), widths=(1280,), schemes=("light",))

    assert len(seen.errors) == 1


def test_a_browser_that_says_nothing_is_not_waited_for_without_end(opened, monkeypatch):
    monkeypatch.setattr(browser, "DEADLINE_S", 0.5)

    with pytest.raises((TimeoutError, browser.websocket.WebSocketTimeoutException)):
        opened.evaluate("new Promise(() => {})")


def test_the_browser_is_gone_after_a_failure():
    def fails() -> None:
        with browser.Browser(browser.chromium()) as one:
            started.append(one)
            raise KeyError("a failed check")

    started: list[browser.Browser] = []

    with pytest.raises(KeyError, match="a failed check"):
        fails()
    assert started[0].process.poll() is not None
    assert not started[0].folder.exists()
