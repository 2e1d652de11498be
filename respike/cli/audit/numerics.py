"""Run the campaign in other numerics classes: what changes, per artifact and per verdict."""

import json
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from respike.cli import common
from respike.core.errors import DONE, TAMPERED, ConfigError
from respike.core.layout import BUDGETS

FOLDER = "audits"
MOST_NAMED = 5


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="default: config.yaml's")
    parser.add_argument("--budget", choices=BUDGETS, default="smoke", help="default: smoke")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="a class beside the reference: threads-2, avx2, baseline; default: all",
    )
    parser.add_argument(
        "--scratch", type=Path, help="folder for the copies; default: a new one"
    )
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="run nothing: write the page of a result"
    )
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="JSON",
        help=f"the result for --page; default: {FOLDER}/numerics-BUDGET.json",
    )


def execute(given: Namespace) -> int:
    if given.source and not given.page:
        raise ConfigError("--from is for --page; add --page FILE")
    result = common.ROOT / FOLDER / f"numerics-{given.budget}.json"
    if given.page:
        return _publish(given.source or result, given.page)
    from respike.audit import numerics

    with tempfile.TemporaryDirectory(prefix="respike-numerics-", dir=given.scratch) as scratch:
        found = numerics.survey(
            given.budget,
            Path(scratch),
            given.studies,
            given.only,
            common.ROOT,
            lambda line: print(line, flush=True),
        )
    result.parent.mkdir(exist_ok=True)
    result.write_text(_text(found), encoding="utf-8")
    for line in lines(found):
        print(line)
    print(f"wrote {FOLDER}/{result.name}")
    return TAMPERED if found["broken"] else DONE


def lines(found: dict[str, Any]) -> list[str]:
    """The result for people: a line a class, what is broken, and how verdicts fare."""
    from respike.audit import numerics_page

    said = []
    for one in found["classes"][1:]:
        name = one["name"]
        equal = sum(row["equal"][name] for row in found["stages"])
        total = sum(row["artifacts"] for row in found["stages"])
        said.append(f"{name} ({one['says']}): {equal} of {total} files equal, byte for byte")
    must = sum(sum(row["must_be_equal"].values()) for row in found["stages"])
    if found["broken"]:
        said += [f"NOT EQUAL {sentence}" for sentence in found["broken"][:MOST_NAMED]]
        said.append(f"{len(found['broken'])} of {must} that are declared exact are not equal")
    else:
        said.append(f"all {must} that are declared exact are equal")
    return [*said, numerics_page.flips(found["claims"])]


def _publish(source: Path, page: Path) -> int:
    from respike.audit import numerics, numerics_page

    try:
        found = json.loads(source.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{source} cannot be read ({error.strerror}); run `respike audit numerics` first,"
            " or name a result with --from"
        ) from None
    except ValueError as error:
        raise ConfigError(f"{source} is no JSON: {error}") from None
    if not isinstance(found, dict) or found.get("schema") != numerics.SCHEMA:
        raise ConfigError(f"{source} is no {numerics.SCHEMA}; run `respike audit numerics`")
    page.write_text(numerics_page.page(found), encoding="utf-8")
    page.with_suffix(".json").write_text(_text(found), encoding="utf-8")
    print(f"wrote {page} and {page.with_suffix('.json')}")
    return DONE


def _text(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=1, allow_nan=False) + "\n"
