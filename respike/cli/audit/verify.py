"""Is a run or a bundle what its own records say: every file, every record, which claims?

The same answers and exit codes as respike/audit/check.py, which stands alone. Beside a run the
records of kernels are checked as well; `audit verify results/kernels` checks them alone.
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path, PurePosixPath

from respike.audit import check, kernels
from respike.audit.jobs import plain
from respike.cli import common
from respike.core.errors import DONE, TAMPERED, ConfigError
from respike.core.layout import BUDGETS

SCHEMA = "respike-check-kernels/1"


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", type=Path, default=common.ROOT, help="a run or a bundle"
    )
    parser.add_argument("--budget", choices=BUDGETS, help="default: the newest or the bundle's")
    parser.add_argument("--root", metavar="HEX", help="the root hash that was published")
    parser.add_argument("--signers", type=Path, metavar="FILE", help="allowed_signers of ssh")
    parser.add_argument("--json", action="store_true", help="everything, for machines")


def execute(given: Namespace) -> int:
    place = given.folder.absolute()
    if PurePosixPath(*place.parts[-2:]) == kernels.FOLDER:
        return _kernels_alone(place.parents[1], given)
    try:
        report = check.verify(given.folder, given.budget, given.root, given.signers)
    except check.Refused as refused:
        raise ConfigError(str(refused)) from None
    if not (given.folder / check.BUNDLE).exists():
        beside = kernels.verify(given.folder)
        report = report._replace(
            files=report.files + beside.files,
            bytes=report.bytes + beside.bytes,
            findings=[*report.findings, *beside.findings],
        )
    known = bool(given.root or given.signers)
    sys.stdout.write(check.said(report, known, given.json))
    return DONE if report.passed else TAMPERED


def _kernels_alone(root: Path, given: Namespace) -> int:
    """The records of kernels, without a run; there is no root hash that could be published."""
    if given.budget or given.root or given.signers:
        raise ConfigError("kernels are of no budget and have no root hash; leave that out")
    report = kernels.verify(root)
    if not report.files and not report.findings:
        raise ConfigError(f"no kernel was measured in {root}; `snakemake kernels` does")
    if given.json:
        rows = [finding._asdict() for finding in report.findings]
        told = {"passed": report.passed, **report._asdict(), "findings": rows}
        print(json.dumps({"schema": SCHEMA, **told}, sort_keys=True, indent=1))
    else:
        size = f"{report.files} files as recorded, {report.bytes / 1e6:.1f} MB"
        print(f"{'PASS' if report.passed else 'FAIL'}  kernels: {size}")
        for kind, path, says, fails in report.findings:
            print(f"  {kind if fails else f'({kind})':13s}{plain(path)}: {plain(says)}")
    return DONE if report.passed else TAMPERED


def trusted(given: Namespace, word: str, nothing: str) -> check.Report | None:
    """The report of a run that another word works on; None, and why, where files were changed.

    Files that are missing are that word's affair.

    Args:
        given: folder and budget.
        word: the word, for the message.
        nothing: what was not done, in words.

    Raises:
        ConfigError: there is no finished run.
    """
    try:
        report = check.verify(given.folder, given.budget)
    except check.Refused as refused:
        raise ConfigError(str(refused)) from None
    others = {"missing", "environment"}  # the last says how they were made, not what they are
    wrong = [f for f in report.findings if f.fails and f.kind not in others]
    if not wrong:
        return report
    print(
        f"respike audit {word}: {len(wrong)} files are not what the records say, first "
        f"{plain(wrong[0].path)}: {plain(wrong[0].says)}\n"
        f"{nothing}; `respike audit verify` names them all",
        file=sys.stderr,
    )
    return None
