"""What a group of jobs is called in what is said of it."""

from types import SimpleNamespace

from respike.cluster import words


def job(stage, seed):
    """One job of a study."""
    wildcards = {"study": "s", "variant": "v", "seed": str(seed)}
    rule = SimpleNamespace(name=stage)
    return SimpleNamespace(is_group=lambda: False, rule=rule, wildcards_dict=wildcards)


def group(*jobs):
    """Jobs that are submitted as one."""
    return SimpleNamespace(is_group=lambda: True, jobs=jobs, name="emulate-s")


def test_a_group_is_called_by_its_number_and_its_first():
    found = words.label(group(job("emulate", 1), job("emulate", 0)))

    assert found == "group of 2 jobs (emulate s/v seed 0, ...)"


def test_a_group_of_one_is_called_as_that_one_is():
    assert words.label(group(job("emulate", 1))) == "emulate s/v seed 1"
