"""The log as objects and events: each once, each relation named, no text of people."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from desk_cli.ocel import ObjectKind, ObjectLog, list_references
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.automation import RunStarted
from desk_contracts.events.changes import ChangeFinished, ChangeKind
from desk_contracts.events.problems import ProblemDetected
from desk_contracts.events.sla import ClockName, SlaBreached
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    LinkKind,
    TicketAssigned,
    TicketLinked,
    TicketOpened,
    TicketResolved,
    TicketTriaged,
)
from desk_contracts.message import message, verbatim

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
OPENED = TicketOpened(
    code="K7M2-Q9PC", kind=Kind.INCIDENT, title="Secret title", requester="ann@corp.example",
    channel=Channel.PORTAL, device="laptop-1", service="vpn",
)  # fmt: skip
NUMBERS = count(1)


def event(data: Payload, subject: str = "t-1", minutes: float = 0) -> AnyEvent:
    return Event(f"e-{next(NUMBERS)}", "/desk/x", subject, AT + timedelta(minutes=minutes), data)


def triaged(priority: str) -> TicketTriaged:
    return TicketTriaged(category="vpn", priority=priority)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "subject", "expected"),
    [
        (OPENED, "t-1", {"ticket:t-1", "person:ann@corp.example", "device:laptop-1"}),
        (TicketAssigned(team="b", previous_team="a"), "t-1", {"ticket:t-1", "team:a", "team:b"}),
        (
            TicketResolved(by="automation", resolution=verbatim("x")),
            "t-1",
            {"ticket:t-1"},
        ),
        (TicketLinked(kind=LinkKind.PROBLEM, target="p-1"), "t-1", {"ticket:t-1", "problem:p-1"}),
        (TicketLinked(kind=LinkKind.SIGNAL, target="s-1"), "t-1", {"ticket:t-1"}),
        (
            SlaBreached(clock=ClockName.RESPONSE, policy="p", policy_version="1", team="a", due=AT),
            "t-1",
            {"ticket:t-1", "team:a"},
        ),
        (
            ProblemDetected(
                service="vpn", title=verbatim("x"), tickets=("t-1", "t-2"), people=("ann",),
                team="a", message=verbatim("x"),
            ),
            "p-1",
            {"problem:p-1", "ticket:t-1", "ticket:t-2", "person:ann", "team:a"},
        ),
        (
            RunStarted(run="r-1", runbook="b", version="1", title="x", person="ann"),
            "laptop-1",
            {"run:r-1", "device:laptop-1", "person:ann"},
        ),
        (
            RunStarted(run="r-1", runbook="b", version="1", title="x", service="vpn"),
            "vpn",
            {"run:r-1"},
        ),
        (
            ChangeFinished(change="c-1", kind=ChangeKind.RELEASE, succeeded=False),
            "vpn",
            {"change:c-1"},
        ),
    ],
)  # fmt: skip
def test_an_event_names_every_object_it_is_about(
    data: Payload, subject: str, expected: set[str]
) -> None:
    assert {item.id for item in list_references(event(data, subject))} == expected


def test_a_second_delivery_is_the_same_event() -> None:
    log, opened = ObjectLog(), event(OPENED)
    assert log.add(opened) is not None
    assert log.add(opened) is None
    assert (log.events.total(), log.repeats) == (1, 1)
    assert log.add(opened._replace(source="/other")) is not None


def test_an_object_stands_once_in_an_event() -> None:
    log = ObjectLog()
    back = log.add(event(TicketAssigned(team="a", member="ann", previous_team="a")))
    assert back is not None
    relations = [(item["objectId"], item["qualifier"]) for item in back["relationships"]]  # type: ignore[attr-defined]
    assert relations == [("ticket:t-1", "ticket"), ("person:ann", "member"), ("team:a", "team")]


def test_attributes_of_a_ticket_change_at_their_moments() -> None:
    log = ObjectLog()
    for minutes, data in enumerate((OPENED, triaged("P3"), triaged("P3"), triaged("P1"))):
        log.add(event(data, minutes=minutes))
    ticket = next(item for item in log.list_objects() if item["type"] == "ticket")
    attributes = ticket["attributes"]
    assert isinstance(attributes, list)
    priorities = [(a["time"], a["value"]) for a in attributes if a["name"] == "priority"]
    assert priorities == [
        ("2026-03-02T09:01:00.000Z", "P3"),
        ("2026-03-02T09:03:00.000Z", "P1"),
    ]
    related = [(item["objectId"], item["qualifier"]) for item in ticket["relationships"]]  # type: ignore[attr-defined]
    assert ("person:ann@corp.example", "requester") in related


def test_what_people_wrote_is_not_in_it() -> None:
    log = ObjectLog()
    resolved = TicketResolved(by="bo", resolution=message("resolution.done"), cause="known")
    written = [log.add(event(OPENED)), log.add(event(resolved)), list(log.list_objects())]
    assert "Secret title" not in str(written)
    assert "known" in str(written)


def test_every_type_and_object_that_is_named_is_described() -> None:
    log = ObjectLog()
    events = [log.add(event(data)) for data in (OPENED, triaged("P2"), TicketAssigned(team="a"))]
    objects = list(log.list_objects())
    ids = {item["id"] for item in objects}
    for item in [*objects, *filter(None, events)]:
        assert {relation["objectId"] for relation in item["relationships"]} <= ids  # type: ignore[attr-defined]
    named = {str(item["name"]) for item in log.list_object_types()}
    assert named == {item["type"] for item in objects} == {"ticket", "person", "device", "team"}
    assert {item["name"] for item in log.list_event_types()} == set(log.events)
    assert log.count_objects()[ObjectKind.TICKET] == 1
