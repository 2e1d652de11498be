"""Results that were made otherwise, where Snakemake no longer knows how they were made.

Snakemake compares settings, code and environment with its own notes in .snakemake/metadata.
Where these are gone (deleted, or a copy without them) it takes what is there. Our records say.
"""

from pathlib import Path

from respike.audit.jobs import place
from respike.core import records
from respike.core.config import Config
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
