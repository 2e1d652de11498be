"""Which commit registered a claim: the oldest from which its text has not changed since."""

import subprocess
from pathlib import Path

from respike.core import yaml
from respike.core.errors import ConfigError
from respike.core.strict import canonical_json

NO_HISTORY = "no git history"
UNCOMMITTED = "not committed"


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def _claims(text: str | None) -> dict[str, str]:
    try:
        value = yaml.parse(text or "", "history").value or {}
        return {claim["id"]: canonical_json(claim) for claim in value.get("claims", [])}
    except (ConfigError, KeyError, TypeError, AttributeError, ValueError):
        return {}


def head(root: Path) -> str:
    """The checkout's commit, with a mark where tracked files differ from it; or why none."""
    commit = _git(root, "rev-parse", "HEAD")
    if not commit:
        return NO_HISTORY
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return commit.strip() + (" with changes that are not committed" if changed else "")


def registered(root: Path, study: str) -> dict[str, str]:
    """Registering commit of each claim of a study.

    Args:
        root: the checkout.
        study: the study's id.

    Returns:
        Claim id -> full commit hash; "not committed" where the working copy says something
        else than the newest commit; "no git history" outside a checkout.
    """
    file = f"studies/{study}.yaml"
    now = _claims((root / file).read_text(encoding="utf-8"))
    listing = _git(root, "log", "--format=%H", "--", file)
    if not listing:
        word = NO_HISTORY if listing is None else UNCOMMITTED
        return dict.fromkeys(now, word)
    found = dict.fromkeys(now, UNCOMMITTED)
    open_claims = set(now)
    for commit in listing.split():
        then = _claims(_git(root, "show", f"{commit}:{file}"))
        open_claims = {claim for claim in open_claims if then.get(claim) == now[claim]}
        for claim in open_claims:
            found[claim] = commit
        if not open_claims:
            break
    return found
