"""The crate: rocrate reads it back, and it says of the run what the records say."""

import datetime
import json
import mimetypes
from pathlib import PurePosixPath

import pytest
from rocrate.rocrate import ROCrate

from respike.audit import crate
from respike.core.errors import RespikeError

CRATE = "ro-crate-metadata.json"
COMPLETED = "http://schema.org/CompletedActionStatus"
FAILED = "http://schema.org/FailedActionStatus"


@pytest.fixture(scope="module")
def read(small_bundle):
    """The crate as rocrate reads it."""
    return ROCrate(str(small_bundle.folder))


@pytest.fixture(scope="module")
def listed(small_bundle):
    lines = (small_bundle.folder / "SHA256SUMS").read_text().splitlines()
    return {line[66:]: line[:64] for line in lines}


@pytest.fixture(scope="module")
def records(small_bundle):
    """Path -> record, of every job of the bundle."""
    folder = small_bundle.folder
    return {
        path.relative_to(folder).as_posix(): json.loads(path.read_text())
        for path in folder.glob("results/**/record.json")
    }


def job(read, path):
    return read.get(f"#job/{PurePosixPath(path).parent}")


def ids(things):
    things = things if isinstance(things, list) else [things]
    return {thing if isinstance(thing, str) else thing.id for thing in things}


# ---------------------------------------------------------------- files


def test_every_file_of_the_bundle_stands_in_the_crate_with_its_hash(read, listed):
    files = {e.id: e["sha256"] for e in read.get_by_type("File")}

    assert files == {path: digest for path, digest in listed.items() if path != CRATE}


def test_every_file_has_its_size_in_bytes(read, small_bundle):
    for file in read.get_by_type("File"):
        assert file["contentSize"] == str((small_bundle.folder / file.id).stat().st_size)


def test_every_file_is_a_part_of_the_root(read):
    assert ids(read.root_dataset["hasPart"]) == ids(read.get_by_type("File"))


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("results/smoke/report.html", "text/html"),
        ("results/smoke/verdict.json", "application/json"),
        ("data/open-set/prepare/arrays.npz", "application/zip"),
        (
            "results/smoke/small/dense/seed-0/train/model.safetensors",
            "application/octet-stream",
        ),
        ("results/smoke/SHA256SUMS", "application/octet-stream"),
    ],
)
def test_a_file_says_its_format(path, form, read):
    assert read.get(path)["encodingFormat"] == form
    assert read.get(path)["name"] == path


def test_formats_are_those_that_python_knows_and_five_more():
    known = mimetypes.MimeTypes(filenames=())
    ours = {suffix: known.guess_type(f"x{suffix}", strict=False)[0] for suffix in crate.FORMATS}
    more = {
        ".cff": "application/yaml",
        ".lock": "text/plain",
        ".log": "text/plain",
        ".npz": "application/zip",
        ".yaml": "application/yaml",
    }

    assert {**ours, **more} == crate.FORMATS


def test_the_hash_is_a_term_of_the_crates_own_context(small_bundle):
    context = json.loads((small_bundle.folder / CRATE).read_text())["@context"]

    assert context == [
        "https://w3id.org/ro/crate/1.1/context",
        {"sha256": "http://schema.org/sha256"},
    ]


def test_data_carry_the_licence_of_their_set(read):
    files = [f for f in read.get_by_type("File") if f.id.startswith("data/")]

    assert {f.id.split("/")[1]: f["license"].id for f in files} == {
        "open-set": "https://spdx.org/licenses/CC0-1.0",
        "absent-set": "https://spdx.org/licenses/CC-BY-4.0",
    }


def test_a_withheld_file_is_named_with_hash_and_reason_and_is_no_file(read, small_bundle):
    for path, row in small_bundle.withheld.items():
        thing = read.get(f"#withheld/{path}")
        assert thing.type == "CreativeWork"
        assert thing["name"] == path
        assert thing["sha256"] == row["sha256"]
        assert thing["conditionsOfAccess"] == f"not in this bundle: {row['why']}"


# ---------------------------------------------------------------- the workflow


def test_the_main_entity_is_the_snakefile_in_snakemake(read, small_bundle):
    workflow = read.mainEntity

    assert workflow.id == "Snakefile"
    assert set(workflow.type) == {
        "File",
        "SoftwareSourceCode",
        "ComputationalWorkflow",
        "HowTo",
    }
    assert workflow["programmingLanguage"]["name"] == "Snakemake"
    assert workflow["programmingLanguage"]["version"] == "9.27.1"
    assert workflow["version"] == "no git history"
    assert workflow["softwareRequirements"].id == "envs/base.lock"


def test_every_rule_that_ran_is_a_step_with_its_tool_in_the_order_of_the_stages(read):
    steps = read.mainEntity["step"]

    assert [(s["name"], s["position"]) for s in steps] == [
        ("fetch", "1"),
        ("prepare", "2"),
        ("train", "3"),
        ("prune", "4"),
        ("judge", "5"),
        ("report", "6"),
    ]
    assert {s.type for s in steps} == {"HowToStep"}
    assert [s["workExample"].id for s in steps] == [f"#tool/{s['name']}" for s in steps]
    assert [s["description"] for s in steps[:1]] == ["rule fetch of workflow/rules/fetch.smk"]
    assert ids(read.mainEntity["hasPart"]) == {f"#tool/{s['name']}" for s in steps}


def test_a_tool_is_a_module_that_needs_the_locked_environment(read):
    tool = read.get("#tool/prune")

    assert tool.type == "SoftwareApplication"
    assert tool["name"] == "respike.stages.prune"
    assert tool["description"] == "python -m respike.stages.prune"
    assert tool["softwareVersion"] == "no git history"
    assert tool["softwareRequirements"].id == "envs/base.lock"


# ---------------------------------------------------------------- jobs


def test_every_job_is_one_action_of_its_tool_and_key(read, records):
    actions = [a for a in read.get_by_type("CreateAction") if a.id != "#run"]

    assert len(actions) == len(records) == 16
    for path, record in records.items():
        action = job(read, path)
        assert action["instrument"].id == f"#tool/{record['stage']}"
        assert action["identifier"] == record["key"]
        assert action["description"] == f"job of key {record['key']}, as {path} tells"


def test_a_job_made_its_outputs_extras_and_record(read):
    action = job(read, "results/smoke/record.json")

    assert ids(action["result"]) == {
        f"results/smoke/{name}"
        for name in (
            "verdict.json",
            "results.csv",
            "report.html",
            "code.json",
            "film/small.jpg",
            "record.json",
        )
    }


def test_a_job_read_its_inputs(read):
    action = job(read, "results/smoke/small/pruned/seed-1/prune/record.json")

    assert ids(action["object"]) == {
        "data/open-set/prepare/arrays.npz",
        "results/smoke/small/dense/seed-1/train/model.safetensors",
    }


def test_a_job_that_read_one_file_says_so_without_a_list(read):
    action = job(read, "results/data/open-set/prepare/record.json")

    assert action.properties()["object"] == {"@id": "data/open-set/fetch/source.zip"}


def test_a_job_that_read_nothing_says_nothing_of_it(read):
    assert "object" not in job(read, "results/data/open-set/fetch/record.json")


def test_a_job_on_withheld_data_read_what_stands_for_them(read):
    action = job(read, "results/data/closed-set/prepare/record.json")

    assert ids(action["object"]) == {"#withheld/data/closed-set/fetch/source.zip"}
    assert ids(action["result"]) == {
        "#withheld/data/closed-set/prepare/arrays.npz",
        "results/data/closed-set/prepare/record.json",
    }


def test_a_job_that_was_done_is_completed_and_has_no_error(read):
    action = job(read, "results/smoke/small/dense/seed-0/train/record.json")

    assert action["name"] == "train of small/dense seed 0"
    assert action["actionStatus"] == COMPLETED
    assert "error" not in action


def test_a_job_that_was_not_run_failed_and_says_why(read):
    action = job(read, "results/smoke/small/absent/seed-1/train/record.json")

    assert action["actionStatus"] == FAILED
    assert action["error"] == "not run: the mirror is down; run again"


def test_a_job_took_the_time_that_its_record_says(read, records):
    for path, record in records.items():
        start, end = (
            datetime.datetime.fromisoformat(job(read, path)[k])
            for k in ("startTime", "endTime")
        )
        assert start.strftime("%Y-%m-%dT%H:%M:%SZ") == record["evidence"]["started"]
        assert (end - start).total_seconds() == pytest.approx(record["evidence"]["wall_s"])


def test_times_are_written_as_the_profile_asks():
    record = {"evidence": {"started": "2026-11-22T05:59:58Z", "wall_s": 2.5}}

    assert crate.span(record) == (
        "2026-11-22T05:59:58.000+00:00",
        "2026-11-22T06:00:00.500+00:00",
    )


# ---------------------------------------------------------------- the run


def test_the_run_was_asked_for_by_the_study_and_gave_the_verdicts(read):
    run = read.get("#run")

    assert run["instrument"] is read.mainEntity
    assert ids(run["object"]) == {
        "studies/small.yaml",
        "config.yaml",
        "respike/datasets/sources.yaml",
        "envs/base.lock",
    }
    assert ids(run["result"]) == {
        f"results/smoke/{name}"
        for name in (
            "verdict.json", "results.csv", "report.html", "code.json", "record.json",
            "manifest.json", "SHA256SUMS",
        )
    }  # fmt: skip
    assert run["name"] == "the studies at budget smoke"
    assert run["description"].endswith("verdict.json has the verdicts")
    assert run["actionStatus"] == COMPLETED


def test_the_run_begins_with_its_first_job_and_ends_with_its_last(read, records):
    spans = [crate.span(record) for record in records.values()]

    for thing in (read.get("#run"), read.get("#snakemake")):
        assert thing["startTime"] == min(start for start, _ in spans)
        assert thing["endTime"] == max(end for _, end in spans)


def test_snakemake_had_every_job_done(read, records):
    (organised,) = read.get_by_type("OrganizeAction")

    assert organised["name"] == "Snakemake runs budget smoke"
    assert organised["instrument"].type == "SoftwareApplication"
    assert organised["instrument"].id == organised["instrument"]["url"]
    assert organised["instrument"]["name"] == "Snakemake"
    assert organised["instrument"]["softwareVersion"] == "9.27.1"
    assert organised["result"].id == "#run"
    assert organised["actionStatus"] == COMPLETED
    assert {c["object"].id for c in organised["object"]} == {
        job(read, path).id for path in records
    }
    for control in organised["object"]:
        tool = control["object"]["instrument"]
        assert control.type == "ControlAction"
        assert control["name"] == f"have done: {control['object']['name']}"
        assert control["instrument"]["workExample"] is tool
        assert control["actionStatus"] == control["object"]["actionStatus"]


# ---------------------------------------------------------------- the crate itself


def test_the_root_conforms_to_the_four_profiles(read):
    profiles = read.root_dataset["conformsTo"]
    said = {(p.id, p["name"], p["version"]) for p in profiles}

    assert {p.type for p in profiles} == {"CreativeWork"}
    assert said == {
        ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
        ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
        ("https://w3id.org/ro/wfrun/provenance/0.5", "Provenance Run Crate", "0.5"),
        ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
    }


def test_the_root_says_what_it_is_who_wrote_it_and_on_what_terms(read):
    root = read.root_dataset

    assert root["name"] == "respike: small"
    assert root["description"] == (
        "Published experiments rerun and judged at budget smoke, by respike at commit no git "
        "history. README.txt says how to check this folder."
    )
    assert root.properties()["datePublished"] == "2026-11-22T06:00:00Z"
    assert root["license"].id == "https://spdx.org/licenses/BSD-3-Clause"
    assert root["license"]["identifier"] == root["license"]["name"] == "BSD-3-Clause"
    assert root["license"].type == "CreativeWork"
    assert root["author"]["name"] == "The respike contributors"
    assert root["author"].type == "Organization"
    assert read.mainEntity["author"] is root["author"]
    assert read.mainEntity["license"] is root["license"]


def test_the_root_mentions_every_action_but_the_controls(read, records):
    assert ids(read.root_dataset["mentions"]) == {
        "#run",
        "#snakemake",
        *(job(read, path).id for path in records),
    }


def test_a_study_is_about_its_paper_and_the_root_cites_it(read):
    paper = read.root_dataset["citation"]

    assert paper.id == "https://arxiv.org/abs/0000.00000"
    assert (paper.type, paper["name"]) == ("ScholarlyArticle", "A small paper")
    assert read.get("studies/small.yaml")["about"] is paper


# ---------------------------------------------------------------- from values alone


def about(**changes):
    """A run of one page that read nothing."""
    page = {
        "stage": "report",
        "status": "done",
        "key": "k" * 64,
        "settings": {"studies": {"s": {"paper": {"arxiv": "1", "title": "T"}}}},
        "inputs": {},
        "outputs": {},
        "extras": {},
        "evidence": {"started": "2026-11-22T06:00:00Z", "wall_s": 1.0},
    }
    paths = (
        "Snakefile", "envs/base.lock", "config.yaml", "respike/datasets/sources.yaml",
        "studies/s.yaml", "results/desk/record.json",
    )  # fmt: skip
    values = {
        "budget": "desk",
        "commit": "c" * 40,
        "made": "2026-11-22T06:00:00Z",
        "files": dict.fromkeys(paths, (1, "a" * 64)),
        "withheld": {},
        "records": {"results/desk/record.json": {**page, **changes.pop("page", {})}},
        "licences": {},
        "citation": {"license": "MIT", "authors": [{"name": "A lab"}]},
        "snakemake": "9",
    }
    return crate.Bundled(**{**values, **changes})


def by_id(made):
    return {thing["@id"]: thing for thing in made["@graph"]}


def test_equal_values_make_an_equal_crate():
    assert crate.make(about()) == crate.make(about())


def test_a_file_that_no_list_names_is_refused():
    page = {"inputs": {"records": [{"path": "results/desk/x.npz"}]}}

    with pytest.raises(
        RespikeError, match=r"^results/desk/x\.npz was read or written by a job"
    ):
        crate.make(about(page=page))


def test_a_person_is_named_by_given_and_family_name_and_orcid():
    author = {
        "given-names": "Ada",
        "family-names": "Byron",
        "orcid": "https://orcid.org/0000-0000-0000-0000",
    }

    made = by_id(crate.make(about(citation={"license": "MIT", "authors": [author]})))

    assert made["https://orcid.org/0000-0000-0000-0000"] == {
        "@id": "https://orcid.org/0000-0000-0000-0000",
        "@type": "Person",
        "name": "Ada Byron",
    }


def test_several_authors_are_a_list():
    authors = [{"name": "A lab", "website": "https://localhost/lab"}, {"name": "B lab"}]

    made = by_id(crate.make(about(citation={"license": "MIT", "authors": authors})))

    assert made["./"]["author"] == [{"@id": "https://localhost/lab"}, {"@id": "#B%20lab"}]


def test_a_name_that_is_no_address_is_quoted():
    files = {**about().files, "logs/a b.log": (2, "b" * 64)}

    made = by_id(crate.make(about(files=files)))

    assert made["logs/a%20b.log"]["name"] == "logs/a b.log"
