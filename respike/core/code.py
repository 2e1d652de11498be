"""Which modules decide what a job does: its stage's, and those of the parts it is told to use.

A record holds one hash over them, its `code`. What each module was is kept once a budget, in
code.json beside the page, so that `respike audit explain` can name the module that changed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from respike.core import kernels, parts
from respike.core.errors import ConfigError
from respike.core.fingerprint import combined, digests, fingerprint
from respike.core.study import stage_parts

SCHEMA = "respike-code/1"


def modules(stage: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Modules that a job begins from, sorted; what they import of ours counts as well.

    Args:
        stage: the job's stage.
        settings: all that the job is told; see `Config.settings`.

    Raises:
        ConfigError: the settings name a part that is not there.
    """
    found = {f"respike.stages.{stage}"}
    if "kernel" in settings:
        found.update(kernels.modules(settings["kernel"]))
    elif "row" in settings:
        if stage == "prepare":
            reader = settings["row"].get("reader", settings["dataset"])
            found.add(parts.module("dataset", reader))
    elif "resolved" in settings:
        for claim in settings["resolved"]["claims"]:
            found.update(_metrics(claim.get("test")))
    elif stage in settings:
        for kind, value, _ in stage_parts(stage, settings[stage], stage):
            found.add(parts.module(kind, parts.split(value)[0]))
    return tuple(sorted(found))


def of(stage: str, settings: Mapping[str, Any]) -> str:
    """Fingerprint of a stage and of every part that its settings name; see `modules`."""
    return fingerprint(*modules(stage, settings))


def table(
    records: Iterable[Mapping[str, Any]], stage: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """What code.json says: fingerprint -> module -> digest, of the jobs whose code is here.

    A job that ran with other code than is here now is left out: its modules are not known.

    Args:
        records: of the jobs.
        stage: of the job that writes the table, which has no record yet.
        settings: of that job.
    """
    own = digests(*modules(stage, settings))
    found = {combined(own): own}
    for record in records:
        if record["code"] in found:
            continue
        try:
            here = digests(*modules(record["stage"], record["settings"]))
        except (ConfigError, KeyError):
            continue  # a part or a key of other code than this
        if combined(here) == record["code"]:
            found[record["code"]] = here
    return {"schema": SCHEMA, "code": dict(sorted(found.items()))}


def _metrics(test: Any) -> Iterable[str]:
    """Modules of the metric parts that a claim's test names, at any depth."""
    if isinstance(test, Mapping):
        for key, value in test.items():
            if key == "metric":
                yield parts.module("metric", parts.split(value)[0])
            else:
                yield from _metrics(value)
    elif isinstance(test, list):
        for value in test:
            yield from _metrics(value)
