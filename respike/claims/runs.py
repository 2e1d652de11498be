"""The runs of one study, from loaded records; and its claims judged on them.

Shared by the stage `judge` and by `respike audit recompute`, which differ in how a file is
read and in nothing else.
"""

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from respike.claims.evidence import NotRun, Piece
from respike.claims.judge import Campaign, judge
from respike.core import layout, records
from respike.core.errors import RespikeError

# path of an artifact -> its value and sha256; raises where it is not what its record says
Read = Callable[[PurePosixPath], tuple[Any, str]]


class Runs:
    """The runs of a study by variant, seed and stage; calling it loads one verified file.

    Args:
        found: path of a record -> the record, of every run of the study.
        read: loads one artifact.
    """

    def __init__(self, found: Mapping[PurePosixPath, Mapping[str, Any]], read: Read):
        self._read = read
        self._pieces: dict[PurePosixPath, Piece] = {}  # claims share files: each is read once
        self._records: dict[tuple[str, int, str], tuple[PurePosixPath, Mapping[str, Any]]] = {}
        for path, record in found.items():
            settings = record["settings"]
            key = (settings["variant"], settings["seed"], record["stage"])
            self._records[key] = (path, record)

    def __call__(self, variant: str, stage: str | None, seed: int, file: str) -> Piece:
        """One file of one run; see `respike.claims.evidence.Load`."""
        key = (variant, seed, stage or self._last(variant, seed, file))
        if key not in self._records:
            raise RespikeError(
                f"no record of {variant} seed {seed} beside a {file} came in; "
                "the rule judge lists every run of its study"
            )
        path, record = self._records[key]
        if record["status"] == records.PLACEHOLDER:
            raise NotRun(record["reason"])
        artifact = layout.artifact(path, file)
        if artifact not in self._pieces:
            content, sha256 = self._read(artifact)
            self._pieces[artifact] = Piece(content, str(artifact), sha256)
        return self._pieces[artifact]

    def _last(self, variant, seed, file):
        """The variant's last stage in the chain that writes the file."""
        writes = [s for s in layout.CHAIN if file in layout.STAGES[s].content.values()]
        return next((s for s in reversed(writes) if (variant, seed, s) in self._records), None)

    def of_variants(self, value: Callable[[Mapping[str, Any]], Any]) -> dict[str, Any]:
        """`value(record)` for each variant: of the last stage of its first seed."""
        keys = sorted(self._records, key=lambda key: (-key[1], layout.CHAIN.index(key[2])))
        return {key[0]: value(self._records[key][1]) for key in keys}


def verdicts(settings: Mapping[str, Any], runs: Runs) -> dict[str, Any]:
    """What verdicts.json of a study says.

    Args:
        settings: of the study's judge: study, budget, seeds, and the resolved study.
        runs: of the study.

    Raises:
        RespikeError: evidence that is missing, not finite, or not comparable.
    """
    resolved = settings["resolved"]
    campaign = Campaign(
        study=settings["study"],
        budget=settings["budget"],
        ran=settings["seeds"],
        registered=resolved["seeds"],
        datasets=runs.of_variants(lambda record: record["settings"].get("dataset")),
        kinds=runs.of_variants(lambda record: record["data_kind"]),
    )
    return {
        "study": campaign.study,
        "budget": campaign.budget,
        "verdicts": judge(resolved["claims"], runs, campaign),
    }
