"""A fix that automation needs too often is a problem of its owner, until a person ends it."""

from datetime import timedelta

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import FixRepeated
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemEnd,
    ProblemResolved,
    ProblemStatus,
    ProblemUpdated,
)
from desk_kernel import Context, Decision
from desk_platform.kafka import CommandQueue
from desk_triage.problems.decide import end_if_quiet
from desk_triage.problems.model import REGISTER, Problem, ProblemRegister, omit_members
from desk_triage.problems.owner import confirm_problem, merge_problems, resolve_problem
from desk_triage.problems.repeats import MAX_REPEATED

from tests.support.triage_desk import MONDAY, TriageDesk
from tests.support.triage_problems import PlayedRegister, ordinary, outage

HOUR = timedelta(hours=1)


def repeated(number: int = 1, target: str = "", runbook: str = "clean-disk") -> AnyEvent:
    data = FixRepeated(
        runbook=runbook,
        title="Free space on a laptop's disk",
        why="Caches fill up.",
        team="workplace",
        target=target,
        service="laptop",
        count=3,
        days=30,
        number=number,
    )
    id = f"{runbook}/{target}/{number}"
    return Event(id, "/desk/automation", target or runbook, MONDAY + number * HOUR, data)


async def register_of(desk: TriageDesk) -> ProblemRegister:
    state = (await desk.register.load([REGISTER]))[REGISTER].state
    assert state is not None
    return state


async def open_problem(desk: TriageDesk) -> Problem:
    [problem] = (await register_of(desk)).unreported
    return problem


async def test_its_owner_gets_one_problem_with_the_reasons_and_nobody_is_named() -> None:
    desk = TriageDesk()
    await desk.feed(repeated(), repeated())
    await desk.feed(repeated())
    [event] = desk.emitted(ProblemDetected)
    data = event.data
    assert isinstance(data, ProblemDetected)
    assert (data.team, data.status, data.runbook) == (
        "workplace",
        ProblemStatus.PROPOSED,
        "clean-disk",
    )
    assert (data.tickets, data.people, data.ticket_count) == ((), (), 0)
    assert [reason.code for reason in data.explanation] == [
        "problem.repeated-everywhere",
        "problem.repeated-why",
    ]


async def test_while_it_is_open_further_reports_are_counted_in_it() -> None:
    desk = TriageDesk()
    await desk.feed(repeated())
    await desk.feed(repeated(2), repeated(1, "laptop-1"))
    assert len(desk.emitted(ProblemDetected)) == 2
    assert not desk.emitted(ProblemUpdated)
    first, of_target = (await register_of(desk)).unreported
    assert (first.repeats, of_target.repeats, of_target.target) == (6, 3, "laptop-1")


async def test_time_ends_it_never_and_a_person_does() -> None:
    desk, played = TriageDesk(), PlayedRegister()
    await desk.feed(repeated())
    register, problem = await register_of(desk), await open_problem(desk)
    later = MONDAY + timedelta(days=60)
    quiet = end_if_quiet(register, later, played.desk)
    assert (quiet.state.unreported, quiet.due, quiet.events) == ((problem,), None, ())
    solved = resolve_problem(register, problem.id, "eva", "Caches are bounded", later, played.desk)
    assert not solved.state.unreported
    [event] = solved.events
    assert isinstance(event.data, ProblemResolved)
    assert (event.data.end, event.data.tickets) == (ProblemEnd.SOLVED, ())


async def test_after_its_end_the_next_report_opens_another() -> None:
    desk, played = TriageDesk(), PlayedRegister()
    await desk.feed(repeated())
    problem = await open_problem(desk)

    def end(register: ProblemRegister | None, context: Context) -> Decision[ProblemRegister]:
        return resolve_problem(register, problem.id, "eva", "", context.now, played.desk)

    await CommandQueue(desk.register_unit_of_work).change(REGISTER, end)
    await desk.feed(repeated(2))
    assert (await open_problem(desk)).id != problem.id
    assert len(desk.emitted(ProblemDetected)) == 2


async def test_who_confirms_it_says_only_what_is_known() -> None:
    desk, played = TriageDesk(), PlayedRegister()
    await desk.feed(repeated())
    problem = await open_problem(desk)
    decided = confirm_problem(await register_of(desk), problem.id, "eva", MONDAY, played.desk)
    [event] = decided.events
    assert isinstance(event.data, ProblemConfirmed)
    assert event.data.message.code == "problem.repeated-notice"
    [confirmed] = decided.state.unreported
    assert confirmed.status is ProblemStatus.CONFIRMED


async def test_no_ticket_joins_it_and_no_outage_hides_behind_it() -> None:
    desk, played = TriageDesk(), PlayedRegister()
    await desk.feed(repeated())
    played.register = (await register_of(desk)).model_copy(deep=True)
    played.play([*ordinary(), *outage(6, service="laptop")])
    [outage_problem] = played.problems
    assert len(outage_problem.members) == 6
    assert played.register is not None
    [problem] = played.register.unreported
    assert not problem.members


async def test_its_owner_may_say_that_an_outage_is_the_same() -> None:
    desk, played = TriageDesk(), PlayedRegister()
    await desk.feed(repeated())
    played.register = await register_of(desk)
    played.play([*ordinary(), *outage(6)])
    register, [outage_problem] = played.register, played.problems
    [problem] = register.unreported
    into = outage_problem.id
    merged = merge_problems(register, problem.id, into, "eva", MONDAY + HOUR, played.desk)
    assert not merged.state.unreported
    assert len(merged.state.problems[0].members) == 6


async def test_a_full_register_takes_no_more() -> None:
    desk = TriageDesk()
    for number in range(MAX_REPEATED + 2):
        await desk.feed(repeated(1, f"laptop-{number}"))
    assert len((await register_of(desk)).unreported) == MAX_REPEATED
    assert len(desk.emitted(ProblemDetected)) == MAX_REPEATED


@pytest.mark.parametrize("reports", [0, 1])
async def test_a_listing_shows_them_beside_the_others(reports: int) -> None:
    desk = TriageDesk()
    await desk.feed(*[repeated()][:reports])
    stored = (await desk.register.load([REGISTER])).get(REGISTER)
    listed = [] if stored is None or stored.state is None else omit_members(stored.state).unreported
    assert len(listed) == reports
    facets = await desk.register.find_facets({"open": True}, limit=2)
    assert len(list(facets)) == reports
