"""The studies, their claims and the newest verdicts."""

from argparse import ArgumentParser, Namespace

from respike.cli import common
from respike.cli.show import newest


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="default: every study")


def execute(given: Namespace) -> int:
    from respike.core.config import Config

    config = Config(common.ROOT)
    found = newest(common.ROOT)
    for study in given.studies or config.known:
        value = config.document(study).value
        paper = value.get("paper", {})
        print(f"{study}  {paper.get('title') or value.get('title', '')}")
        where = ", ".join(str(paper[k]) for k in ("venue", "year") if paper.get(k))
        arxiv = f"arXiv {paper['arxiv']}" if paper.get("arxiv") else ""
        print("  " + "; ".join(x for x in (arxiv, where) if x))
        print(f"  variants: {', '.join(value['variants'])}")
        for claim in value["claims"]:
            verdict = found.get((study, claim["id"]))
            word = (
                f"{verdict['verdict']} ({verdict['budget']})" if verdict else "no verdict yet"
            )
            print(f"  {claim['id']:34s} {claim['scope']:10s} {word}")
        print()
    return 0
