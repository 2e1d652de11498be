"""The checked configuration, and the functions of wildcards that rules are made of."""

import gc
import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))

from respike.claims import grammar
from respike.core import clock, lock, shells, told
from respike.core.config import Config
from respike.core.errors import RespikeError
from respike.core.history import registered
from respike.core.layout import BUDGETS, ID, benchmark, log, output, record, STAGES
from respike.core.lock import release

RESULTS = Path.cwd()
GENERATION = lock.generation(RESULTS)


if (
    lock.EPOCH not in os.environ
    and not (RESULTS / ".snakemake/metadata").is_dir()
    and next((RESULTS / "results").rglob("record.json"), None)
):
    said = "Snakemake's notes are gone: it takes results/ as they are, `respike run` compares them"
    print(said, file=sys.stderr, flush=True)


def sentence(call, *args):
    """Turn our errors into Snakemake's, so that the sentence stands without a traceback."""
    try:
        return call(*args)
    except RespikeError as error:
        raise WorkflowError(str(error)) from None


OVERRIDES = {k: v for k, v in config.items() if k != "overrides"}
OVERRIDES |= json.loads(config.get("overrides", "json:{}").removeprefix("json:"))
CONFIG = sentence(Config, ROOT, OVERRIDES, grammar.check, workflow.is_main_process)

shell.prefix(
    shells.prefix(
        ROOT, DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    )
)


wildcard_constraints:
    budget="|".join(BUDGETS),
    dataset=ID,
    study=ID,
    variant=ID,
    seed=r"\d+",
    kernel=ID,


# Snakemake lets go of little while it plans, and what is there would be looked through again
# and again: 15 to 20 % of the time
gc.freeze()
gc.set_threshold(100_000, 20, 100)


def guard():
    """One run at a time: see respike/core/lock.py. Times in the future become the present."""
    try:
        lock.guard(RESULTS, GENERATION)
    except RespikeError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(error.exit_code)
    if future := clock.settle(RESULTS):
        said = f"{future} files had a time in the future: it is the present now, content decides"
        print(said, file=sys.stderr, flush=True)


def targets(budget):
    """Input function of a budget's target."""
    return lambda w: sentence(CONFIG.targets, budget)


def outputs(stage):
    """Outputs of a stage by name, its record last."""
    row = STAGES[stage]
    named = {name: output(stage, name) for name in (*row.content, *row.evidence)}
    return {**named, "record": record(stage)}


def inputs(stage):
    """Input function: the files that a job of a stage reads."""
    return lambda w: sentence(CONFIG.inputs, stage, dict(w))


def settings(stage):
    """Params function: all that a job is told, as one text (respike/core/told.py)."""
    return lambda w: sentence(CONFIG.told, stage, dict(w))


def code(stage):
    """Params function: fingerprint of the stage and of every part it uses."""
    return lambda w: sentence(CONFIG.code, stage, dict(w))


def env(stage):
    """Name of a stage's pinned environment and the hash of its lock."""
    return sentence(CONFIG.env, STAGES[stage].env)


def env_file(stage):
    """The same environment for conda."""
    return f"../../envs/{STAGES[stage].env}.yaml"


def history(w):
    """Params function: which commit registered each claim, and what can be drawn here."""
    commits = {study: registered(ROOT, study) for study in CONFIG.asked}
    return sentence(told.text, commits)
