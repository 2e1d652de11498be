"""Stage fetch: the files of a row go into source.zip, or the stage says why not."""

from respike.core import io
from respike.stages import fetch
from tests.stages.data_jobs import DATA, row, run


def test_the_pinned_files_stand_in_a_zip_of_fixed_bytes(data_folder):
    (data_folder / "data.txt").write_bytes(DATA)

    code, record = run("fetch", fetch.run, row(f"file:{data_folder}/data.txt"))

    zipped = (data_folder / "data/toy/fetch/source.zip").read_bytes()
    assert code == 0
    assert io.parse("source.zip", zipped) == {"data.txt": DATA}
    assert zipped == io.dump("source.zip", {"data.txt": DATA})
    assert record["status"] == "done"
    assert record["data_kind"] == "real"


def test_a_source_that_cannot_be_had_fails_with_its_sentence(data_folder, capfd):
    code, record = run("fetch", fetch.run, row(f"file:{data_folder}/data.txt"))

    last = capfd.readouterr().err.strip().splitlines()[-1]
    assert code == 1
    assert record is None
    assert not (data_folder / "data/toy/fetch/source.zip").exists()
    assert "data set toy: data.txt cannot be had. file:" in last
    assert "cannot be read (No such file or directory). Check the network" in last


def test_an_optional_source_that_cannot_be_had_is_not_run_in_the_open(data_folder, capfd):
    about = row(f"file:{data_folder}/data.txt", optional=True)

    code, record = run("fetch", fetch.run, about)

    assert code == 0
    assert record["status"] == "not run"
    assert record["reason"].startswith("data set toy: data.txt cannot be had.")
    assert record["reason"].endswith(f"into {data_folder}/cache/inbox.")
    assert "not run: data set toy" in capfd.readouterr().err


def test_what_follows_from_a_source_that_cannot_be_had_is_not_run_either(data_folder):
    from respike.stages import prepare

    about = row(f"file:{data_folder}/data.txt", optional=True, reader="digits")
    run("fetch", fetch.run, about)

    code, record = run("prepare", prepare.run, about)

    assert code == 0
    assert record["status"] == "not run"
    assert record["reason"].startswith("data set toy: data.txt cannot be had.")


def test_an_optional_source_with_wrong_bytes_fails_all_the_same(data_folder, capfd):
    (data_folder / "data.txt").write_bytes(b"something else\n")

    code, record = run("fetch", fetch.run, row(f"file:{data_folder}/data.txt", optional=True))

    assert code == 1
    assert record is None
    assert "is pinned" in capfd.readouterr().err.strip().splitlines()[-1]


def test_an_unpinned_source_is_never_asked(data_folder, capfd):
    unpinned = row("https://data.invalid/data.txt")
    del unpinned["files"][0]["sha256"]

    code, _ = run("fetch", fetch.run, unpinned)

    assert code == 1
    assert "data.txt has no sha256 written beforehand" in capfd.readouterr().err


def test_a_data_set_that_is_made_here_is_sent_to_its_stage(data_folder, capfd):
    code, _ = run("fetch", fetch.run, {**row(), "source": "generator"})

    assert code == 1
    assert "its stage is synthesize" in capfd.readouterr().err
