"""The page as text: its policy, what hostile text can do, what a reader must find."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import jinja2
import pytest

from respike.core.errors import RespikeError
from respike.report import gather, head, page
from tests.report import fake


@pytest.fixture(scope="module")
def html() -> str:
    return page.render(gather.view(fake.campaign().found()))


@pytest.fixture(scope="module")
def hostile() -> str:
    return page.render(gather.view(fake.campaign(hostile=True).found()))


class Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_policy_names_the_hashes_of_this_style_and_this_script(html):
    for kind in ("style", "script"):
        (text,) = re.findall(rf"<{kind}>(.*?)</{kind}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in html


def test_nothing_may_be_loaded_but_data(html):
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)

    assert policy.startswith("default-src 'none'; img-src data:; media-src data:; ")
    assert "unsafe" not in policy
    for tag, attributes in Elements(html).found:
        for name in ("src", "href", "poster"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:")), (tag, value)


def test_no_element_carries_a_style_or_a_handler(html):
    for tag, attributes in Elements(html).found:
        assert not [n for n in attributes if n == "style" or n.startswith("on")], tag


def test_hostile_text_adds_no_element_and_no_attribute(html, hostile):
    tame = [(tag, sorted(attributes)) for tag, attributes in Elements(html).found]
    wild = [(tag, sorted(attributes)) for tag, attributes in Elements(hostile).found]

    assert len(hostile) > len(html) + 1000  # it did come through
    assert wild == tame


def test_hostile_direction_marks_are_written_out(hostile):
    assert "\u202e" not in hostile
    assert "\u2066" not in hostile
    assert "&lt;U+202E&gt;evil" in hostile


def test_what_stands_in_the_script_and_style_is_ours_alone(html, hostile):
    for kind in ("style", "script"):
        found = [
            re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL) for text in (html, hostile)
        ]
        assert found[0] == found[1]


def test_the_same_values_give_the_same_page():
    first, second = (page.render(gather.view(fake.campaign().found())) for _ in range(2))

    assert first == second


def test_a_name_that_the_view_lacks_is_an_error():
    view = gather.view(fake.campaign().found())
    del view["studies"][0]["title"]

    with pytest.raises(jinja2.UndefinedError, match="title"):
        page.render(view)


def test_a_page_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(page, "LARGEST", 10_000)

    with pytest.raises(RespikeError, match=r"report.html would be .* kB, more than 10 kB"):
        page.render(gather.view(fake.campaign().found()))


def test_a_link_inside_the_page_leads_somewhere(html):
    elements = Elements(html).found
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    links = {a["href"] for t, a in elements if t == "a"}

    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_the_papers_own_claims_come_before_ours(html):
    assert html.index('id="fake-fields--any-field"') < html.index('id="analogue"')
    assert html.index('id="analogue"') < html.index('id="fake-sparse--density-exact"')


def claim(html: str, anchor: str) -> str:
    """The text of one claim, from its row to the next."""
    return html.split(f'<details class="claim" id="{anchor}">')[1].split(
        '<details class="claim"'
    )[0]


def test_behind_a_claim_stands_which_host_and_which_job_of_slurm_made_each_file():
    campaign = fake.campaign()
    record = "results/desk/fake-sparse/evolved/seed-0/train/record.json"
    (run,) = [run for run in campaign.runs if run.path == record]
    run.record["evidence"] |= {"host": "node7", "slurm_job_id": "4711"}

    html = page.render(gather.view(campaign.found()))

    cells = re.findall(r"predictions\.npz</th>.*?</tr>", html, re.DOTALL)
    assert any("node7, Slurm job 4711" in cell for cell in cells)


def test_a_claim_that_was_not_run_shows_its_reason_and_no_interval(html):
    row = claim(html, "fake-sparse--loss-at-ten-percent")

    assert "this budget runs fake-digits" in row.split("</summary>")[0]
    assert "<svg" not in row
    assert "We measured" not in row
    assert "Interval" not in row


def test_an_unverified_number_of_a_paper_is_marked(html):
    assert 'class="unverified"' in claim(html, "fake-fields--one-neuron-is-enough")
    assert 'class="unverified"' not in claim(html, "fake-fields--any-field")


def test_another_confidence_than_ninety_percent_is_said_beside_the_number(html):
    assert "94 %: 0.19 to 0.23" in claim(html, "fake-fields--one-neuron-is-enough")
    assert "90 %" not in claim(html, "fake-sparse--fewer-operations").split("</summary>")[0]
    assert "a 90 % interval" in claim(html, "fake-sparse--fewer-operations")


def test_synthetic_data_are_marked_in_the_head_and_at_each_claim(html):
    assert "SYNTHETIC data" in html.split("</header>")[0]
    assert 'class="kind synthetic"' in claim(html, "fake-arm--eeg-adds")
    assert 'class="kind synthetic"' not in claim(html, "fake-sparse--density-exact")


def test_a_verdict_that_the_number_of_claims_changed_says_both(html):
    row = claim(html, "fake-arm--copilot-holds")

    assert "inconclusive" in row.split("</summary>")[0]
    assert "holds on its own; undecided among all claims of this page" in row


def test_the_film_or_the_reason_for_none_is_on_the_page(html):
    class Film:
        mp4, poster, webp = b"film", b"poster", b""
        width, height, caption = 320, 240, "FAKE film of an arm."

    shown = page.render(gather.view(fake.campaign().found(film={"fake-arm": Film()})))

    assert "no film: this is a test" in html
    assert "<video" not in html
    (video,) = [a for t, a in Elements(shown).found if t == "video"]
    assert video["src"] == "data:video/mp4;base64,ZmlsbQ=="
    assert {"controls", "muted", "playsinline"} <= set(video)
    assert video["preload"] == "metadata"
    assert video["poster"].startswith("data:image/jpeg;base64,")
    assert "autoplay" not in video


def test_the_head_counts_both_scopes_apart_and_study_by_study(html):
    head = re.sub(r"<[^>]*>", " ", html.split("</header>")[0])
    head = " ".join(head.split())

    assert "Of the papers’ own claims (3), 1 holds , 1 differs and 1 was not run ." in head
    assert "Of our claims on other data (6), 4 hold and 2 are inconclusive ." in head
    assert "robot arm arXiv:2603.27492v1, FAKE – 1 holds and 1 is inconclusive" in head


def test_the_smoke_budget_says_that_it_decides_nothing():
    assert head.notices([], "desk") == []
    assert "decide nothing" in head.notices([], "smoke")[0]


def test_claims_that_were_not_run_are_listed_with_their_reason(html):
    closing = html.split('id="not-run"')[1].split("</section>")[0]

    assert "fake-sparse/loss-at-ten-percent" in closing
    assert "this budget runs fake-digits" in closing
    assert "the package that ships the recording cannot be had" in closing
