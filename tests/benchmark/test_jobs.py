"""Jobs take turns, and their names tell apart whatever changes their figures."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from exphil.backbones.config import CONFIGS
from exphil.benchmark.contest import SCALING_WINDOWS, STAGES, Contest
from exphil.benchmark.jobs import Job, at_window, measured, plan
from exphil.benchmark.results import write_result
from exphil.training.config import TrainConfig
from tests.benchmark.results import made


def planned(**options: object) -> list[Job]:
    return plan(Contest(**options), Path("store"), "f")  # type: ignore[arg-type]


def named(jobs: list[Job], stage: str) -> set[str]:
    return {job.name for job in jobs if job.stage == stage}


def test_backbones_take_turns_within_a_stage() -> None:
    jobs = planned(backbones=("mlp", "gru"), seeds=(0, 1), rounds=2)
    order = [(job.stage, job.backbone, job.number) for job in jobs]
    for stage, numbers in (("speed", (0, 1)), ("train", (0, 1)), ("scaling", SCALING_WINDOWS)):
        turns = [(name, number) for number in numbers for name in ("mlp", "gru")]
        assert [item[1:] for item in order if item[0] == stage] == turns
    assert list(dict.fromkeys(item[0] for item in order)) == list(STAGES)


def test_every_job_has_a_name_of_its_own() -> None:
    jobs = planned(seeds=(0, 1), rounds=3)
    assert len({job.name for job in jobs}) == len(jobs) == len(CONFIGS) * (3 + 3 + 2 + len(SCALING_WINDOWS))


def test_a_name_changes_with_what_changes_the_figures_and_with_nothing_else() -> None:
    base, longer, wider = planned(), planned(shared={"epochs": 9}), planned(shared={"hidden_size": 8})
    assert named(base, "train").isdisjoint(named(longer, "train"))
    for stage in ("speed", "latency", "scaling"):
        assert named(base, stage) == named(longer, stage)
    for stage in STAGES:
        assert named(base, stage).isdisjoint(named(wider, stage))
    elsewhere = plan(Contest(), Path("other"), "f")
    assert [job.name for job in elsewhere] == [job.name for job in base]
    assert named(plan(Contest(), Path("store"), "g"), "speed").isdisjoint(named(base, "speed"))


def test_a_job_survives_json() -> None:
    for job in planned(rounds=1):
        back = Job.from_dict(job.to_dict())
        assert back.name == job.name
        assert back.config == job.config
        assert back.store.is_absolute()


@given(st.integers(1, 512), st.integers(1, 512), st.sampled_from(SCALING_WINDOWS))
def test_scaling_keeps_the_frames_of_a_batch(window_size: int, batch_size: int, window: int) -> None:
    config = at_window(TrainConfig(window_size=window_size, batch_size=batch_size), window)
    frames = window_size * batch_size
    assert config.window_size == window
    assert abs(config.window_size * config.batch_size - frames) <= max(window / 2, window - frames)


def test_what_earlier_calls_measured_is_found_again(tmp_path: Path) -> None:
    asked = Contest(backbones=("mlp",), stages=("speed",), rounds=1)
    earlier = Contest(backbones=("sliding_window",), seeds=(0, 1, 2), rounds=4)
    for job in plan(earlier, Path("store"), "f"):
        if job.stage in ("latency", "train"):
            write_result(tmp_path, job, made(job.stage, job.backbone, job.number))
    found = measured(asked, tmp_path)
    assert found.backbones == ("mlp", "sliding_window")
    assert (found.seeds, found.rounds, found.stages) == ((0, 1, 2), 4, STAGES)
    assert measured(asked, tmp_path / "nowhere").backbones == ("mlp",)
