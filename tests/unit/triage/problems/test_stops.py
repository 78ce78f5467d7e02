"""A runbook that was stopped is one problem of its owner, until a person ends it."""

from datetime import timedelta

from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import RunbookResumed, RunbookStopped, StopKind
from desk_contracts.events.breakers import RunbookMatchesWithheld
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemStatus,
    ProblemUpdated,
)
from desk_contracts.events.trouble import StopReported
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_platform.kafka import CommandQueue
from desk_triage.problems.decide import end_if_quiet
from desk_triage.problems.model import REGISTER, ProblemRegister
from desk_triage.problems.owner import confirm_problem, reject_problem
from desk_triage.problems.stops import MAX_STOPPED

from tests.support.triage_desk import MONDAY, TriageDesk
from tests.support.triage_problems import PlayedRegister

HOUR = timedelta(hours=1)
FLEET = message(
    "stop.fleet", count=60, within=timedelta(minutes=10), targets=["laptop-0", "laptop-1"]
)
RING = message("stop.ring", ring=2, size=2, failed=1, needed=2)
WHY = {
    StopKind.FLEET: (FLEET,),
    StopKind.RING: (RING,),
    StopKind.BREAKER: (
        message("stop.breaker", count=60, until=MONDAY + HOUR),
        message("run.did-not-help", measured=message("measured.nothing-by-runbook")),
    ),
}


def stopped(
    hour: int = 0, *, kind: StopKind = StopKind.FLEET, runbook: str = "clean-disk", team: str = ""
) -> AnyEvent:
    """As automation says it: an event lists fifty targets, and counts all."""
    data = RunbookStopped(
        runbook=runbook,
        title="Free space on a laptop's disk",
        team=team or "workplace",
        kind=kind,
        explanation=WHY[kind],
        targets=tuple(f"laptop-{number}" for number in range(50)),
        target_count=60,
        waiting=7,
    )
    return Event(
        f"{runbook}/stopped/{hour}", "/desk/automation", runbook, MONDAY + hour * HOUR, data
    )


def withheld(hour: int, count: int, since: int = 0) -> AnyEvent:
    data = RunbookMatchesWithheld(
        runbook="clean-disk",
        title="Free space on a laptop's disk",
        team="workplace",
        stopped_at=MONDAY + since * HOUR,
        failures=60,
        count=count,
        targets=tuple(f"laptop-{number}" for number in range(100, 100 + count)),
    )
    at = MONDAY + hour * HOUR
    return Event(f"withheld/{since}/{count}", "/desk/automation", "clean-disk", at, data)


def resumed(
    hour: int, *, since: int = 0, kind: StopKind = StopKind.FLEET, withheld: int = 0
) -> AnyEvent:
    data = RunbookResumed(
        runbook="clean-disk",
        title="Free space on a laptop's disk",
        kind=kind,
        stopped_at=MONDAY + since * HOUR,
        by="eva",
        reason="We replaced the update server.",
        withheld=withheld,
    )
    at = MONDAY + hour * HOUR
    return Event(f"clean-disk/resumed/{since}", "/desk/automation", "clean-disk", at, data)


async def register_of(desk: TriageDesk) -> ProblemRegister:
    state = (await desk.register.load([REGISTER]))[REGISTER].state
    assert state is not None
    return state


def changes_of(desk: TriageDesk) -> list[list[str]]:
    """The codes of what the owner was told beside the problem itself."""
    updates = [event.data for event in desk.emitted(ProblemUpdated)]
    return [
        [reason.code for reason in update.explanation]
        for update in updates
        if isinstance(update, ProblemUpdated)
    ]


async def test_its_owner_gets_one_proposed_problem_with_the_numbers_and_nobody_is_in_it() -> None:
    desk = TriageDesk()
    await desk.feed(stopped(), stopped())
    await desk.feed(stopped())
    [event] = desk.emitted(ProblemDetected)
    data = event.data
    assert isinstance(data, ProblemDetected)
    assert (data.team, data.status) == ("workplace", ProblemStatus.PROPOSED)
    assert (data.runbook, data.stop, data.tickets, data.people) == ("clean-disk", "fleet", (), ())
    assert (data.title.code, data.title.params["count"]) == ("problem.stopped-fleet", 60)
    assert data.explanation == (FLEET, message("problem.stopped-waiting", count=7))


async def test_where_a_ring_failed_the_targets_are_named() -> None:
    desk = TriageDesk()
    await desk.feed(stopped(kind=StopKind.RING))
    [event] = desk.emitted(ProblemDetected)
    assert isinstance(event.data, ProblemDetected)
    assert event.data.title.code == "problem.stopped-ring"
    reason, where, waiting = event.data.explanation
    assert (reason, waiting.code) == (RING, "problem.stopped-waiting")
    assert (where.code, where.params["count"]) == ("problem.stopped-at", 60)
    assert where.params["targets"] == tuple(f"laptop-{number}" for number in range(10))


async def test_that_it_goes_on_ends_nothing_and_its_owner_is_told_once() -> None:
    desk = TriageDesk()
    await desk.feed(stopped(), resumed(2))
    await desk.feed(resumed(2), stopped())
    [problem] = (await register_of(desk)).unreported
    assert (problem.resumed_at, problem.status) == (MONDAY + 2 * HOUR, ProblemStatus.PROPOSED)
    assert changes_of(desk) == [["problem.stop-over"]]
    assert len(desk.emitted(StopReported)) == 2


async def test_a_second_stop_is_news_of_the_same_problem() -> None:
    desk = TriageDesk()
    await desk.feed(stopped(), resumed(2), stopped(3))
    assert len(desk.emitted(ProblemDetected)) == 1
    assert changes_of(desk)[1] == ["problem.stop-again", "stop.fleet", "problem.stopped-waiting"]
    [problem] = (await register_of(desk)).unreported
    assert (problem.stopped_at, problem.resumed_at) == (MONDAY + 3 * HOUR, None)


async def test_what_ended_an_older_stop_says_nothing_of_the_newer_one() -> None:
    desk = TriageDesk()
    await desk.feed(stopped(), resumed(2), stopped(3))
    replayed = resumed(2)
    again = Event("another-id", replayed.source, replayed.subject, replayed.time, replayed.data)
    await desk.feed(again)
    [problem] = (await register_of(desk)).unreported
    assert problem.resumed_at is None
    await desk.feed(resumed(4, since=3))
    [problem] = (await register_of(desk)).unreported
    assert problem.resumed_at == MONDAY + 4 * HOUR


async def test_many_equal_faults_and_a_repair_that_is_none_are_two_problems() -> None:
    desk = TriageDesk()
    await desk.feed(stopped(), resumed(1), stopped(2, kind=StopKind.RING))
    kinds = [problem.stop for problem in (await register_of(desk)).unreported]
    assert kinds == [StopKind.FLEET, StopKind.RING]


async def test_after_its_end_nothing_is_told_of_it_and_the_next_stop_opens_another() -> None:
    desk, played = TriageDesk(), PlayedRegister()
    await desk.feed(stopped())
    [problem] = (await register_of(desk)).unreported

    def end(register: ProblemRegister | None, context: Context) -> Decision[ProblemRegister]:
        return reject_problem(register, problem.id, "eva", context.now, played.desk)

    await CommandQueue(desk.register_unit_of_work).change(REGISTER, end)
    await desk.feed(resumed(2))
    assert (changes_of(desk), (await register_of(desk)).unreported) == ([], ())
    await desk.feed(stopped(3))
    [another] = (await register_of(desk)).unreported
    assert another.id != problem.id


async def test_time_ends_it_never_and_who_confirms_it_says_only_what_is_known() -> None:
    desk, played = TriageDesk(), PlayedRegister()
    await desk.feed(stopped(), resumed(1))
    register = await register_of(desk)
    quiet = end_if_quiet(register, MONDAY + timedelta(days=60), played.desk)
    assert (quiet.state.unreported, quiet.due) == (register.unreported, None)
    [problem] = register.unreported
    [event] = confirm_problem(register, problem.id, "eva", MONDAY, played.desk).events
    assert isinstance(event.data, ProblemConfirmed)
    assert event.data.message.code == "problem.stopped-notice"


async def test_a_team_that_is_no_more_hands_it_to_the_default_team() -> None:
    desk = TriageDesk()
    await desk.feed(stopped(team="gone"))
    [problem] = (await register_of(desk)).unreported
    assert problem.team == desk.charter.owner_of("").name


async def test_a_full_register_takes_no_more() -> None:
    desk = TriageDesk()
    for number in range(MAX_STOPPED + 2):
        await desk.feed(stopped(runbook=f"runbook-{number}"))
    assert len((await register_of(desk)).unreported) == MAX_STOPPED


async def test_an_open_breaker_is_a_problem_of_its_own_with_the_last_evidence() -> None:
    desk = TriageDesk()
    await desk.feed(stopped(kind=StopKind.BREAKER), stopped(1), resumed(2, kind=StopKind.BREAKER))
    problems = {problem.stop: problem for problem in (await register_of(desk)).unreported}
    assert problems.keys() == {StopKind.BREAKER, StopKind.FLEET}
    problem, fleet = problems[StopKind.BREAKER], problems[StopKind.FLEET]
    assert problem.team == "workplace"
    assert (problem.title.code, problem.message.code) == (
        "problem.stopped-breaker",
        "problem.breaker-notice",
    )
    assert (problem.resumed_at, fleet.resumed_at) == (MONDAY + 2 * HOUR, None)
    [event] = [
        event
        for event in desk.emitted(ProblemDetected)
        if isinstance(event.data, ProblemDetected)
        and event.data.explanation[0].code == "stop.breaker"
    ]
    assert isinstance(event.data, ProblemDetected)
    assert [reason.code for reason in event.data.explanation] == [
        "stop.breaker",
        "run.did-not-help",
        "problem.stopped-at",
        "problem.stopped-waiting",
    ]
    assert changes_of(desk) == [["problem.stop-over"]]


async def test_what_an_open_breaker_withholds_is_evidence_of_its_one_problem() -> None:
    desk = TriageDesk()
    await desk.feed(stopped(kind=StopKind.BREAKER), withheld(1, 1), withheld(1, 2))
    await desk.feed(withheld(1, 1), withheld(1, 2))  # read once more
    [problem] = (await register_of(desk)).unreported
    assert (problem.withheld, len(desk.emitted(ProblemDetected))) == (2, 1)
    assert changes_of(desk) == [["problem.stop-withheld"]] * 2
    await desk.feed(resumed(3, kind=StopKind.BREAKER, withheld=3))
    assert changes_of(desk)[2:] == [["problem.stop-over", "problem.stop-withheld"]]
    await desk.feed(withheld(4, 4))  # one that was withheld before, and counted late
    [problem] = (await register_of(desk)).unreported
    assert (problem.withheld, problem.resumed_at) == (4, MONDAY + 3 * HOUR)


async def test_the_next_time_it_opens_counts_from_nothing_and_an_older_count_changes_nothing() -> (
    None
):
    desk = TriageDesk()
    await desk.feed(stopped(kind=StopKind.BREAKER), withheld(1, 8))
    await desk.feed(resumed(2, kind=StopKind.BREAKER, withheld=9))
    await desk.feed(stopped(3, kind=StopKind.BREAKER), withheld(4, 16))
    [problem] = (await register_of(desk)).unreported
    assert problem.withheld == 0
    await desk.feed(withheld(5, 1, since=3))
    [problem] = (await register_of(desk)).unreported
    assert problem.withheld == 1


async def test_who_ended_the_problem_hears_anew_of_what_gets_no_ticket() -> None:
    desk, played = TriageDesk(), PlayedRegister()
    await desk.feed(stopped(kind=StopKind.BREAKER))
    [problem] = (await register_of(desk)).unreported

    def end(register: ProblemRegister | None, context: Context) -> Decision[ProblemRegister]:
        return reject_problem(register, problem.id, "eva", context.now, played.desk)

    await CommandQueue(desk.register_unit_of_work).change(REGISTER, end)
    await desk.feed(withheld(1, 1))
    [another] = (await register_of(desk)).unreported
    assert (another.id != problem.id, another.stop, another.withheld) == (True, "breaker", 1)
    [_, event] = desk.emitted(ProblemDetected)
    assert isinstance(event.data, ProblemDetected)
    assert (event.data.team, event.data.title.params["count"]) == ("workplace", 60)
    assert [reason.code for reason in event.data.explanation] == ["problem.stop-withheld"]
