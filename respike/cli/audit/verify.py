"""Is a run or a bundle what its own records say: every file, every record, which claims?

The same answers and exit codes as respike/audit/check.py, which stands alone.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from respike.audit import check
from respike.cli import common
from respike.core.errors import DONE, TAMPERED, ConfigError
from respike.core.layout import BUDGETS


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", type=Path, default=common.ROOT, help="a run or a bundle"
    )
    parser.add_argument("--budget", choices=BUDGETS, help="default: the newest or the bundle's")
    parser.add_argument("--root", metavar="HEX", help="the root hash that was published")
    parser.add_argument("--signers", type=Path, metavar="FILE", help="allowed_signers of ssh")
    parser.add_argument("--json", action="store_true", help="everything, for machines")


def execute(given: Namespace) -> int:
    try:
        report = check.verify(given.folder, given.budget, given.root, given.signers)
    except check.Refused as refused:
        raise ConfigError(str(refused)) from None
    known = bool(given.root or given.signers)
    sys.stdout.write(check.said(report, known, given.json))
    return DONE if report.passed else TAMPERED
