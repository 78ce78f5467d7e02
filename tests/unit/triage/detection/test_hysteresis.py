"""What one verdict changes in what is remembered of a detector."""

import pytest
from desk_contracts.value_types import Severity, SubjectKind
from desk_triage.detection.detector import Verdict
from desk_triage.detection.hysteresis import apply_verdict, is_lasting, is_over
from desk_triage.detection.model import Episode, Watch

from tests.support.triage_desk import MONDAY

HEALTHY, TROUBLE = Verdict.HEALTHY, Verdict.TROUBLE
EPISODE = Episode(
    id="e",
    detector="d",
    signal="disk-fills",
    title="Disk fills",
    severity=Severity.WARNING,
    raised_at=MONDAY,
    value=1,
    subject_kind=SubjectKind.DEVICE,
)


def watch(
    *verdicts: tuple[Verdict, float], episode: Episode | None = None, clear_s: float | None = None
) -> Watch:
    result = Watch(detector="d", episode=episode, clear_s=clear_s)
    for verdict, at_s in verdicts:
        result = apply_verdict(result, verdict, at_s)
    return result


@pytest.mark.parametrize("seconds", [1.0, 59.0, 60.0, 3_600.0])
def test_health_ends_all_trouble_before_it_however_soon_it_follows(seconds: float) -> None:
    before = watch((HEALTHY, 0), (TROUBLE, 0.5))
    after = apply_verdict(before, HEALTHY, seconds)
    assert not is_over(before)
    assert is_over(after)
    assert after.clear_s == seconds


@pytest.mark.parametrize("at_s", [10.0, 20.0])
def test_health_that_comes_late_takes_back_only_trouble_that_is_no_younger(at_s: float) -> None:
    after = watch((TROUBLE, 10), (TROUBLE, 20), (TROUBLE, 21), (HEALTHY, at_s))
    assert after.troubles == tuple(moment for moment in (20.0, 21.0) if moment > at_s)
    assert after.clear_s == at_s


@pytest.mark.parametrize(("at_s", "is_written"), [(59.0, False), (60.0, True)])
def test_while_all_is_well_it_is_written_down_once_a_minute(at_s: float, is_written: bool) -> None:
    calm = watch((HEALTHY, 0))
    after = apply_verdict(calm, HEALTHY, at_s)
    assert (after is not calm) is is_written
    assert after.clear_s == (at_s if is_written else 0)


def test_with_an_open_episode_every_healthy_moment_is_written_down() -> None:
    after = watch((HEALTHY, 1), episode=EPISODE, clear_s=0)
    assert after.clear_s == 1


@pytest.mark.parametrize("verdict", list(Verdict))
def test_what_is_no_younger_than_the_newest_health_changes_nothing(verdict: Verdict) -> None:
    before = watch((HEALTHY, 100), (TROUBLE, 101))
    assert apply_verdict(before, verdict, 100) is before
    assert apply_verdict(before, verdict, 99) is before


@pytest.mark.parametrize("verdict", [item for item in Verdict if item not in {HEALTHY, TROUBLE}])
def test_what_cannot_be_judged_changes_nothing(verdict: Verdict) -> None:
    before = watch((TROUBLE, 1))
    assert apply_verdict(before, verdict, 2) is before


def test_trouble_lasts_from_its_first_moment_to_its_last() -> None:
    before = watch((TROUBLE, 130), (TROUBLE, 10))
    assert is_lasting(before, 120)
    assert not is_lasting(before, 121)
    assert apply_verdict(before, TROUBLE, 10) is before
    assert not is_lasting(watch(), 0)
    assert is_lasting(watch((TROUBLE, 5)), 0)


def test_of_long_trouble_the_first_moment_and_the_newest_are_kept() -> None:
    after = watch(*((TROUBLE, float(number)) for number in range(50)))
    assert after.troubles == (0.0, *map(float, range(19, 50)))
    assert len(after.troubles) == 32


def test_of_an_open_episode_only_the_newest_moment_is_kept() -> None:
    after = watch((TROUBLE, 5), (TROUBLE, 9), (TROUBLE, 7), episode=EPISODE)
    assert after.troubles == (9.0,)
    assert apply_verdict(after, TROUBLE, 9) is after
