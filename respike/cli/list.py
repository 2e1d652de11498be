"""The studies, their claims and the newest verdicts."""

import sys
from argparse import ArgumentParser, Namespace

from respike.cli import common
from respike.cli.show import newest
from respike.core.errors import ConfigError
from respike.core.log import line


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="default: every study")
    common.results(parser)


def execute(given: Namespace) -> int:
    from respike.core.config import Config

    config = Config(common.ROOT)
    found = newest(given.directory)
    code = 0
    for study in given.studies or config.known:
        try:
            value = config.study(study, config.budget)
        except ConfigError as error:  # a draft hides no other study
            print(f"respike list: {error}", file=sys.stderr)
            code = error.exit_code
            continue
        paper = value["paper"]
        print(f"{study}  {line(paper['title'])}")
        print(
            "  " + "; ".join([f"arXiv {paper['arxiv']}", *filter(None, [paper.get("venue")])])
        )
        print(f"  variants: {', '.join(value['variants'])}")
        for claim in value["claims"]:
            verdict = found.get((study, claim["id"]))
            word = (
                f"{verdict['verdict']} ({verdict['budget']})" if verdict else "no verdict yet"
            )
            print(f"  {claim['id']:34s} {claim['scope']:10s} {word}")
        print()
    return code
