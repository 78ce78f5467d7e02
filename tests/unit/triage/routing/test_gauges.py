"""Who decides, and how often what was learned was right, as meters say it."""

from datetime import timedelta

import pytest
from desk_contracts import Event
from desk_contracts.events.tickets import How, Kind, TicketClosed, TicketResolved
from desk_contracts.events.triage import TeamProposal
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_platform.telemetry import names
from desk_testing.telemetry import RecordedTelemetry, record_telemetry
from desk_triage.routing.gauges import FEWEST, RoutingQuality
from desk_triage.routing.model import LEARNED, Routing, Ticket

from tests.support.triage_desk import MONDAY

THREE = ("network", "workplace", "service-care")


def decision(*, rule: str = "", proposed: tuple[str, ...] = THREE, alone: bool = False) -> Routing:
    return Routing(
        team=proposed[0] if alone else "service-care",
        priority=Priority.P3 if rule else None,
        rule=rule,
        charter="v1",
        decided_at=MONDAY,
        proposals=tuple(TeamProposal(team=team, probability=0.5) for team in proposed),
    )


def ticket(team: str, *, model: str = "", is_open: bool = True) -> Ticket:
    return Ticket(
        code="K7M2-Q9PG",
        kind=Kind.INCIDENT,
        title="Odd",
        requester="ana",
        opened_at=MONDAY,
        decision=decision(rule=f"{LEARNED}{model}" if model else "", alone=bool(model)),
        team=team,
        is_open=is_open,
    )


def finished(how: How = How.MEMBER) -> Event[TicketResolved]:
    data = TicketResolved(by="m-1", how=how, resolution=verbatim("Done"))
    return Event("e-1", "/desk/intake", "t-1", MONDAY + timedelta(hours=1), data, 3)


@pytest.fixture
def recorded() -> RecordedTelemetry:
    return record_telemetry()


def test_the_shares_of_who_decides_are_counted(recorded: RecordedTelemetry) -> None:
    quality = RoutingQuality(recorded.telemetry.meter, lambda: 0.9)
    quality.count(decision(rule="r-vpn", proposed=()))
    quality.count(decision(rule=f"{LEARNED}abc", alone=True))
    quality.count(decision())
    quality.count(decision())
    quality.count(decision(proposed=()))
    expected = {"rule": 1, "model": 1, "proposed": 2, "unrouted": 1}
    assert {by: recorded.value(names.ROUTED, **{names.REASON: by}) for by in expected} == expected


def test_what_was_proposed_is_judged_by_the_team_that_finished_it(
    recorded: RecordedTelemetry,
) -> None:
    quality = RoutingQuality(recorded.telemetry.meter, lambda: 0.9)
    quality.judge(ticket("network"), finished())
    quality.judge(ticket("workplace"), finished())
    quality.judge(ticket("printing"), finished())
    # Its close after the end is no second answer, and nobody finished what healed by itself.
    closed = Event("e-2", "/desk/intake", "t-1", MONDAY, TicketClosed(by="m-1"), 4)
    quality.judge(ticket("network", is_open=False), closed)
    quality.judge(ticket("network"), finished(How.AUTOMATION))
    expected = {
        ("network", "right"): 1,
        ("workplace", "among-three"): 1,
        ("printing", "wrong"): 1,
        ("network", "wrong"): 0,
    }
    assert {
        (team, outcome): recorded.value(
            names.PREDICTED, **{names.TEAM: team, names.REASON: outcome}
        )
        for team, outcome in expected
    } == expected


def test_drift_is_told_when_chance_does_not_explain_it_and_ends_with_another_model(
    recorded: RecordedTelemetry,
) -> None:
    quality = RoutingQuality(recorded.telemetry.meter, lambda: 0.9)
    assert not recorded.has(names.DRIFTED)
    for _ in range(FEWEST - 1):
        quality.judge(ticket("printing", model="old"), finished())
    assert not quality.has_drifted
    quality.judge(ticket("printing", model="old"), finished())
    assert quality.has_drifted
    assert recorded.value(names.DRIFTED, **{names.MODEL: "old"}) == 1
    quality.judge(ticket("network", model="new"), finished())
    assert not quality.has_drifted
    for _ in range(FEWEST):
        quality.judge(ticket("network", model="new"), finished())
    assert not quality.has_drifted
