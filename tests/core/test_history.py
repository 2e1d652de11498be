import subprocess

from respike.core.history import NO_HISTORY, UNCOMMITTED, registered

STUDY = "claims:\n  - {id: a, says: first}\n  - {id: b, says: first}\n"


def git(folder, *words):
    identity = ["-c", "user.name=t", "-c", "user.email=t@t"]
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *words],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def commit(folder, text):
    (folder / "studies").mkdir(exist_ok=True)
    (folder / "studies/x.yaml").write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "-m", "x")
    return git(folder, "rev-parse", "HEAD")


def test_a_claim_is_registered_by_the_oldest_commit_since_which_it_did_not_change(tmp_path):
    git(tmp_path, "init", "-q")
    first = commit(tmp_path, STUDY)
    second = commit(tmp_path, STUDY.replace("b, says: first", "b, says: second"))
    commit(tmp_path, STUDY.replace("b, says: first", "b, says: second") + "other: 1\n")

    assert registered(tmp_path, "x") == {"a": first, "b": second}


def test_a_claim_changed_and_changed_back_is_registered_anew(tmp_path):
    git(tmp_path, "init", "-q")
    commit(tmp_path, STUDY)
    commit(tmp_path, STUDY.replace("a, says: first", "a, says: second"))
    third = commit(tmp_path, STUDY)

    assert registered(tmp_path, "x")["a"] == third


def test_a_working_copy_that_differs_is_not_committed(tmp_path):
    git(tmp_path, "init", "-q")
    first = commit(tmp_path, STUDY)
    (tmp_path / "studies/x.yaml").write_text(STUDY.replace("a, says: first", "a, says: new"))

    assert registered(tmp_path, "x") == {"a": UNCOMMITTED, "b": first}


def test_outside_a_checkout_there_is_no_history(tmp_path):
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/x.yaml").write_text(STUDY)

    assert registered(tmp_path, "x") == {"a": NO_HISTORY, "b": NO_HISTORY}
