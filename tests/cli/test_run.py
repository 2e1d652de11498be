"""`run` in this process, with Snakemake's part played: how it ends, what it forgets."""

import json
import os
import signal
from types import SimpleNamespace

import pytest

from respike.cli import common, main, memory, progress
from respike.core import lock, records


@pytest.fixture
def played(tmp_path, monkeypatch):
    """Let Snakemake end with a code; what it was given stands in the list."""

    def replace(code=0, done=0, sets=(), act=lambda: None, page=True):
        put(tmp_path, "results/desk/verdict.json", {"claims": []})

        def call(argv, logger, name):
            found.append(argv)
            progress.LogHandler.done = done
            act()
            return code

        found = []
        monkeypatch.setattr(memory, "incomplete", lambda config, root: {})
        config = SimpleNamespace(
            budget="desk", asked=["toy"], page=page, targets=lambda budget: [],
            sets=[SimpleNamespace(text=text) for text in sets],
            run_records=lambda study, budget, scratch: [
                f"results/{budget}/{study}/scratch-dense/seed-0/train/record.json"
            ],
        )  # fmt: skip
        monkeypatch.setattr(common, "call_snakemake", call)
        monkeypatch.setattr(common, "configuration", lambda given: config)
        return found

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(lock.EPOCH, raising=False)
    before = signal.getsignal(signal.SIGINT)
    yield replace
    signal.signal(signal.SIGINT, before)
    lock.release(tmp_path)
    os.environ.pop(lock.EPOCH, None)


def said(capsys, folder, *words):
    code = main(["run", "--directory", str(folder), *words])
    return code, capsys.readouterr().err.splitlines()


def put(folder, path, value):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    made = records.dump(value) if "schema" in value else json.dumps(value).encode()
    (folder / path).write_bytes(made)


def test_a_run_ends_with_its_verdicts_and_the_page(played, tmp_path, capsys):
    row = {"study": "toy", "claim": "a", "verdict": "holds", "detail": {}}
    rows = [
        row,
        {**row, "verdict": "differs", "detail": {"uncorrected": "differs"}},
        {**row, "claim": "b", "verdict": "inconclusive", "detail": {"uncorrected": "holds"}},
    ]
    asked = played()
    put(tmp_path, "results/desk/verdict.json", {"claims": rows})

    assert said(capsys, tmp_path, "--cores", "3", "--", "--keep-going") == (
        0,
        [
            "toy/b is inconclusive: the page corrects for its many claims, alone it holds",
            "3 claims: 1 differs, 1 holds, 1 inconclusive",
            f"the page: {tmp_path}/results/desk/report.html",
        ],
    )
    assert asked[0][-3:] == ["--cores", "3", "--keep-going"]


@pytest.mark.parametrize("words", [["toy"], []])
def test_without_a_page_the_judges_verdicts_are_counted(words, played, tmp_path, capsys):
    """A study by name leaves the page out, and so does config.yaml with `page: false`."""
    rows = [{"verdict": "holds"}, {"verdict": "differs"}, {"verdict": "holds"}]
    put(tmp_path, "results/desk/toy/judge/verdicts.json", {"verdicts": rows})
    played(page=False)

    assert said(capsys, tmp_path, *words)[1] == [
        "3 claims: 1 differs, 2 holds",
        "the page was left as it is: `respike run` without a study makes it",
    ]


def test_a_scratch_run_ends_with_its_numbers(played, tmp_path, capsys):
    folder = "results/desk/toy/scratch-dense/seed-0/train"
    put(tmp_path, f"{folder}/metrics.json", {"accuracy": 0.5, "epochs": 3, "name": "x"})
    played(sets=["toy.dense.train.epochs=3"])

    assert said(capsys, tmp_path)[1] == [
        f'{folder}: {{"accuracy": 0.5, "epochs": 3}}',
        "a scratch variant is never judged against the paper",
    ]


@pytest.mark.parametrize(
    ("done", "where"), [(2, "after 2 jobs"), (0, "before the first job ended")]
)
def test_ctrl_c_says_how_far_it_came(done, where, played, tmp_path, capsys):
    played(code=130, done=done)

    assert said(capsys, tmp_path) == (
        130,
        [f"stopped at your word {where}; the same command goes on from here"],
    )


def test_a_failed_run_says_no_more_than_its_failures(played, tmp_path, capsys):
    played(code=1)

    assert said(capsys, tmp_path) == (1, [])


def test_the_lock_is_held_while_snakemake_runs_and_free_after(played, tmp_path, capsys):
    seen = []
    played(act=lambda: seen.extend([str(tmp_path) in lock._held, lock.generation(tmp_path)]))

    said(capsys, tmp_path)

    assert seen[0] is True
    assert seen[1] == os.environ[lock.EPOCH]
    assert str(tmp_path) not in lock._held
    assert "ended" in lock.owner(tmp_path)


def test_the_lock_is_free_after_a_bug_too(played, tmp_path):
    def bug():
        raise ZeroDivisionError

    played(act=bug)

    with pytest.raises(ZeroDivisionError):
        main(["run", "--directory", str(tmp_path)])
    assert str(tmp_path) not in lock._held


@pytest.mark.parametrize("cores", ["0", "-1"])
def test_a_run_needs_a_core(cores, capsys):
    assert main(["run", "--cores", cores]) == 2
    assert capsys.readouterr().err == (
        f"respike run: --cores is {cores}; it must be at least 1\n"
    )


def test_retry_forgets_what_could_not_be_had_and_nothing_else(played, tmp_path, capsys):
    def record(name, **changes):
        path = f"results/data/{name}/fetch/record.json"
        put(tmp_path, path, {"schema": records.SCHEMA, "status": "done", **changes})
        return tmp_path / path

    good = record("good")
    absent = record("absent", status="not run")
    foreign = record("foreign", schema="x")
    prepared = tmp_path / "results/data/absent/prepare/record.json"
    put(tmp_path, prepared, {"schema": records.SCHEMA, "status": "not run"})
    played()

    code, lines = said(capsys, tmp_path, "--retry")

    assert code == 0
    assert "trying again: absent" in lines
    assert "trying again: foreign" in lines
    assert any("is no respike-record/2" in line for line in lines)
    assert [p.exists() for p in (good, absent, foreign, prepared)] == [True, False, False, True]


def test_a_job_that_lacks_a_file_is_done_again(played, tmp_path, monkeypatch, capsys):
    path = "results/desk/toy/dense/seed-0/train/record.json"
    put(tmp_path, path, {"schema": records.SCHEMA, "status": "done"})
    played()
    gone = {tmp_path / path: "results/desk/toy/dense/seed-0/train/trace.npz"}
    monkeypatch.setattr(memory, "incomplete", lambda config, root: gone)

    _, lines = said(capsys, tmp_path)

    assert f"{gone[tmp_path / path]} is gone; made anew: train of toy/dense seed 0" in lines
    assert not (tmp_path / path).exists()


def test_without_retry_nothing_is_forgotten(played, tmp_path, capsys):
    path = "results/data/absent/fetch/record.json"
    put(tmp_path, path, {"schema": records.SCHEMA, "status": "not run"})
    played()

    said(capsys, tmp_path)

    assert (tmp_path / path).exists()
