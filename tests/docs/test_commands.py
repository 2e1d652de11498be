"""Every command in README, CONTRIBUTING and docs/ runs: here, or in the test that is named.

Also: what the documents link to exists, and so do the paths that they name.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_show import page, verdict
from tests.workflow import toy

ROOT = toy.ROOT
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])

# Commands that are run by another test, or by a line of .ci/run: PLACE::NAME or PLACE::LINE.
ELSEWHERE = {
    "make run": "tests/workflow/test_run.py::"
    "test_a_run_says_one_line_a_job_and_the_verdict_in_a_folder_with_a_space",
    "make smoke": ".ci/run::timed .ci/twice smoke",
    "make test": ".ci/run::make test",
    "make check": ".ci/run::timed make check",
    **dict.fromkeys(
        (
            "make slurm",
            "respike run --cluster slurm",
            "respike run three-regime --budget paper --cluster slurm",
            ".ci/slurm.py .venv/bin/respike run three-regime --budget smoke --cluster slurm",
        ),
        "tests/workflow/test_slurm.py::"
        "test_a_whole_run_goes_through_slurm_and_says_a_line_a_job",
    ),
    ".venv/bin/snakemake --workflow-profile profiles/slurm": (
        "tests/workflow/test_slurm.py::runs"
    ),
    "respike run three-regime --budget desk": "tests/workflow/test_three_regime.py::"
    "test_the_smallest_grid_runs_and_its_cells_stand_side_by_side",
    "respike audit numerics --budget desk": "tests/audit/test_numerics_page.py::"
    "test_the_word_runs_and_keeps_the_result",
    "respike envs list": "tests/envs/test_environments.py::"
    "test_a_list_says_what_is_absent_and_half_made",
    "respike envs check": "tests/envs/test_environments.py::"
    "test_create_makes_what_the_lock_says_and_check_agrees",
    "respike envs create kernels": "tests/envs/test_environments.py::"
    "test_create_makes_what_the_lock_says_and_check_agrees",
    "respike envs create kernels --conda": "tests/envs/test_conda.py::"
    "test_an_environment_is_made_from_the_pin_and_activated",
    "respike envs lock": "tests/envs/test_environments.py::"
    "test_an_index_that_cannot_be_reached_is_a_sentence_and_changes_nothing",
    "respike envs lock --side conda": "tests/envs/test_conda.py::"
    "test_a_lock_names_every_package_by_url_and_the_sha256_of_its_file",
    "respike snapshot --to ../snapshots": "tests/workflow/test_snapshot.py::"
    "test_it_says_each_part_and_what_to_commit",
    "respike restore --from ../snapshots": "tests/workflow/test_restore.py::"
    "test_a_clone_gets_every_file_and_a_run_would_do_nothing",
    "respike restore --repair": "tests/workflow/test_restore.py::"
    "test_repair_makes_what_failed_alone_and_then_a_run_would_do_nothing",
    **dict.fromkeys(
        (
            ".venv/bin/dvc remote add --default far ssh://someone@example.org/folder",
            ".venv/bin/dvc remote modify far verify true",
        ),
        "tests/workflow/test_ssh_remote.py::origin",
    ),
    **dict.fromkeys(
        (
            ".venv/bin/snakemake -c1 kernels",
            "respike audit verify results/kernels",
            "respike audit explain lif",
        ),
        "tests/workflow/test_kernels.py::"
        "test_kernels_are_measured_once_and_again_when_their_code_changes",
    ),
    ".venv/bin/snakemake --workflow-profile profiles/slurm "
    "--set-resources bench_kernels:gpu=1 -- kernels": "tests/workflow/test_kernels.py::"
    "test_a_gpu_is_asked_for_on_the_command_line",
    "sha256sum -c results/desk/SHA256SUMS": "tests/stages/test_report.py::"
    "test_sha256sum_finds_every_listed_file_as_listed",
    "respike audit explain results/desk/esl-snns/dense/seed-0/train/model.safetensors --json": (
        "tests/workflow/test_explain.py::test_a_flipped_bit_is_named_though_snakemake_sees_nothing"
    ),
    "python3 -I respike/audit/check.py . --budget desk": "tests/audit/test_tamper_matrix.py::"
    "test_the_program_and_sha256sum_pass_what_verify_passes",
    **dict.fromkeys(
        ("respike audit verify", "respike audit verify --budget desk"),
        "tests/audit/test_check.py::test_the_word_gives_the_same_answer_and_the_same_codes",
    ),
    "respike tamper-demo": "tests/audit/test_tamper_demo.py::"
    "test_the_bit_is_found_with_the_claim_it_hits_and_the_run_is_left_alone",
    "respike audit rerun --sample 8": "tests/audit/test_rerun.py::"
    "test_an_honest_run_comes_out_bitwise_and_is_left_alone",
    "respike audit determinism": "tests/audit/test_determinism.py::"
    "test_the_command_ends_with_what_was_found",
    "respike audit recompute": "tests/audit/test_recompute.py::"
    "test_the_command_judges_a_folder_again",
    "respike audit bundle": "tests/audit/test_bundle.py::"
    "test_the_word_says_size_withheld_root_and_where_to_publish_it",
    "respike audit bundle --to FOLDER --sign KEY": (
        "tests/audit/test_bundle.py::test_the_word_signs"
    ),
    "python3 -I check.py .": "tests/audit/test_bundle.py::"
    "test_a_bundle_passes_its_own_checker_in_a_bare_interpreter_from_another_folder",
    "sha256sum --quiet -c SHA256SUMS": (
        "tests/audit/test_bundle.py::test_a_bundle_passes_sha256sum"
    ),
    "python3 -I check.py . --root HASH": "tests/audit/test_bundle.py::"
    "test_an_older_valid_bundle_is_caught_by_the_published_root",
    "python3 -I check.py . --signers SIGNERS": (
        "tests/audit/test_bundle.py::test_a_signed_bundle_passes_for_who_knows_the_signer"
    ),
    ".venv/bin/python -m respike.report.readme results/desk/verdict.json README.md [--check]": (
        "tests/report/test_readme.py::"
    ),
}
# Commands that are run in this file, in a copy of the tree.
HERE = {
    "respike audit numerics --page docs/numerics.md --from docs/numerics.json",
    "make help",
    "respike list",
    "respike show loss-at-10-percent",
    "respike audit explain esl-snns/evolving-beats-static",
    "respike plan --budget smoke",
    "respike plan esl-snns --budget smoke",
    "respike plan three-regime --budget paper",
    "respike doctor",
    "respike run esl-snns --budget smoke",
    "respike run --budget smoke --set esl-snns.dense.train.epochs=2",
    "respike run --set esl-snns.dense.train.epochs=5 --budget smoke",
    ".venv/bin/dvc commit -f data.dvc",
}


def blocks(text):
    """Lines of the indented blocks and of the fenced ones that are no other language."""
    fence, before, indented = None, "", False
    for line in text.splitlines():
        opened = re.match(r"```(\w*)", line)
        if opened:
            fence = None if fence is not None else opened[1]
        elif fence in {"", "sh", "bash", "console"}:
            yield line.strip().removeprefix("$ ")
        elif fence is None and re.match(r" {4}\S", line) and (indented or not before.strip()):
            yield line.strip()
        indented = fence is None and line.startswith("    ")
        before = line


def commands(text):
    """The command lines of a document, without comments and the folder of the wrapper."""
    for line in blocks(text):
        command = re.sub(r"\s+#.*|^#.*", "", line).strip()
        if command:
            yield re.sub(r"^\.venv/bin/respike\b", "respike", command)


def said():
    return {c: p.name for p in PAGES for c in commands(p.read_text(encoding="utf-8"))}


def test_commands_are_found_in_indented_and_fenced_blocks():
    text = (
        "words\n\n    .venv/bin/respike list     # what\n    make test\n\n"
        "```\n$ respike plan\n```\n```yaml\nrespike: no\n```\n"
        "- a list\n    that goes on\n\n```sh\nmake run\n```\n"
    )

    assert list(commands(text)) == ["respike list", "make test", "respike plan", "make run"]


def test_every_command_is_run_here_or_by_the_test_that_is_named():
    found = said()

    assert sorted(found.keys() - HERE - ELSEWHERE.keys()) == []
    assert sorted((HERE | ELSEWHERE.keys()) - found.keys()) == []


@pytest.mark.parametrize("place", ELSEWHERE.values())
def test_the_test_that_is_named_exists(place):
    file, _, name = place.partition("::")
    text = (ROOT / file).read_text()

    assert f"def {name}(" in text or f"\n{name}\n" in text or (not name and "def test_" in text)


# ------------------------------------------------------------------ run here


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The files of this checkout, as they are now, with an environment of this interpreter."""
    folder = tmp_path_factory.mktemp("docs") / "respike"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: what would be copied is not known")
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    if not (Path(sys.prefix) / "bin/respike").exists():
        pytest.skip("these tests run in another environment than the one that `make` sets up")
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def run(folder, command, **env):
    """Run a command line as it stands in the documents."""
    line = re.sub(r"^respike ", ".venv/bin/respike ", command)
    return subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env=toy.environment(**env),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_make_help_lists_the_words(copy):
    done = run(copy, "make help")

    assert done.returncode == 0, done.stderr
    for word in ("run", "smoke", "test", "check", "doctor", "clean"):
        assert re.search(rf"^{word} ", done.stdout, re.M)


@pytest.mark.parametrize("word", ["run", "smoke", "test", "check"])
def test_a_word_of_make_is_one_of_its_targets(word, copy):
    done = run(copy, f"make -n {word}")

    assert done.returncode == 0, done.stderr
    assert f"make {word}" in said()


def test_list_says_studies_and_claims(copy):
    done = run(copy, "respike list")

    assert done.returncode == 0, done.stderr
    assert "  loss-at-10-percent " in done.stdout


def test_show_says_why_a_claim_has_its_verdict(copy):
    path = copy / "results/desk/verdict.json"
    path.parent.mkdir(parents=True)
    row = verdict(study="esl-snns", claim="loss-at-10-percent")
    path.write_text(json.dumps(page(row)))
    try:
        done = run(copy, "respike show loss-at-10-percent")
    finally:
        shutil.rmtree(copy / "results")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("verdict    Inconclusive: ")


def test_explain_says_that_nothing_was_made_yet(copy):
    done = run(copy, "respike audit explain esl-snns/evolving-beats-static")

    assert (done.returncode, done.stderr) == (3, "")
    assert "jobs would run again" in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[1] == "record      never made here"
    assert not (copy / "results").exists()


@pytest.mark.parametrize(
    "command",
    [
        "respike plan --budget smoke",
        "respike plan esl-snns --budget smoke",
        "respike plan three-regime --budget paper",
    ],
)
def test_plan_says_what_would_run(command, copy):
    done = run(copy, command)

    assert done.returncode == 0, done.stderr
    budget = command.split()[-1]
    said = rf"budget {budget}: [1-9]\d* jobs to run, 0 results kept\n"
    assert re.match(said, done.stdout)
    assert not (copy / "results").exists()


def test_doctor_says_what_this_machine_lacks(copy):
    done = run(copy, "respike doctor")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "all that a run needs is here"


def test_a_setting_is_changed_from_the_command_line(copy):
    done = run(copy, "respike run --budget smoke --set esl-snns.dense.train.epochs=2")

    assert done.returncode == 0, done.stderr
    assert "a scratch variant is never judged against the paper" in done.stderr
    metrics = "results/smoke/esl-snns/scratch-dense/seed-0/train/metrics.json"
    assert json.loads((copy / metrics).read_text())["accuracy"] > 0.2


def test_the_page_of_numerics_is_made_again(copy):
    before = (copy / "docs/numerics.md").read_bytes()
    (copy / "docs/numerics.md").unlink()

    done = run(copy, "respike audit numerics --page docs/numerics.md --from docs/numerics.json")

    assert done.returncode == 0, done.stderr
    assert (copy / "docs/numerics.md").read_bytes() == before


def test_dvc_writes_the_hash_of_what_is_there(copy, tmp_path):
    (tmp_path / ".dvc").mkdir()
    shutil.copy(copy / ".dvc/config", tmp_path / ".dvc/config")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "data/toy").mkdir(parents=True)
    (tmp_path / "data/toy/a.txt").write_text("text")
    (tmp_path / "data.dvc").write_text("outs:\n- path: data/toy\n  hash: md5\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    done = run(tmp_path, ".venv/bin/dvc commit -f data.dvc")

    assert done.returncode == 0, done.stderr
    assert re.search(r"md5: [0-9a-f]{32}\.dir", (tmp_path / "data.dvc").read_text())


@pytest.mark.slow
def test_one_study_is_run_in_small_and_with_another_setting(copy):
    one = run(copy, "respike run esl-snns --budget smoke")
    other = run(copy, "respike run --set esl-snns.dense.train.epochs=5 --budget smoke")

    assert one.returncode == 0, one.stderr
    assert (copy / "results/smoke/esl-snns/judge/verdicts.json").exists()
    assert other.returncode == 0, other.stderr


# ------------------------------------------------------------------ links and paths


@pytest.mark.parametrize("file", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_a_document_links_to_exists(file):
    text = file.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#\s]+)(#[^)\s]*)?\)", text)
    own = [link for link, _ in links if not re.match(r"[a-z]+:", link)]

    assert [link for link in own if not (file.parent / link).exists()] == []


@pytest.mark.parametrize("file", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_paths_that_a_document_names_exist(file):
    """A path in `backticks` below a folder of ours; one with CAPITALS in it is a pattern."""
    text = file.read_text(encoding="utf-8")
    below = r"respike|tests|workflow|envs|studies|profiles|docs|\.ci"
    named = re.findall(rf"`((?:{below})/[^`\s]*)`", text)
    paths = [n.split("::")[0] for n in named if not re.search(r"[A-Z]{2}|[{*]", n)]

    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_readme_names_every_document(tmp_path):
    text = (ROOT / "README.md").read_text()
    pages = [p for p in PAGES if p.parent == ROOT / "docs" and p.name != "page.md"]

    assert [p.name for p in pages if f"docs/{p.name}" not in text] == []
    assert os.path.isdir(ROOT / "docs/decisions")
