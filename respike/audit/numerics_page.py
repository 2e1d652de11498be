"""The page of what threads and instruction sets change, from what `numerics` found."""

from collections.abc import Mapping
from typing import Any

from respike.audit.numerics import NOT_RUN, REFERENCE

HEAD = """# What threads and instruction sets change

This page is written by `respike audit numerics`; do not edit it. The campaign at budget
{budget} was run {runs} times in fresh copies of the checkout, in {minutes} minutes: once as
this machine is, with one thread (the reference), and once in each numerics class below. The
records of the jobs show that each class was applied.{smoke}

    respike audit numerics --budget desk     # run all again; the result goes to audits/
    respike audit numerics --page docs/numerics.md --from docs/numerics.json   # this page

Machine: {machine}.

| class | what it is | variables | jobs | seconds |
|---|---|---|---|---|
"""
SMOKE = """

**At budget smoke networks are hardly trained and statistical claims are not judged**, so that
verdicts of identities alone stand here."""
STAGES = """
## Artifacts

How many files are equal to the reference's, byte for byte. *Exact* files are declared the same
on every CPU: data and the `exact` training always, an emulation wherever its model is the same
(in brackets how many that are). {kept}

| stage | file | files | {classes} | greatest change of |
|---|---|---|{rules}|---|
"""
CLAIMS = """
## Verdicts

{flips}

The chance that a verdict would be another under one more such class comes from the spread of
the measured value over the {count} runs, as a prediction by Student's t (df = {df}): classes
are few and chosen, so it says how near a verdict is to its edge and promises nothing. It looks
at the claim's own interval; a claim that it needs has a row of its own. {unjudged} more claims
are not run at this budget.

| claim | {names} | chance of a flip |
|---|{rules}|---|
"""
WHY = {"identity": "identity: equal or not"}


def page(found: Mapping[str, Any]) -> str:
    """The page as Markdown.

    Args:
        found: what `numerics.document` gave.
    """
    classes = [one["name"] for one in found["classes"]]
    text = HEAD.format(
        budget=found["budget"],
        runs=len(classes),
        smoke=SMOKE if found["budget"] == "smoke" else "",
        minutes=max(1, round(sum(one["seconds"] for one in found["classes"]) / 60)),
        machine=_machine(found["machine"]),
    )
    text += "".join(map(_class, found["classes"]))
    text += STAGES.format(
        kept=_kept(found["broken"]),
        classes=" | ".join(classes[1:]),
        rules="|".join("---" for _ in classes[1:]),
    )
    text += "".join(_stage(row, classes[1:]) for row in found["stages"])
    judged = [row for row in found["claims"] if row["why"] != NOT_RUN]
    text += CLAIMS.format(
        unjudged=len(found["claims"]) - len(judged),
        flips=flips(found["claims"]),
        count=len(classes),
        df=len(classes) - 1,
        names=" | ".join(classes),
        rules="|".join("---" for _ in classes),
    )
    text += "".join(_claim(row, classes) for row in judged)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def flips(claims: list[Mapping[str, Any]]) -> str:
    """One sentence: how many verdicts flip, and the greatest chance of one."""
    judged = [row for row in claims if row["why"] != NOT_RUN]
    moved = [row["claim"] for row in judged if row["flips"]]
    said = f"{len(moved)} of {len(judged)} verdicts flip"
    said += f": {', '.join(moved)}." if moved else "."
    chances = [(row["chance"], row["claim"]) for row in judged if row["chance"] is not None]
    if chances:
        most, name = max(chances)
        said += f" The greatest chance is {chance(most)}, of {name}."
    return said


def chance(value: float) -> str:
    """A probability in per cent, two digits; below 0.01 % as that."""
    if value == 0:
        return "0"
    return "< 0.01 %" if value < 1e-4 else f"{100 * value:.2g} %"


def _kept(broken: list[str]) -> str:
    if not broken:
        return "All of them are equal."
    return f"**{len(broken)} are not**: {'; '.join(broken[:5])}."


def _machine(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {v}" for name, v in machine["versions"].items() if v)
    return (
        f"{machine['architecture']}, {machine['cpu_vendor']} with"
        f" {', '.join(machine['cpu_flags']) or 'no vector flags'}; {machine['libc']}; Python"
        f" {machine['python']}; {versions}"
    )


def _class(one: Mapping[str, Any]) -> str:
    variables = ", ".join(f"`{name}={value}`" for name, value in one["variables"].items())
    return (
        f"| {one['name']} | {one['says']} | {variables or '-'} | {one['jobs']} "
        f"| {one['seconds']} |\n"
    )


def _stage(row: Mapping[str, Any], names: list[str]) -> str:
    cells = []
    for name in names:
        must = row["must_be_equal"][name]
        partly = row["exact"] and must < row["artifacts"]
        cells.append(f"{row['equal'][name]}{f' ({must} must)' if partly else ''}")
    change = ""
    if row["headline"]:
        moved = [row["greatest_change"][name] for name in names]
        numbers = ", ".join("-" if value is None else f"{value:.3g}" for value in moved)
        change = f"{row['headline']}: {numbers}"
    stage = f"{row['stage']} (exact)" if row["exact"] else row["stage"]
    return (
        f"| {stage} | {row['file']} | {row['artifacts']} | {' | '.join(cells)} | {change} |\n"
    )


def _claim(row: Mapping[str, Any], names: list[str]) -> str:
    cells = []
    for name in names:
        measured, word = row["measured"][name], row["verdicts"][name]
        turned = name != REFERENCE and name in row["flips"]
        word = f"**{word}**" if turned else word
        number = "" if measured is None else f" {measured:.4g}"
        cells.append(f"{word}{number}")
    unit = f" [{row['unit']}]" if row["unit"] else ""
    said = WHY.get(row["why"], row["why"]) if row["chance"] is None else chance(row["chance"])
    return f"| {row['claim']}{unit} | {' | '.join(cells)} | {said} |\n"
