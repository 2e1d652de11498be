"""What a job is told, as the one text on its command line, and what follows from it.

Linux limits one argument to 128 kB, and the command of a rule is one argument of its shell. So
long settings are compressed, and the inputs of a job that reads whole studies are not listed:
rule and stage both find them here, by the settings.
"""

import base64
import binascii
import bz2
import json
from collections.abc import Iterator, Mapping
from typing import Any

from respike.core import chain, layout
from respike.core.errors import ConfigError, RespikeError
from respike.core.strict import canonical_json

LONGEST_PLAIN = 30_000  # characters; the settings of every study here are shorter
LONGEST = 100_000  # of 131,071: paths, code, environment and the shell's words come beside it
_PACKED = "bz2:"  # bzip2 has one stream for one text in every build; zlib has not


def text(value: Any, whose: str = "a job") -> str:
    """One text for one value: canonical JSON, above 30 kB as `bz2:` and base64.

    Args:
        value: anything that JSON can say.
        whose: for the message.

    Raises:
        ConfigError: too long for a command line, even so.
    """
    plain = canonical_json(value)
    if len(plain) <= LONGEST_PLAIN:
        return plain
    packed = _PACKED + base64.b64encode(bz2.compress(plain.encode("ascii"))).decode("ascii")
    if len(packed) > LONGEST:
        raise ConfigError(
            f"{whose} would be told {len(plain) / 1000:.0f} kB, {len(packed) / 1000:.0f} kB "
            f"compressed; a command holds {LONGEST // 1000} kB. Make two studies of it, or a "
            "page of fewer studies"
        )
    return packed


def parse(given: str, option: str = "--settings") -> dict[str, Any]:
    """The value behind a text that `text` made, or behind any JSON object.

    Raises:
        RespikeError: cut, changed, or no JSON object.
    """
    try:
        value = json.loads(_unpacked(given) if given.startswith(_PACKED) else given)
    except (ValueError, OSError, RecursionError) as error:
        raise RespikeError(
            f"{option} is damaged: {error}; give it whole, as the rule writes it"
        ) from None
    if not isinstance(value, dict):
        raise RespikeError(f"{option} must be a JSON object, is {given[:40]}")
    return value


def _unpacked(given: str) -> str:
    try:
        packed = base64.b64decode(given.removeprefix(_PACKED), validate=True)
    except binascii.Error as error:
        raise ValueError(f"no base64 ({error})") from None
    stream = bz2.BZ2Decompressor()
    plain = stream.decompress(packed)
    if not stream.eof or stream.unused_data:
        raise ValueError("the compressed text is cut or has more behind it")
    return plain.decode("ascii")


def inputs(stage: str, settings: Mapping[str, Any]) -> dict[str, Iterator[str]]:
    """Inputs of a job that reads whole studies, by name; of any other job none.

    Args:
        stage: the job's.
        settings: all that it is told; see `Config.settings`.
    """
    scope, budget = layout.STAGES[stage].scope, settings.get("budget")
    if scope == "study":
        variants = settings["resolved"]["variants"]
        return {
            "records": chain.records(budget, settings["study"], variants, settings["seeds"])
        }
    if scope == "budget":
        verdicts = layout.output("judge", "verdicts")
        order, studies = settings["order"], settings["studies"]
        return {
            "verdicts": (verdicts.format(budget=budget, study=study) for study, _ in order),
            "records": (
                record
                for study, names in order
                for record in chain.records(
                    budget,
                    study,
                    {name: studies[study]["variants"][name] for name in names},
                    studies[study]["seeds"],
                )
            ),
        }
    return {}
