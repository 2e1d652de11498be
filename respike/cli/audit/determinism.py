"""Run one budget under ten variations of its surroundings and compare the content.

Two controls (2 threads; no vector instructions) must change a trained model, or the audit has
failed. Each run takes place in a fresh copy of this checkout. The report goes to audits/.
"""

from argparse import ArgumentParser, Namespace

from respike.cli import common
from respike.core.errors import DONE, FAILED, TAMPERED
from respike.core.layout import BUDGETS


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="default: config.yaml's")
    parser.add_argument("--budget", choices=BUDGETS, default="smoke", help="default: smoke")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="this one; may be repeated"
    )
    parser.add_argument("--keep", action="store_true", help="leave the copies where they are")


def execute(given: Namespace) -> int:
    from respike.audit import determinism

    report = determinism.determinism(
        given.budget,
        given.studies,
        given.only,
        lambda text: print(text, flush=True),
        given.keep,
        common.ROOT,
    )
    for text in closing(report):
        print(text)
    print(f"the report: {determinism.write(report, common.ROOT / 'audits')}")
    if any(result.status == determinism.DIFFERS for result in report.results):
        return TAMPERED
    return DONE if report.passed else FAILED


def closing(report) -> list[str]:
    """What the runs together say, and what they leave open."""
    from respike.audit import determinism

    files = sum(report.files.values())
    ours = [r for r in report.results if not r.control]
    equal = sum(r.status == determinism.EQUAL for r in ours)
    of = f"equal under {equal} of {len(ours)} variations" if ours else "seen by controls alone"
    lines = [
        f"budget {report.budget}: {files} files of {len(report.files)} stages {of}, "
        f"{report.seconds / 60:.1f} min"
    ]
    if any(r.status == determinism.UNCHANGED for r in report.results):
        lines.append("a control changed no trained model: the variations were not applied")
    if any(r.status == determinism.NOT_APPLIED for r in report.results):
        lines.append("what was not applied is not passed; the lines above say why")
    if report.left_out:
        lines.append(f"not run: {', '.join(report.left_out)}")
    return lines
