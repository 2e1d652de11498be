"""Put a finished run into one folder: files, records, locks, page and their checker."""

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from respike.cli import common
from respike.core.layout import BUDGETS

PUBLISH = (
    "publish the root hash where nobody can change it afterwards (the paper, a release, a "
    "letter); who has it checks with: python3 -I check.py . --root HASH"
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--budget", choices=BUDGETS, help="default: the newest run")
    parser.add_argument(
        "--to", type=Path, metavar="FOLDER", help="default: bundles/BUDGET-ROOT, must be new"
    )
    parser.add_argument(
        "--sign", type=Path, metavar="KEY", help="private key; ssh-keygen signs bundle.json"
    )
    common.results(parser)


def execute(given: Namespace) -> int:
    from respike.audit import bundle

    started = time.monotonic()
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    made = bundle.make(common.ROOT, given.directory, given.budget, given.to, now, given.sign)
    took = time.monotonic() - started
    print(f"{made.folder}: {made.files} files, {made.bytes / 1e6:.1f} MB, {took:.1f} s")
    if made.withheld:
        datasets = sorted({path.split("/")[1] for path in made.withheld})
        count = f"{len(made.withheld)} files of {', '.join(datasets)}"
        print(f"withheld: {count}; README.txt says why")
    print(f"signed: {'bundle.json.sig' if given.sign else 'no; --sign KEY does it'}")
    print(f"root hash: {made.root}")
    print(PUBLISH)
    return 0
