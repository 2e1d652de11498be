"""Why a job would run again or its result differs, on jobs written by hand."""

import pytest

from respike.audit import explain as module
from respike.audit.explain import Cause, Found, explain, lines, summary
from respike.audit.standing import Job, Now, Row

TRAIN = "results/desk/toy/a/seed-{}/train/record.json"
FIRST = TRAIN.format(0)
MODEL = "results/desk/toy/a/seed-0/train/model.safetensors"
DATA = "data/digits/prepare/arrays.npz"
PREPARE = "results/data/digits/prepare/record.json"
JUDGE = "results/desk/toy/judge/record.json"
NUMERICS = {
    "cpu_vendor": "A", "threads": 1, "cpu_flags": ["avx"],
    "versions": {"numpy": "2.4", "torch": None}, "variables": {"OMP_NUM_THREADS": "1"},
}  # fmt: skip
SETTINGS = {"stage": "train", "train": {"epochs": 2}}
MODULES = {"respike.a": "1" * 64, "respike.b": "2" * 64}


def row(path=DATA, **changes):
    """One input that is what it was."""
    same = {"read": "d" * 64, "read_key": "k" * 64, "said": "d" * 64}
    return Row(**{"path": path, **same, "said_key": "k" * 64, "here": "d" * 64, **changes})


def job(path=FIRST, *, read=None, made=None, now=None, record=None, **changes):
    """A job that is as it was, but for what is given."""
    read = (row(),) if read is None else tuple(read)
    told = {"settings": SETTINGS, "inputs": (DATA,), "code": "c" * 64, "modules": MODULES}
    told |= {"env": "base:" + "e" * 64}
    kept = {
        "settings": SETTINGS, "code": "c" * 64, "env": "base:" + "e" * 64,
        "numerics": NUMERICS, "inputs": {"data": [{"path": r.path} for r in read]},
    }  # fmt: skip
    return Job(
        **{
            "path": path,
            "record": {**kept, **(record or {})},
            "trouble": None,
            "made": {MODEL: ("f" * 64, "f" * 64)} if made is None else made,
            "read": read,
            "now": now if isinstance(now, str) else Now(**{**told, **(now or {})}),
            "parents": (PREPARE,),
            **changes,
        }
    )


def causes(one, known=None, numerics=NUMERICS):
    """Of one job: (kind, what, before, now, runs) and what is said."""
    (found,) = explain({one.path: one}, known or {}, numerics)
    return [tuple(cause)[:5] for cause in found.causes], [c.says for c in found.causes]


# ------------------------------------------------------------------ one job


def test_a_package_that_was_not_the_pinned_one_is_a_cause_that_no_run_acts_on():
    row = {"package": "scipy", "found": "1.17.0", "pinned": "1.16.0"}

    found, says = causes(job(record={"environment": {"differs": [row]}}))

    assert found == [("environment", "scipy", "1.17.0", "1.16.0", False)]
    assert says == ["not as pinned when it ran: scipy is 1.17.0, pinned is 1.16.0"]


def test_a_job_that_is_as_it_was_has_no_cause():
    assert causes(job()) == ([], [])


def test_a_job_that_was_never_made():
    never = job(record=None)._replace(
        record=None, trouble="is missing", made={MODEL: (None, None)}
    )

    assert causes(never) == (
        [("record", TRAIN.format(0), None, None, True)],
        ["never made here"],
    )


def test_files_without_a_record_are_not_known():
    lost = job()._replace(record=None, trouble="is missing", made={MODEL: (None, "f" * 64)})

    found, says = causes(lost)

    assert found == [("record", TRAIN.format(0), None, None, True)]
    assert says == [f"{TRAIN.format(0)} is missing, so that what lies beside it is not known"]


def test_an_edited_record_does_not_run_by_itself():
    edited = job()._replace(record=None, trouble="was edited", made={})

    found, says = causes(edited)

    assert found == [("record", TRAIN.format(0), None, None, False)]
    assert says == [f"{TRAIN.format(0)} was edited; remove it to remake"]


def test_a_changed_and_a_missing_file_are_named():
    made = {
        MODEL: ("f" * 64, "0" * 64),
        "x/curve.csv": ("a" * 64, None),
        "x/new.json": (None, "b" * 64),
        "x/gone.json": (None, None),
    }

    found, says = causes(job(made=made))

    assert found == [
        ("file", MODEL, "f" * 64, "0" * 64, False),
        ("file", "x/curve.csv", "a" * 64, None, False),
        ("file", "x/gone.json", None, None, False),
    ]
    assert says == [
        f"{MODEL} changed since it was written: ffffffffffff -> 000000000000",
        "x/curve.csv is missing",
        "x/gone.json is missing",
    ]


def test_an_input_that_was_made_anew_runs_its_reader():
    found, says = causes(job(read=[row(here="9" * 64, said="9" * 64)]))

    assert found == [("input", DATA, "d" * 64, "9" * 64, True)]
    assert says == [
        f"{DATA} of prepare of digits is not what it read: dddddddddddd -> 999999999999, which "
        "was made anew"
    ]


def test_an_input_that_nobody_recorded_is_named_with_its_producer():
    found, says = causes(job(read=[row(here="9" * 64)]))

    assert found == [("input", DATA, "d" * 64, "9" * 64, False)]
    assert says[0].endswith("dddddddddddd -> 999999999999, which nobody recorded")


def test_an_input_that_is_missing_is_named():
    found, says = causes(job(read=[row(here=None)]))

    assert found == [("input", DATA, "d" * 64, None, False)]
    assert says == [f"{DATA} of prepare of digits is not what it read: dddddddddddd -> missing"]


def test_an_input_of_the_same_bytes_and_another_key_is_named():
    found, says = causes(job(read=[row(said_key="9" * 64)]))

    assert found == [("input", DATA, "k" * 64, "9" * 64, False)]
    assert says == [
        f"{DATA} has the same bytes, but prepare of digits has run again with another key: "
        "kkkkkkkkkkkk -> 999999999999"
    ]


def test_an_input_whose_producer_has_no_record_is_taken_by_its_bytes():
    assert causes(job(read=[row(said=None, said_key=None)])) == ([], [])


def test_inputs_that_came_and_went_are_named():
    found, says = causes(job(now={"inputs": (MODEL,)}))

    assert found == [("input", MODEL, None, MODEL, True), ("input", DATA, DATA, None, True)]
    assert says == [
        f"reads {MODEL} of train of toy/a seed 0 as well",
        f"no longer reads {DATA} of prepare of digits",
    ]


def test_a_neighbour_of_an_input_needs_no_declaration():
    beside = {"inputs": {"data": [{"path": DATA}], "beside": [{"path": MODEL}]}}

    assert causes(job(read=[row(), row(MODEL)], record=beside)) == ([], [])


def test_a_job_of_no_study_here_is_said_to_be_one():
    found, says = causes(job(now="no study named 'toy'. Known: none."))

    assert found == [("setting", "study", None, None, False)]
    assert says == ["it would not run: no study named 'toy'. Known: none."]


def test_another_lock_is_named_with_both_hashes():
    found, says = causes(job(now={"env": "base:" + "0" * 64}))

    assert found == [("environment", "lock", "base:" + "e" * 64, "base:" + "0" * 64, True)]
    assert says == ["lock of base eeeeeeeeeeee -> base 000000000000"]


def test_packages_and_the_fields_of_the_numerics_class_are_named_and_run_nothing():
    here = {
        **NUMERICS,
        "threads": 2,
        "cpu_flags": ["avx", "avx2"],
        "versions": {"numpy": "2.5", "torch": None, "scipy": "1"},
        "variables": {"MKL_CBWR": "AVX2"},
    }

    found, says = causes(job(), numerics=here)

    assert found == [
        ("environment", "numpy", "2.4", "2.5", False),
        ("environment", "scipy", None, "1", False),
        ("numerics", "cpu_flags", ["avx"], ["avx", "avx2"], False),
        ("numerics", "threads", 1, 2, False),
        ("numerics", "MKL_CBWR", None, "AVX2", False),
        ("numerics", "OMP_NUM_THREADS", "1", None, False),
    ]
    assert says[0] == "numpy 2.4 when it ran, 2.5 here"
    assert says[2] == 'cpu_flags ["avx"] when it ran, ["avx", "avx2"] here'
    assert says[4] == "MKL_CBWR none when it ran, AVX2 here"


# ------------------------------------------------------------------ code


def test_modules_that_changed_came_and_went_are_named():
    known = {"c" * 64: {"respike.a": "0" * 64, "respike.b": "2" * 64, "respike.old": "3" * 64}}
    now = {"code": "9" * 64, "modules": {**MODULES, "respike.new": "4" * 64}}

    found, says = causes(job(now=now), known)

    assert found == [
        ("code", "respike.a", "0" * 64, "1" * 64, True),
        ("code", "respike.new", None, "4" * 64, True),
        ("code", "respike.old", "3" * 64, None, True),
    ]
    assert says == ["respike.a", "respike.new (new)", "respike.old (gone)"]


def test_modules_are_not_guessed_where_code_json_does_not_hold_them():
    found, says = causes(job(now={"code": "9" * 64}), {"8" * 64: {}})

    assert found == [("code", "", "c" * 64, "9" * 64, True)]
    assert says == [
        "fingerprint cccccccccccc -> 999999999999; which modules is not known: no code.json "
        "holds the one before"
    ]


# ------------------------------------------------------------------ settings


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("a.b", "1 -> 2")]),
        ({"a": 1}, {"a": 1, "b": "x"}, [("b", "new, x")]),
        ({"a": 1, "b": None}, {"a": 1}, [("b", "none -> gone")]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [("a.1", "2 -> 3")]),
        ({"a": [1]}, {"a": [1, 3]}, [("a", "[1] -> [1, 3]")]),
        ({"a": 1}, {"a": 1.0}, [("a", "1 -> 1.0")]),
        ({"a": True}, {"a": 1}, [("a", "true -> 1")]),
        ({"a": "x" * 70}, {"a": "y"}, [("a", "x" * 57 + "... -> y")]),
        ({"a": "x" * 60}, {"a": "y"}, [("a", "x" * 60 + " -> y")]),
        ({"a": []}, {"a": []}, []),
        ({"a": []}, {"a": [{"id": "n"}]}, [("a.n", 'new, {"id": "n"}')]),
        ({"a": [1]}, {"a": [{"id": "n"}]}, [("a.0", '1 -> {"id": "n"}')]),
    ],
)
def test_settings_differ_by_key_path(before, now, found):
    causes = list(module.settings(before, now))

    assert [(c.what, c.says.removeprefix(f"{c.what}: ")) for c in causes] == found
    assert all(c.kind == "setting" and c.runs for c in causes)


def test_claims_are_compared_by_their_ids():
    before = {"claims": [{"id": "a", "n": 1}, {"id": "b", "n": 1}]}
    now = {"claims": [{"id": "new"}, {"id": "b", "n": 2}, {"id": "a", "n": 1}]}

    found = [(c.what, c.before, c.now) for c in module.settings(before, now)]

    assert found == [("claims.b.n", 1, 2), ("claims.new", None, {"id": "new"})]


# ------------------------------------------------------------------ several jobs


def test_what_runs_before_a_job_runs_the_job():
    standing = {
        PREPARE: job(PREPARE, now={"env": "base:" + "0" * 64}),
        TRAIN.format(0): job(),
        JUDGE: job(JUDGE, parents=(TRAIN.format(0), TRAIN.format(1))),
    }

    found = explain(standing, {}, NUMERICS)

    assert [one.record for one in found] == [PREPARE, TRAIN.format(0), JUDGE]
    assert [one.follows for one in found] == [[], [PREPARE], [TRAIN.format(0)]]
    assert [one.runs for one in found] == [True, True, True]
    assert lines(found) == [
        "environment lock of base eeeeeeeeeeee -> base 000000000000",
        "              prepare of digits",
        "follows     train of toy/a seed 0; judge of toy",
    ]
    assert summary(found) == "3 of 3 jobs would run again"


def test_what_is_damaged_before_a_job_does_not_run_it():
    standing = {
        PREPARE: job(PREPARE, made={DATA: ("d" * 64, "0" * 64)}),
        TRAIN.format(0): job(),
    }

    found = explain(standing, {}, NUMERICS)

    assert [one.runs for one in found] == [False, False]
    assert summary(found) == "1 of 2 jobs not as recorded, or not as on this machine"


def cause(what="x", says="x", kind="setting", before=1, now=2, runs=True):
    return Cause(kind, what, before, now, runs, says)


def test_both_counts_stand_in_the_summary():
    found = [
        Found(TRAIN.format(0), [cause()], []),
        Found(TRAIN.format(1), [cause(kind="file", runs=False)], []),
        Found(TRAIN.format(2), [], []),
    ]

    assert summary(found) == (
        "1 of 3 jobs would run again; 1 more not as recorded, or not as on this machine"
    )


def test_one_job_that_is_as_it_was_is_one_job():
    assert summary([Found(JUDGE, [], [])]) == ("would not run: everything is as it was (1 job)")


def test_a_cause_of_several_jobs_is_said_once_and_two_causes_of_one_job_together():
    both = [cause(says="first"), cause(says="second")]
    found = [Found(TRAIN.format(seed), both, []) for seed in (0, 1)]

    assert lines(found) == [
        "setting     first",
        "            second",
        "              train of toy/a seeds 0, 1",
    ]


def test_modules_of_one_set_of_jobs_stand_in_one_line():
    both = [cause(kind="code", says="respike.a"), cause(kind="code", says="respike.b")]

    assert lines([Found(JUDGE, both, [])])[0] == "code        respike.a, respike.b"


def test_a_change_that_a_judge_repeats_is_said_once_only_where_the_judge_follows():
    train = Found(TRAIN.format(0), [cause("train.epochs", "train.epochs: 1 -> 2")], [])
    longer = cause("resolved.variants.a.train.epochs", "the same, longer")
    other = cause("resolved.train.epochs", "another value", now=3)

    after = lines([train, Found(JUDGE, [longer], [TRAIN.format(0)])])
    alone = lines([train, Found(JUDGE, [longer], [])])
    unlike = lines([train, Found(JUDGE, [other], [TRAIN.format(0)])])

    assert after[-1] == "follows     judge of toy"
    assert "setting     the same, longer" in alone
    assert "setting     another value" in unlike


def test_more_than_three_causes_of_one_kind_are_counted():
    many = [cause(says=f"cause {i}") for i in range(5)]

    assert lines([Found(JUDGE, many, [])]) == [
        "setting     cause 0",
        "            cause 1",
        "            cause 2",
        "            and 2 more; --json names all",
        "              judge of toy",
    ]
    assert "cause 2" in lines([Found(JUDGE, many[:3], [])])[2]


def variants(count):
    """One job of each of some variants, all with one cause."""
    return [
        Found(TRAIN.replace("/a/", f"/v{i}/").format(0), [cause()], []) for i in range(count)
    ]


def test_many_jobs_are_cut_and_counted():
    assert lines([*variants(8), Found(JUDGE, [], [])])[1].endswith(
        "train of toy/v5 seed 0; and 2 more"
    )
    assert lines([*variants(6), Found(JUDGE, [], [])])[1].endswith("train of toy/v5 seed 0")


def test_a_cause_of_every_job_says_all():
    assert lines(variants(8))[1] == "              all 8 jobs"
    assert (
        lines(variants(2))[1] == "              train of toy/v0 seed 0; train of toy/v1 seed 0"
    )


def test_text_of_a_stranger_is_printed_plain():
    assert lines([Found(JUDGE, [cause(says="\x1b[2J")], [])])[0] == r"setting     \x1b[2J"


def test_json_holds_every_job_and_cause():
    found = [Found(TRAIN.format(0), [cause()], []), Found(JUDGE, [], [TRAIN.format(0)])]

    assert module.document(found) == [
        {
            "record": TRAIN.format(0),
            "job": "train of toy/a seed 0",
            "runs": True,
            "follows": [],
            "causes": [cause()._asdict()],
        },
        {"record": JUDGE, "job": "judge of toy", "runs": True, "follows": [TRAIN.format(0)],
         "causes": []},
    ]  # fmt: skip
