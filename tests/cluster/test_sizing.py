"""Groups that fit a node, growth that stops at what there is, and jobs that fit nowhere."""

import pytest

from respike.cluster import sizing
from respike.cluster.nodes import Need, Node, Partition
from respike.core import layout, yaml
from respike.core.chain import TAKES
from respike.core.errors import ConfigError
from tests.workflow import toy

PROFILE = yaml.load(toy.ROOT / sizing.PROFILE, sizing.PROFILE).value


def queue(*nodes, name="main", minutes=1440, default=True):
    """A partition of nodes given as (cpus, memory_mb) or (cpus, memory_mb, gpus)."""
    found = [
        Node(f"n{i}", cpus, memory, *(more or [0]), ("IDLE",), (name,))
        for i, (cpus, memory, *more) in enumerate(nodes)
    ]
    return Partition(name, default, "UP", minutes, "OFF", None, None, tuple(found))


def profile(**stages):
    """A profile of stages as (mem_mb, runtime), each in a group of its own."""
    rows = {
        s: {"mem_mb": f"{mem} * attempt", "runtime": f"{time} * attempt"}
        for s, (mem, time) in stages.items()
    }
    return {"retries": 2, "groups": {s: f"{s}-{{study}}" for s in rows}, "set-resources": rows}


def sized(given, *queues, short=None):
    stages = given["set-resources"]
    words = sizing.arguments(given, queues, stages, stages if short is None else short)
    return options(words.arguments), words.said


def options(words):
    """Option -> the words that follow it."""
    found = {}
    for word in words:
        if word.startswith("--"):
            found[word] = []
        else:
            found[list(found)[-1]].append(word)
    return found


def test_what_a_job_asks_for_grows_with_the_attempt():
    given = profile(emulate=(2000, 30))
    given["set-resources"]["emulate"]["gpu"] = 1

    assert sizing.need(given, "emulate", 1) == Need(1, 2000, 1, 30)
    assert sizing.need(given, "emulate", 3) == Need(1, 6000, 1, 90)


@pytest.mark.parametrize("text", ["input.size_mb * 2", "2000*attempt", "attempt * 2"])
def test_an_amount_that_cannot_be_foreseen_is_refused(text):
    given = profile(emulate=(1, 1))
    given["set-resources"]["emulate"]["mem_mb"] = text

    with pytest.raises(ConfigError, match=r"mem_mb of emulate is '.*'; write a number or, to"):
        sizing.need(given, "emulate", 1)


# ------------------------------------------------------------------ how many go together


@pytest.mark.parametrize(
    ("nodes", "together"),
    [
        ([(64, 256_000)], 12),  # as many as are worth it
        ([(64, 256_000), (1, 256_000)], 12),  # one by one on the smallest, in 12 layers
        ([(2, 18_000)], 12),  # two by two
        ([(2, 17_999)], 12),
    ],
)
def test_a_dozen_short_jobs_go_together_on_any_node_where_time_allows(nodes, together):
    found, said = sized(profile(emulate=(3000, 30)), queue(*nodes))

    assert found["--group-components"] == [f"emulate-{{study}}={together}"]
    assert said == ["up to 12 jobs of emulate go together"]


def test_a_group_is_never_wider_than_the_smallest_node_nor_longer_than_allowed():
    found, said = sized(
        profile(emulate=(3000, 15)), queue((4, 20_000), (2, 18_000), minutes=20)
    )

    # 2 side by side with 9,000 MB each in the last attempt, 20 / 5 = 4 layers of 5 min
    assert found["--group-components"] == ["emulate-{study}=8"]
    assert found["--cores"] == ["2"]
    assert found["--resources"] == ["mem_mb=18000"]
    assert found["--set-resources"] == [
        "emulate:mem_mb=3000 * attempt",
        "emulate:runtime=min(15 * attempt, 5)",
    ]
    assert said == [
        "up to 8 jobs of emulate go together",
        "no job gets more than the 20 min that its partition allows",
    ]


def test_the_memory_of_the_last_attempt_counts_for_the_width():
    narrow, _ = sized(profile(emulate=(3000, 1)), queue((8, 17_999), minutes=5))
    wide, _ = sized(profile(emulate=(3000, 1)), queue((8, 18_000), minutes=5))

    assert "--group-components" not in narrow  # one of 9,000 MB alone
    assert wide["--group-components"] == ["emulate-{study}=2"]


def test_a_stage_that_is_not_short_is_sent_one_by_one():
    found, said = sized(profile(emulate=(3000, 30)), queue((64, 256_000)), short=())

    assert "--group-components" not in found
    assert said == []


def test_a_chain_goes_alone_and_its_links_share_the_time():
    given = profile(synthesize=(1000, 30), prepare=(1000, 30))
    given["groups"] = {"synthesize": "data", "prepare": "data"}

    found, _ = sized(given, queue((64, 256_000), minutes=60))

    assert "--group-components" not in found
    assert "prepare:runtime=min(30 * attempt, 30)" in found["--set-resources"]


def test_jobs_that_need_a_gpu_are_never_stacked_as_nothing_limits_their_number():
    given = profile(train=(10, 10))
    given["set-resources"]["train"]["gpu"] = 1

    found, _ = sized(given, queue((64, 9000, 4)))

    assert found["--group-components"] == ["train-{study}=4"]


def test_an_unlimited_partition_cuts_no_time():
    found, said = sized(profile(emulate=(10, 600)), queue((4, 9000), minutes=None))

    assert "emulate:runtime=600 * attempt" in found["--set-resources"]
    assert said == ["up to 12 jobs of emulate go together"]


def test_growth_stops_at_the_largest_node_and_it_is_said():
    given = profile(train=(4000, 30))
    given["groups"] = {}

    found, said = sized(given, queue((4, 3000), (4, 9000)))

    assert found["--resources"] == ["mem_mb=9000"]
    assert said == ["the last attempt gets 9000 MB instead of 12000: no node has more"]


# ------------------------------------------------------------------ what fits nowhere


def test_a_job_that_fits_no_node_is_refused_with_what_there_is():
    with pytest.raises(
        ConfigError,
        match=r"a job of train asks for 1 CPU, 4000 MB and 30 min, and main has at most 3999 "
        r"MB a node; no other partition has it; lower it in profiles/slurm/config\.yaml",
    ):
        sized(profile(train=(4000, 30)), queue((4, 3999)))


def test_a_partition_where_it_would_fit_is_named():
    large = queue((4, 8000), name="large", default=False)

    with pytest.raises(ConfigError, match="it fits large: name that as its slurm_partition in"):
        sized(profile(train=(4000, 30)), queue((4, 3999)), large)


def test_a_gpu_that_no_partition_has_is_refused():
    given = profile(train=(10, 10))
    given["set-resources"]["train"]["gpu"] = 2

    with pytest.raises(ConfigError, match=r"asks for 2 GPU, 1 CPU.*main has at most 1 GPUs a"):
        sized(given, queue((4, 8000, 1)))


def test_a_stage_goes_to_its_own_partition_before_the_profiles_and_the_default():
    given = profile(train=(10, 10), emulate=(10, 10))
    there = [queue((1, 100), name=name, default=name == "a") for name in ("a", "b", "c")]

    def names():
        return [sizing.queue_of(given, s, there, None).name for s in ("train", "emulate")]

    assert names() == ["a", "a"]
    given["default-resources"] = ["slurm_account=x", "slurm_partition=b"]
    given["set-resources"]["emulate"]["slurm_partition"] = "c"
    assert names() == ["b", "c"]
    assert sizing.queue_of(given, "train", there, "c").name == "c"
    given["default-resources"] = {"slurm_partition": "a"}
    assert names() == ["a", "c"]


def test_a_group_never_mixes_stages_with_and_without_a_gpu():
    given = profile(synthesize=(10, 10), prepare=(10, 10))
    given["groups"] = {"synthesize": "data", "prepare": "data"}
    given["set-resources"]["prepare"]["gpu"] = 1

    with pytest.raises(
        ConfigError, match="the group data mixes synthesize and prepare, and only"
    ):
        sized(given, queue((4, 8000, 1)))


# ------------------------------------------------------------------ the profile itself


def test_the_groups_of_the_profile_mix_no_gpu_and_every_stage_of_them_is_asked_for():
    sizing.check_groups(PROFILE)

    assert PROFILE["groups"].keys() <= PROFILE["set-resources"].keys()
    assert "group-components" not in PROFILE  # plain snakemake knows no nodes


def follows():
    """Stage -> the stages that it can wait for, at once or by way of others."""
    data = {"prepare": {"synthesize", "fetch"}}
    runs = {stage: {"prepare"} for stage in layout.CHAIN}
    for stage, words in TAKES.items():
        runs[stage] |= {s for _, allowed in words.values() for s in allowed}
    direct = {**data, **runs, "judge": set(layout.CHAIN), "report": {"judge"}}
    found = {stage: set(before) for stage, before in direct.items()}
    for _ in found:
        for stage, before in found.items():
            found[stage] = before.union(*(found.get(s, set()) for s in before))
    return direct, found


def test_no_two_groups_of_the_profile_can_wait_for_each_other():
    direct, all_of_them = follows()

    for group, stages in sizing.grouped(PROFILE).items():
        for stage in stages:
            between = direct.get(stage, set()) - set(stages)
            back = [s for s in between if all_of_them.get(s, set()) & set(stages)]
            assert back == [], f"{group}: {stage} waits for {back}, which wait for {stages}"
            if len(stages) == 1:
                assert stage not in all_of_them.get(stage, set()), group
