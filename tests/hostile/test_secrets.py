"""A secret in the environment or behind a link is in nothing that a run writes or says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from respike.core import config, foreign
from respike.core.errors import ConfigError
from respike.datasets.cache import Cache
from respike.datasets.fetching import fetch
from respike.datasets.sources import Unreachable, without_secrets
from tests.datasets.server import Server, good, plain
from tests.datasets.test_download import HASTE, get, row
from tests.workflow import toy

CANARY = "c4n4ry0f7h3c0alm1n3"
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": CANARY,
    "AWS_SESSION_TOKEN": CANARY,
    "HF_TOKEN": f"hf_{CANARY}",
    "GITHUB_TOKEN": CANARY,
    "SSH_AUTH_SOCK": f"/nowhere/{CANARY}",
    "HTTPS_PROXY": f"http://user:{CANARY}@127.0.0.1:9",
    "PIP_INDEX_URL": f"https://user:{CANARY}@127.0.0.1:9/simple",
    "RESPIKE_REMOTE_PASSWORD": CANARY,
}


def holding(folder: Path) -> list[str]:
    """Files below a folder whose bytes, or whose name, hold the canary."""
    found = []
    for path in folder.rglob("*"):
        text = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        if CANARY.encode() in text or CANARY in path.name:
            found.append(str(path.relative_to(folder)))
    return found


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A toy run with secrets all around it, and what it said."""
    base = tmp_path_factory.mktemp("secrets")
    home = base / "home"
    home.mkdir()
    (home / ".netrc").write_text(f"machine 127.0.0.1 login me password {CANARY}\n")
    folder = toy.make(base / "toy")
    done = toy.respike(folder, "run", HOME=str(home), **SECRETS)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout + done.stderr


def test_the_search_would_find_a_secret(tmp_path):
    (tmp_path / "log").write_text(f"x {CANARY} y")

    assert holding(tmp_path) == ["log"]


def test_no_file_of_a_run_holds_a_secret_of_its_environment(ran):
    folder, said = ran

    assert (folder / "results/desk/report.html").exists()
    assert holding(folder) == []
    assert CANARY not in said


def test_a_run_that_fails_says_no_secret(ran):
    folder, _ = ran
    stage = folder / "respike/stages/prune.py"
    stage.write_text(stage.read_text().replace("def run(job: Job)", "def run(_job: Job)"))

    done = toy.respike(folder, "run", **SECRETS)

    assert done.returncode == 1
    assert CANARY not in done.stdout + done.stderr
    assert holding(folder) == []


def test_a_child_that_parses_gets_no_secret(monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    code = "import os, json; print(json.dumps(dict(os.environ)))"

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=foreign.environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert CANARY not in done.stdout
    assert "PYTHONPATH" in json.loads(done.stdout)


# ------------------------------------------------------------------ urls

URLS = {
    "user": f"https://me:{CANARY}@example.org/a.zip",
    "token": f"https://example.org/a.zip?download=1&token={CANARY}",
    "signature": f"https://example.org/a.zip?X-Amz-Signature={CANARY}",
    "key": f"https://example.org/a.zip?api_key={CANARY}",
}


@pytest.mark.parametrize("kind", URLS)
def test_a_url_with_a_secret_is_refused_before_any_record_could_show_it(kind, tmp_path):
    place = tmp_path / "respike/datasets"
    place.mkdir(parents=True)
    text = toy.SOURCES.replace("package:nothing/digits.csv", URLS[kind])
    assert CANARY in text
    (place / "sources.yaml").write_text(text.replace("source: package", "source: https"))

    with pytest.raises(
        ConfigError, match="a url of digits carries a password or a key"
    ) as said:
        config.sources(tmp_path)

    assert CANARY not in str(said.value)


def test_the_urls_that_we_have_hold_no_secret():
    assert config.sources(toy.ROOT).value["datasets"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"to {URLS['user']} now", "to https://example.org/a.zip now"),
        (f"({URLS['token']})", "(https://example.org/a.zip?...)"),
        ("https://example.org/a.zip, then", "https://example.org/a.zip, then"),
        (f"proxy http://u:{CANARY}@host:3128/", "proxy http://host:3128/"),
    ],
)
def test_a_sentence_shows_urls_without_what_may_be_secret(text, shown):
    assert without_secrets(text) == shown


def test_a_redirect_to_a_signed_link_is_told_without_its_signature(tmp_path, caplog):
    target = f"ftp://me:{CANARY}@example.org/a?X-Amz-Signature={CANARY}"
    why = r"redirects to ftp://example\.org/a\?\.\.\."
    with Server(file=plain(302, Location=target)) as server:
        url = server.url("file")
        with pytest.raises(Unreachable, match=why) as said:
            get(tmp_path, url)

    assert CANARY not in str(said.value) + caplog.text
    assert holding(tmp_path) == []


def test_a_link_that_leads_on_by_a_signature_leaves_none_in_the_cache(tmp_path, caplog):
    caplog.set_level("DEBUG", logger="respike")
    with Server(file=plain(302, Location=f"/real?token={CANARY}")) as server:
        server.http.RequestHandlerClass.answers[f"/real?token={CANARY}"] = [good()]
        fetch("toy", row(server.url("file")), cache=Cache(tmp_path), patience=HASTE)

    assert any(CANARY in path for path, _ in server.seen)
    assert holding(tmp_path) == []
    assert CANARY not in caplog.text


def test_a_registry_s_client_that_names_its_login_is_not_quoted(tmp_path, monkeypatch):
    said = f"ERROR: 404 for https://me:{CANARY}@registry.example/simple?token={CANARY}"
    fake = tmp_path / "pip"
    fake.mkdir()
    (fake / "__init__.py").touch()
    (fake / "__main__.py").write_text(f"import sys\nsys.stderr.write({said!r})\nsys.exit(1)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    table = {"name": "a", "bytes": 3, "sha256": "0" * 64, "urls": []}
    table["urls"] = [{"url": "pypi:a==1!/a", "bytes": 3, "sha256": "1" * 64}]

    with pytest.raises(Unreachable, match=r"https://registry\.example/simple\?\.\.\.") as why:
        fetch("toy", {"source": "pypi", "files": [table]}, cache=Cache(tmp_path / "c"))

    assert CANARY not in str(why.value)
