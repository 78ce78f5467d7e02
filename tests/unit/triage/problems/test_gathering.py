"""Who belongs to an open problem: those who came too early for it, and those who come late."""

from datetime import timedelta

from desk_contracts.events.problems import ProblemDetected, ProblemResolved
from desk_triage.changes.snapshot import EMPTY
from desk_triage.problems.counting import Counts
from desk_triage.problems.decide import end_if_quiet
from desk_triage.problems.joining import Desk
from desk_triage.problems.model import ProblemRegister

from tests.support.triage_desk import CHARTER, MONDAY
from tests.support.triage_problems import PlayedRegister, ordinary, outage, report

RELAY = ("page shows invalid relay state", "invalid relay state on the page")
BOTH = ("invalid relay state, endless redirect", "endless redirect: invalid relay state")


def test_who_came_too_early_is_found_when_more_is_known_of_what_people_say() -> None:
    early = report("early", "early", 0, "endless redirect")
    opening = outage(4, begins=1, texts=RELAY, service="", name="relay")
    played = PlayedRegister().play([*ordinary(), early, *opening])
    assert sorted(played.listed) == [f"relay-{n}" for n in range(4)]
    played.play(outage(8, begins=4, texts=BOTH, service="", name="both"))
    assert len(played.of(ProblemDetected)) == 1
    assert played.listed.count("early") == 1
    (problem,) = played.problems
    assert problem.first_at == MONDAY


def test_what_never_fits_stays_a_report_of_its_own() -> None:
    other = report("other", "other", 0, "coffee machine leaks in the kitchen")
    opening = outage(4, begins=1, texts=RELAY, service="", name="relay")
    later = outage(20, begins=4, texts=BOTH, service="", name="both")
    played = PlayedRegister().play([*ordinary(), other, *opening, *later])
    assert "other" not in played.listed


def test_it_goes_on_while_it_is_still_reported_though_seldom() -> None:
    late = outage(4, begins=9, every=9, name="late")
    played = PlayedRegister().play([*ordinary(), *outage(8), *late])
    assert played.of(ProblemResolved) == []
    assert len(set(played.listed)) == 12
    assert played.register is not None
    evening = MONDAY + timedelta(hours=3)
    played.take(end_if_quiet(played.register, evening, played.desk))
    assert len(played.of(ProblemResolved)) == 1


def test_what_comes_in_a_trouble_or_soon_after_it_is_not_compared_with() -> None:
    """It may report the trouble in other words, and what is enough would be too much next time."""
    later = ordinary(60, until=200, every=2, name="later")
    events = [*outage(8), *outage(2, begins=28, name="late"), *later]
    played = PlayedRegister().play([*ordinary(), *sorted(events, key=lambda event: event.time)])
    assert len(played.of(ProblemResolved)) == 1
    assert played.register is not None
    compared = [report.ticket for report in played.register.others]
    assert "late-0" not in compared
    assert "later-40" in compared


def test_replicas_that_keep_the_register_one_after_the_other_decide_as_one() -> None:
    """What each still has of counts from its last time is old, and the store gives the register."""
    late = outage(3, begins=12, every=7, name="late")
    after = ordinary(80, until=60, every=0.5, name="after")
    opening = [*outage(15), *outage(8, begins=25, texts=BOTH, service="", name="both"), *late]
    events = [*ordinary(400), *sorted([*opening, *after], key=lambda event: event.time)]
    once = PlayedRegister().play(events)
    assert len(once.of(ProblemDetected)) == 2
    shared = PlayedRegister()
    desks = [Desk(CHARTER, EMPTY, Counts()) for _ in range(3)]
    for number, event in enumerate(events):
        shared.desk = desks[number // 5 % len(desks)]
        if shared.register is not None:
            stored = shared.register.model_dump_json()
            shared.register = ProblemRegister.model_validate_json(stored)
        shared.play([event])
    assert shared.emitted == once.emitted
