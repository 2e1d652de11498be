"""Records of all runs of a study -> its verdicts. Reads beside a record what a claim names."""

import sys
from pathlib import PurePosixPath
from typing import Any

from respike.claims import words
from respike.claims.evidence import NotRun, Piece
from respike.claims.judge import Campaign, judge
from respike.core import layout, records
from respike.core.errors import RespikeError
from respike.core.job import Job, main


class Runs:
    """The runs of a study by variant, seed and stage; calling it loads one verified file."""

    def __init__(self, job: Job):
        self._job = job
        self._pieces: dict[PurePosixPath, Piece] = {}  # claims share files: each is read once
        self._records: dict[tuple[str, int, str], tuple[PurePosixPath, dict[str, Any]]] = {}
        for path in job.paths("records"):
            record = job.record(path)
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
            content = self._job.read_path(artifact)
            self._pieces[artifact] = Piece(content, str(artifact), self._job.sha256(artifact))
        return self._pieces[artifact]

    def _last(self, variant, seed, file):
        """The variant's last stage in the chain that writes the file."""
        writes = [s for s in layout.CHAIN if file in layout.STAGES[s].content.values()]
        return next((s for s in reversed(writes) if (variant, seed, s) in self._records), None)

    def of_variants(self, value) -> dict[str, Any]:
        """`value(record)` for each variant: of the last stage of its first seed."""
        keys = sorted(self._records, key=lambda key: (-key[1], layout.CHAIN.index(key[2])))
        return {key[0]: value(self._records[key][1]) for key in keys}


def run(job: Job) -> None:
    """Judge every claim of the study and write the verdicts."""
    settings = job.settings
    resolved = settings["resolved"]
    runs = Runs(job)
    campaign = Campaign(
        study=settings["study"],
        budget=settings["budget"],
        ran=settings["seeds"],
        registered=resolved["seeds"],
        datasets=runs.of_variants(lambda record: record["settings"].get("dataset")),
        kinds=runs.of_variants(lambda record: record["data_kind"]),
    )
    verdicts = judge(resolved["claims"], runs, campaign)
    for row in verdicts:
        job.log.info("%s/%s: %s", row["study"], row["claim"], words.sentence(row))
    job.write(
        "verdicts",
        {"study": campaign.study, "budget": campaign.budget, "verdicts": verdicts},
    )
    job.write("resolved", resolved)


if __name__ == "__main__":
    sys.exit(main("judge", run))
