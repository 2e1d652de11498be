"""Say why a job would run again, or why its result differs: the job and all it stands on."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from respike.cli import common
from respike.core.errors import DONE, TAMPERED, ConfigError
from respike.core.layout import BUDGETS

SCHEMA = "respike-explain/1"


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "target",
        help="a path below results/ or data/, STUDY/CLAIM, STUDY/VARIANT[/SEED[/STAGE]], "
        "STUDY, DATASET[/STAGE], KERNEL or report",
    )
    parser.add_argument("--budget", choices=BUDGETS, help="default: config.yaml's")
    parser.add_argument("--json", action="store_true", help="every job with every cause")
    common.results(parser)


def execute(given: Namespace) -> int:
    from respike.audit import explain, standing, targets
    from respike.claims import grammar
    from respike.core.config import Config

    root = given.directory.absolute()
    text = relative(given.target, root)
    budget = given.budget or _budget_of(text)
    config = Config(common.ROOT, {"budget": budget} if budget else {}, grammar.check)
    folder = standing.Folder(root, config, _withheld(root))
    target = targets.resolve(text, config, folder.verdicts(config.budget))
    jobs = folder.jobs(target.records, target.alone)
    found = explain.explain(jobs, folder.known_code(config.budget), standing.numerics())
    if given.json:
        told = {"schema": SCHEMA, "target": text, "budget": config.budget}
        print(json.dumps({**told, "jobs": explain.document(found)}, indent=1))
    else:
        print(f"{text} at budget {config.budget}: {explain.summary(found)}")
        for line in explain.lines(found):
            print(line)
    return TAMPERED if any(job.causes or job.runs for job in found) else DONE


def relative(text: str, root: Path) -> str:
    """A target that is a path, seen from the folder of the results; other words as they are.

    Raises:
        ConfigError: a path outside that folder.
    """
    if not Path(text).is_absolute() and not text.startswith("./"):
        return text
    try:
        return str((Path.cwd() / text).relative_to(root))
    except ValueError:
        raise ConfigError(f"{text} is not below {root}; say --directory") from None


def _budget_of(text: str) -> str | None:
    words = text.split("/")
    return words[1] if words[0] == "results" and words[1:2] and words[1] in BUDGETS else None


def _withheld(root: Path) -> dict[str, str]:
    """Path -> hash of the files that a bundle's licences keep out of it."""
    from respike.core import io

    bundle = root / "bundle.json"
    if not bundle.is_file():
        return {}
    found: Any = io.parse("bundle.json", bundle.read_bytes())
    return {path: row["sha256"] for path, row in found.get("withheld", {}).items()}
