"""Results that are not as a run would leave them, and that Snakemake takes for whole.

Snakemake compares settings, code and environment with its own notes in .snakemake/metadata.
Where these are gone (deleted, or a copy without them) it takes what is there. And it looks for
the record of a job alone, not for the files beside it. Our records say.
"""

from pathlib import Path

from respike.audit.jobs import place
from respike.audit.licences import kept_back
from respike.core import layout, records
from respike.core.config import Config, sources
from respike.core.errors import DamagedFile
from respike.core.strict import canonical_json


def made_otherwise(config: Config, root: Path) -> list[Path]:
    """Records of targets that Snakemake has no note of, and whose jobs would be told otherwise.

    A record that is damaged is among them: nothing vouches for what lies beside it.

    Args:
        config: what is asked for.
        root: folder that holds results/ and .snakemake/.
    """
    there = [target for target in config.targets(config.budget) if (root / target).exists()]
    if not there:
        return []
    from respike.audit.transport.provenance import Provenance  # Snakemake: half a second

    known = Provenance(root)
    return [
        root / target
        for target in there
        if known.read(target) is None and _differs(config, target, root / target)
    ]


def incomplete(config: Config, root: Path) -> dict[Path, str]:
    """Record of a target -> a file of its job that is gone.

    The files of a data set that a licence keeps back are not missed: a restored checkout is
    without them, and what needs them makes them anew.

    Args:
        config: what is asked for.
        root: folder that holds results/ and data/.
    """
    rows = sources(config.root).value["datasets"]
    found = {}
    for target in config.targets(config.budget):
        stage, w = place(target)
        if "dataset" in w and kept_back(w["dataset"], rows):
            continue
        row = layout.STAGES[stage]
        files = [
            layout.output(stage, name).format(**w) for name in (*row.content, *row.evidence)
        ]
        gone = [file for file in files if not (root / file).exists()]
        if gone and (root / target).exists():
            found[root / target] = gone[0]
    return found


def _differs(config: Config, target: str, path: Path) -> bool:
    try:
        record = records.load(path)
    except DamagedFile:
        return True
    stage, w = place(target)
    env = record["env"].partition(":")[0] or "base"
    return (
        canonical_json(record["settings"]) != canonical_json(config.settings(stage, w))
        or record["code"] != config.code(stage, w)
        or record["env"] != config.env(env)
    )
