"""recompute: the stored files judged again, and what is said where a verdict is not theirs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from respike.audit import recompute as module
from respike.audit.recompute import Claim, Difference, compared, differences, recompute
from respike.cli.audit import recompute as word
from respike.core import fingerprint, io, records
from respike.core.errors import ConfigError, DamagedFile, RespikeError
from tests.audit import finished
from tests.workflow import toy

PAGE = "results/desk/verdict.json"
STUDY = "results/desk/demo/judge/verdicts.json"
JUDGE = "results/desk/demo/judge/record.json"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A finished run in the current folder, of this test's own."""
    monkeypatch.chdir(tmp_path)
    return finished.copy(tmp_path)


def levels(result):
    return {claim.name: claim.level for claim in result.claims}


def edit(claim, **fields):
    """A change of one row of a document."""

    def change(document):
        for row in document.get("claims", document.get("verdicts", [])):
            if row["claim"] == claim:
                row.update(fields)

    return change


def ask(folder, *words):
    """Exit code of the word in this process."""
    import argparse

    parser = argparse.ArgumentParser()
    word.arguments(parser)
    return word.execute(parser.parse_args([str(folder), *words]))


# ------------------------------------------------------------------ a run as it was


def test_every_verdict_of_a_finished_run_comes_out_again(folder):
    found = recompute(folder, "desk")

    assert levels(found) == dict.fromkeys(["demo/lead", "demo/same", "demo/absent"], "equal")
    assert found.passed
    assert (found.code, found.libraries) == ({}, {})
    # verdict.json, verdicts.json, settings.json; 8 predictions, 4 metrics
    assert found.files == 15


def test_the_word_says_so_in_one_line_and_ends_with_0(folder, capsys):
    assert ask(folder) == 0

    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("budget desk: 3 claims judged again from 15 stored files in ")
    assert line.endswith(" s: 3 equal")


def test_the_command_judges_a_folder_again(folder):
    done = toy.respike(toy.ROOT, "audit", "recompute", str(folder))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(" s: 3 equal\n")


def test_files_that_judging_does_not_need_may_be_missing(folder, capsys):
    Path("data/digits/prepare/arrays.npz").unlink()
    Path("results/desk/demo/a/seed-0/simulate/trace.npz").unlink()

    assert ask(folder) == 0
    assert "2 files are missing that judging does not need" in capsys.readouterr().out


def test_the_claims_and_settings_are_those_of_the_folder_and_no_checkout(folder):
    assert not (toy.ROOT / "studies/demo.yaml").exists()
    assert not (folder / "studies").exists()

    assert recompute(folder, "desk").passed


def test_neither_torch_nor_a_job_is_started():
    code = (
        "import sys; from respike.audit import recompute, check; "
        "from respike.cli.audit import recompute as word; "
        "print([m for m in ('torch', 'mujoco', 'snakemake', 'dvc') if m in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=toy.ROOT, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")


# ------------------------------------------------------------------ a run that was edited


@pytest.mark.parametrize("consistent", [(PAGE,), (PAGE, STUDY)], ids=["page", "both"])
def test_a_verdict_that_was_edited_with_all_its_hashes_is_found(folder, consistent, capsys):
    for path in consistent:
        finished.forge(path, edit("lead", verdict="differs", measured=-40))

    assert ask(folder) == 3

    said = capsys.readouterr().out.splitlines()
    assert said[:3] == [
        "demo/lead",
        '    verdict: stored "differs", from the files "holds"',
        "    measured: stored -40, from the files 40.0",
    ]
    assert said[-2].startswith("why: not the code, numpy or scipy, which are what they were;")
    assert said[-1].endswith("s: 2 equal, 1 NOT what the stored files give")


def test_a_verdict_edited_in_its_study_alone_is_found(folder):
    finished.forge(STUDY, edit("same", reason="so it is"))

    found = recompute(folder, "desk")

    (claim,) = [c for c in found.claims if c.level == "differs"]
    assert claim.name == "demo/same"
    assert [d.field for d in claim.differences] == ["verdicts.json reason"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (edit("lead", interval=[39.0, 41.0]), "interval.0"),
        (edit("lead", evidence=[]), "evidence"),
        (edit("absent", reason="it rained"), "reason"),
        (edit("same", level="statistical"), "level"),
    ],
    ids=["interval", "evidence", "reason", "level"],
)
def test_any_edited_field_of_a_verdict_is_found(folder, change, field):
    finished.forge(PAGE, change)

    (claim,) = [c for c in recompute(folder, "desk").claims if c.level == "differs"]

    assert claim.differences[0].field == field


def test_a_claim_that_was_taken_from_the_page_is_found(folder, capsys):
    finished.forge(PAGE, lambda document: document["claims"].pop(0))

    assert ask(folder) == 3

    said = capsys.readouterr().out
    assert "    is given by the study and does not stand on the page\n" in said


def test_a_claim_that_was_put_on_the_page_is_found(folder, capsys):
    def change(document):
        document["claims"].append({**document["claims"][0], "claim": "invented"})

    finished.forge(PAGE, change)

    assert ask(folder) == 3
    assert "demo/invented\n    stands on the page, and no study gives it\n" in (
        capsys.readouterr().out
    )


def test_counts_that_were_edited_are_found(folder):
    def change(document):
        document["counts"]["analogue"]["holds"] = 3

    finished.forge(PAGE, change)

    (claim,) = [c for c in recompute(folder, "desk").claims if c.level == "differs"]
    assert claim.name == "the page's counts and family"
    assert claim.differences[0].field == "counts.analogue.holds"


def test_a_study_that_was_edited_but_not_in_its_judges_record_is_refused(folder):
    finished.forge("results/desk/demo/judge/settings.json", lambda s: s.update(seeds=3))

    with pytest.raises(DamagedFile, match=r"settings\.json is not the study that .* was told"):
        recompute(folder, "desk")


def test_a_record_laid_in_the_place_of_another_is_refused(folder):
    record = records.load(JUDGE)
    record["settings"]["study"] = "other"
    finished.seal(JUDGE, record)

    with pytest.raises(DamagedFile, match="is the record of another job than its path says"):
        recompute(folder, "desk")


def test_an_input_outside_the_folder_is_refused_before_it_is_opened(folder):
    record = records.load(JUDGE)
    record["inputs"]["records"][0]["path"] = "../elsewhere/record.json"
    finished.seal(JUDGE, record)

    sentence = r"^\.\./elsewhere/record\.json is not where the record of a job stands$"
    with pytest.raises(DamagedFile, match=sentence):
        recompute(folder, "desk")


def test_claims_that_no_schema_allows_are_refused_in_a_sentence(folder):
    record = records.load(JUDGE)
    record["settings"]["resolved"]["claims"][0]["test"]["kind"] = "sure"
    finished.seal(JUDGE, record)
    finished.forge(
        "results/desk/demo/judge/settings.json",
        lambda study: study["claims"][0]["test"].update(kind="sure"),
    )

    with pytest.raises(ConfigError, match=r"claims.*kind"):
        recompute(folder, "desk")


def test_a_page_without_the_form_of_one_is_refused_in_a_sentence(folder):
    finished.forge(PAGE, lambda document: document.pop("family"))

    with pytest.raises(DamagedFile, match=r"^results/desk/verdict\.json is no document of ver"):
        recompute(folder, "desk")


def test_verdicts_without_their_form_are_refused_in_a_sentence(folder):
    finished.forge(STUDY, lambda document: document["verdicts"][0].pop("claim"))

    sentence = r"verdicts\.json has not the form that respike writes: KeyError: 'claim'$"
    with pytest.raises(DamagedFile, match=sentence):
        recompute(folder, "desk")


def test_predictions_that_lack_an_array_are_refused_in_a_sentence(folder):
    path = Path("results/desk/demo/a/seed-0/simulate/predictions.npz")
    value = io.parse(path.name, path.read_bytes())
    value.pop("label")
    path.write_bytes(io.dump(path.name, value))
    finished.agree(str(path), value)

    with pytest.raises(RespikeError, match=r"metric accuracy: .* holds no array 'label'"):
        recompute(folder, "desk")


def test_a_judge_that_was_not_told_enough_is_refused_in_a_sentence(folder):
    record = records.load(JUDGE)
    record["settings"].pop("seeds")
    finished.seal(JUDGE, record)

    sentence = "what is stored of demo has not the form that respike writes: KeyError: 'seeds'"
    with pytest.raises(DamagedFile, match=f"^{sentence}$"):
        recompute(folder, "desk")


def test_nothing_is_judged_where_a_file_is_not_what_its_record_says(folder, capsys):
    Path("results/desk/demo/b/seed-2/simulate/predictions.npz").write_bytes(b"x")

    assert ask(folder) == 3

    said = capsys.readouterr()
    assert said.out == ""
    assert "seed-2/simulate/predictions.npz" in said.err
    assert said.err.endswith(
        "nothing was judged again; `respike audit verify` names them all\n"
    )


def test_a_missing_file_that_is_needed_is_named(folder, capsys):
    Path("results/desk/demo/b/seed-2/simulate/predictions.npz").unlink()

    assert ask(folder) == 3

    said = capsys.readouterr()
    assert said.out == ""
    assert "demo/b/seed-2/simulate/predictions.npz (made by simulate of demo/b seed 2) " in (
        said.err
    )


def test_a_folder_without_a_finished_run_is_a_sentence(tmp_path):
    with pytest.raises(ConfigError):
        ask(tmp_path)


# ------------------------------------------------------------------ why


def test_other_code_is_named_by_its_modules(folder, monkeypatch, capsys):
    finished.forge(PAGE, edit("lead", measured=41.0))
    now = fingerprint.digests
    monkeypatch.setattr(module.fingerprint, "fingerprint", lambda *modules: "0" * 64)
    monkeypatch.setattr(
        module.fingerprint,
        "digests",
        lambda *modules: {**now(*modules), "respike.claims.paired": "1" * 64},
    )

    assert ask(folder) == 3

    said = capsys.readouterr().out
    assert (
        "why: judge of demo ran with other code than is here: respike.claims.paired\n" in said
    )


def test_modules_that_code_json_does_not_hold_are_not_guessed(folder, capsys):
    record = records.load(JUDGE)
    record["code"] = "0" * 64
    finished.seal(JUDGE, record)
    finished.forge(PAGE, edit("lead", measured=41.0))

    assert ask(folder) == 3

    assert (
        "why: judge of demo ran with other code than is here: which modules is not known, "
        "code.json does not say\n"
    ) in capsys.readouterr().out


def test_a_row_of_code_json_that_does_not_make_its_fingerprint_is_not_believed(folder):
    record = records.load(JUDGE)
    before = record["code"]
    record["code"] = "0" * 64
    finished.seal(JUDGE, record)
    finished.forge(
        "results/desk/code.json",
        lambda value: value["code"].update({"0" * 64: value["code"][before]}),
    )

    assert recompute(folder, "desk").code == {"judge of demo": []}


def test_other_code_of_the_page_is_named_as_the_pages(folder):
    record = records.load("results/desk/record.json")
    record["code"] = "0" * 64
    finished.seal("results/desk/record.json", record)

    assert recompute(folder, "desk").code == {"the page": []}


def test_other_libraries_are_named(folder, monkeypatch, capsys):
    finished.forge(PAGE, edit("lead", measured=41.0))
    here = module.metadata.version("numpy")
    monkeypatch.setattr(
        module.metadata, "version", lambda name: "9.9" if name == "numpy" else "1"
    )

    ask(folder)

    assert f"why: numpy was {here} and is 9.9 here\n" in capsys.readouterr().out


# ------------------------------------------------------------------ differences


def test_fields_that_matter_most_come_first():
    found = differences(
        {"detail": {"p": 1}, "evidence": [], "verdict": "holds", "interval": [1.0, 2.0]},
        {"detail": {"p": 2}, "evidence": [1], "verdict": "differs", "interval": [1.0, 3.0]},
    )

    assert [d.field for d in found] == ["verdict", "interval.1", "evidence", "detail.p"]


@pytest.mark.parametrize(
    ("stored", "again", "rounding"),
    [
        (1.0, 1.0 + 1e-12, True),
        (1.0, 1.0 + 1e-6, False),
        (0.0, 1e-12, False),
        (True, 1, False),
        (1, 1.0, True),
        ("1", 1, False),
        (None, 0.0, False),
    ],
)
def test_only_the_last_digits_of_a_number_are_rounding(stored, again, rounding):
    assert differences({"x": stored}, {"x": again}) == [
        Difference("x", stored, again, rounding)
    ]


def test_lists_of_unlike_length_differ_as_a_whole():
    assert differences({"x": [1]}, {"x": [1, 2]}) == [Difference("x", [1], [1, 2], False)]


def test_a_claim_that_differs_by_rounding_alone_passes_and_says_so():
    rows = [{"study": "s", "claim": c, "measured": 1.0} for c in "ab"]
    again = [{**rows[0], "measured": 1.0 + 1e-12}, rows[1]]
    found = compared({"claims": rows}, {"claims": again}, {}, {})
    result = module.Result("desk", found, 3, {}, {})

    said = word.lines(result, 0, 0.5)

    assert [claim.level for claim in found] == ["equal but for rounding", "equal"]
    assert result.passed
    assert said[-1].endswith("in 0.5 s: 1 equal, 1 equal but for rounding")


def test_many_differences_are_cut_and_counted():
    many = [Difference(f"f{i}", i, -i, False) for i in range(1, 7)]
    claims = [Claim(f"s/c{i}", many) for i in range(14)]

    said = word.lines(module.Result("desk", claims, 3, {}, {}), 0, 0.5)

    assert said.count("    and 2 more fields") == 12
    assert "and 2 more; --json names all" in said
    assert said[-1].endswith(": 0 equal, 14 NOT what the stored files give")


def test_text_of_a_stranger_is_printed_as_what_it_is():
    claim = Claim("s/\x1b[2J", [Difference("reason", "\u202eabc", "x" * 200, False)])

    said = word.lines(module.Result("desk", [claim], 3, {}, {}), 0, 0.5)

    assert said[0] == r"s/\x1b[2J"
    assert r'"\u202eabc"' in said[1]
    assert said[1].endswith("x...")


def test_json_gives_every_field(folder, capsys):
    finished.forge(PAGE, edit("lead", measured=41.0))

    assert ask(folder, "--json") == 3

    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["budget"]) == ("respike-recompute/1", "desk")
    assert (found["passed"], found["files"], found["missing"]) == (False, 15, 0)
    assert [c["level"] for c in found["claims"]] == ["differs", "equal", "equal"]
    assert found["claims"][0]["differences"] == [
        {"field": "measured", "stored": 41.0, "again": 40.0}
    ]
