"""An SLA at risk or breached: the charter's level is done, once, whatever comes in which order."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
from desk_contracts import AnyEvent
from desk_contracts.events.sla import ClockName, SlaAtRisk, SlaBreached
from desk_contracts.events.tickets import (
    How,
    TicketAssigned,
    TicketReopened,
    TicketResolved,
    TicketTriaged,
    TicketUpdated,
)
from desk_contracts.events.triage import EscalationDecided
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_triage.changes.snapshot import EMPTY, ContextSnapshot
from desk_triage.escalation.decide import Surroundings, react
from desk_triage.escalation.model import MAX_EARLY, EscalatedTicket

from tests.support.triage_desk import CHARTER, event

DUE = datetime(2026, 3, 2, 12, tzinfo=UTC)
TICKET = "t-1"
NETWORK = CHARTER.team("network")


def at_risk(percent: int = 75, clock: ClockName = ClockName.RESPONSE, cycle: int = 1) -> AnyEvent:
    data = SlaAtRisk(
        clock=clock, policy="any", policy_version="1", cycle=cycle, percent=percent, due=DUE
    )
    return event(TICKET, data)


def breached(
    clock: ClockName = ClockName.RESOLUTION, cycle: int = 1, *, inherited: bool = False
) -> AnyEvent:
    data = SlaBreached(
        clock=clock, policy="any", policy_version="1", cycle=cycle, due=DUE, inherited=inherited
    )
    return event(TICKET, data)


def triaged(priority: Priority = Priority.P3, service: str = "vpn") -> AnyEvent:
    return event(TICKET, TicketTriaged(category="vpn", priority=priority, service=service))


def assigned(team: str = "network", member: str = "network-1") -> AnyEvent:
    return event(TICKET, TicketAssigned(team=team, member=member))


def run(
    *events: AnyEvent, snapshot: ContextSnapshot = EMPTY
) -> tuple[EscalatedTicket | None, list[EscalationDecided]]:
    state, decided = None, []
    for incoming in events:
        decision = react(state, incoming, Surroundings(CHARTER, snapshot))
        if decision is not None:
            state = decision.state
            decided += [item.data for item in decision.events]
    return state, [item for item in decided if isinstance(item, EscalationDecided)]


def codes(decided: EscalationDecided) -> list[str]:
    return [item.code for item in decided.explanation]


def test_an_answer_at_risk_is_offered_to_others_of_the_team() -> None:
    _, (decided,) = run(triaged(), assigned(), at_risk())
    assert (decided.policy, decided.clock) == ("answer-at-risk", ClockName.RESPONSE)
    assert decided.is_offered
    assert decided.offered_to
    assert "network-1" not in decided.offered_to
    assert {*decided.offered_to} <= {member.id for member in NETWORK.members}
    assert decided.priority is None
    assert codes(decided) == [
        "escalation.at-risk", "escalation.policy", "escalation.offered-to-members",
    ]  # fmt: skip


def test_nobody_without_room_is_asked() -> None:
    load = {member.id: NETWORK.wip_limit for member in NETWORK.members}
    _, (decided,) = run(triaged(), assigned(), at_risk(), snapshot=ContextSnapshot(load=load))
    assert decided.is_offered
    assert decided.offered_to == ()
    assert codes(decided)[-1] == "escalation.offered-to-team"


def test_a_solution_too_late_raises_the_priority_and_tells_the_owner() -> None:
    _, (decided,) = run(triaged(Priority.P3), assigned("workplace", ""), breached())
    assert decided.priority is Priority.P2
    assert decided.owner == CHARTER.service("vpn").owner
    assert not decided.is_offered


@pytest.mark.parametrize(
    ("priority", "code"),
    [(Priority.P1, "escalation.priority-highest"), (None, "escalation.priority-unknown")],
)
def test_a_priority_that_cannot_rise_is_said(priority: Priority | None, code: str) -> None:
    first = () if priority is None else (triaged(priority),)
    _, (decided,) = run(*first, assigned(), breached())
    assert decided.priority is None
    assert code in codes(decided)


def test_an_owner_who_has_it_is_not_told_again() -> None:
    _, (decided,) = run(triaged(), assigned("network"), breached())
    assert decided.owner == ""
    assert "escalation.owner-has-it" in codes(decided)


def test_a_level_is_reached_once_for_each_clock_and_cycle() -> None:
    sorted_out = (triaged(), assigned())
    _, again = run(*sorted_out, at_risk(75), at_risk(90), at_risk(75))
    assert len(again) == 1
    _, other = run(*sorted_out, at_risk(75), breached(ClockName.RESPONSE), breached())
    assert [item.policy for item in other] == ["answer-at-risk", "answer-late", "solution-late"]
    _, cycles = run(*sorted_out, at_risk(cycle=1), at_risk(cycle=2))
    assert [item.cycle for item in cycles] == [1, 2]


def test_below_the_levels_per_cent_nothing_is_done() -> None:
    assert run(triaged(), assigned(), at_risk(50))[1] == []
    assert run(triaged(), assigned(), at_risk(74))[1] == []
    assert len(run(triaged(), assigned(), at_risk(75))[1]) == 1


def test_conditions_of_a_level_hold_for_the_ticket_as_it_is() -> None:
    warning = at_risk(75, ClockName.RESOLUTION)
    away = assigned("workplace", "")
    assert run(triaged(Priority.P3), away, warning)[1] == []
    raised = event(TICKET, TicketUpdated(by="ned", priority=Priority.P2))
    _, (decided,) = run(triaged(Priority.P3), away, raised, warning)
    assert decided.owner == "network"


def test_what_is_done_or_was_late_before_is_left_alone() -> None:
    solved = event(TICKET, TicketResolved(by="ned", how=How.MEMBER, resolution=verbatim("Done.")))
    assert run(triaged(), assigned(), solved, breached())[1] == []
    assert run(triaged(), assigned(), breached(inherited=True))[1] == []
    reopened = event(TICKET, TicketReopened(by="ana", reason="No."))
    assert len(run(triaged(), assigned(), solved, reopened, breached(cycle=2))[1]) == 1


def test_two_topics_in_any_order_come_to_the_same_levels() -> None:
    parts = (triaged(), assigned(), at_risk(75), breached(ClockName.RESPONSE))
    for order in permutations(parts):
        state, decided = run(*order)
        assert sorted(item.policy for item in decided) == ["answer-at-risk", "answer-late"], order
        assert state is not None
        assert state.early == ()


def test_ids_are_the_same_whenever_it_is_decided() -> None:
    parts = [triaged(), assigned(), breached()]
    ids = set()
    for order in (parts, [parts[2], parts[0], parts[1]]):
        state = None
        for incoming in order:
            decision = react(state, incoming, Surroundings(CHARTER, EMPTY))
            assert decision is not None
            state = decision.state
            ids |= {item.id for item in decision.events}
    assert len(ids) == 1


def test_what_waits_for_a_team_is_bounded() -> None:
    state, _ = run(*(at_risk(75, cycle=n) for n in range(1, 3 * MAX_EARLY)))
    assert state is not None
    assert len(state.early) == MAX_EARLY
    assert state.early[-1].data.cycle == 3 * MAX_EARLY - 1
