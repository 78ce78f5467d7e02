"""Whatever is repeated, delayed or mixed up: each cause tells each recipient at most once."""

import random
from collections import Counter
from collections.abc import Sequence

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.envelope import number_event
from desk_contracts.events.notifications import Notified
from desk_contracts.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_contracts.events.sla import SlaAtRisk, SlaBreached, SlaStarted
from desk_contracts.events.tickets import (
    How,
    Kind,
    LinkKind,
    Role,
    TicketAssigned,
    TicketClosed,
    TicketCommented,
    TicketLinked,
    TicketPaused,
    TicketReopened,
    TicketResolved,
    TicketStarted,
    WaitingFor,
)
from desk_contracts.message import message, verbatim
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.notify_desk import ANA, BEN, NOON, event, opened, sla
from tests.support.notify_handlers import Bus

_PEOPLE = (ANA, BEN)
_STEPS: tuple[Payload, ...] = (
    TicketAssigned(team="network"),
    TicketAssigned(team="service-care"),
    TicketStarted(by="network-1"),
    TicketPaused(waiting_for=WaitingFor.EMPLOYEE, by="network-1"),
    TicketCommented(by="network-1", role=Role.MEMBER, text="How?"),
    TicketCommented(by=ANA, role=Role.EMPLOYEE, text="So."),
    TicketLinked(kind=LinkKind.PROBLEM, target="p-1"),
    TicketResolved(by="network-1", resolution=verbatim("Done.")),
    TicketResolved(by="desk", how=How.PROBLEM, resolution=verbatim("Done.")),
    TicketReopened(by=ANA, reason="No."),
    TicketClosed(by="desk"),
)
_SLAS: tuple[Payload, ...] = (
    sla(SlaStarted, target="PT1H", due=NOON),
    sla(SlaAtRisk, percent=50, due=NOON),
    sla(SlaBreached, due=NOON),
)
_TITLE = message("problem.title", service="VPN")
_PROBLEM = {"service": "vpn", "title": _TITLE}


@st.composite
def lives(draw: st.DrawFn) -> list[AnyEvent]:
    """Two tickets of one or two people, what metrics says of them, and a problem."""
    events: list[AnyEvent] = []
    for ticket in ("t-1", "t-2"):
        kind = draw(st.sampled_from([Kind.INCIDENT, Kind.PROACTIVE]))
        person = draw(st.sampled_from(_PEOPLE))
        life = [opened("de", kind, person), *draw(st.lists(st.sampled_from(_STEPS), max_size=8))]
        events += [
            number_event(event(payload, ticket, f"{ticket}/{number}"), number)
            for number, payload in enumerate(life, 1)
        ]
        sla_payloads = draw(st.lists(st.sampled_from(_SLAS), max_size=3))
        events += [event(data, ticket, f"{ticket}/p{n}") for n, data in enumerate(sla_payloads)]
    people = tuple(draw(st.lists(st.sampled_from(_PEOPLE), max_size=3)))
    tickets = ("t-1", "t-2")
    problem = {**_PROBLEM, "tickets": tickets, "people": people}
    events += [
        event(
            ProblemDetected.model_validate({**problem, "team": "network", "message": _TITLE}), "p-1"
        ),
        event(ProblemUpdated.model_validate(problem), "p-1"),
        event(ProblemResolved.model_validate({**problem, "resolution": _TITLE}), "p-1"),
    ]
    return events


async def _warn_team(batches: Sequence[Sequence[AnyEvent]]) -> list[Event[Notified]]:
    bus = Bus()
    for batch in batches:
        await bus.reads(*batch)
    return [
        Event(
            event.id,
            event.source,
            event.subject,
            event.time,
            event.data,
            causation_id=event.causation_id,
        )
        for event in bus.published.events()
        if isinstance(event.data, Notified)
    ]


@settings(max_examples=60, deadline=None)
@given(events=lives(), seed=st.integers(0, 2**32), copies=st.integers(1, 3))
async def test_each_cause_tells_each_recipient_of_each_kind_once(
    events: list[AnyEvent], seed: int, copies: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 (a shuffle)
    mixed = events * copies
    chance.shuffle(mixed)
    cut = chance.randint(0, len(mixed))
    notices = await _warn_team([mixed[:cut], mixed[cut:], mixed])
    counts = Counter((item.causation_id, item.data.recipient, item.data.kind) for item in notices)
    assert not [key for key, times in counts.items() if times > 1]
    assert len({item.id for item in notices}) == len(notices)


@settings(max_examples=40, deadline=None)
@given(events=lives(), seed=st.integers(0, 2**32))
async def test_a_ticket_tells_the_same_however_its_life_arrives(
    events: list[AnyEvent], seed: int
) -> None:
    """Within one ticket's own events the order of arrival changes nothing, not even the order."""
    life = [event for event in events if event.sequence and event.subject == "t-1"]
    mixed = [*life, *life]
    random.Random(seed).shuffle(mixed)  # noqa: S311 (a shuffle)
    in_order, mixed_up = await _warn_team([life]), await _warn_team([mixed])
    assert [item.id for item in mixed_up] == [item.id for item in in_order]
    assert [item.data for item in mixed_up] == [item.data for item in in_order]


@settings(max_examples=40, deadline=None)
@given(events=lives(), seed=st.integers(0, 2**32))
async def test_a_person_hears_at_most_once_that_a_problem_began_and_that_it_ended(
    events: list[AnyEvent], seed: int
) -> None:
    mixed = events * 2
    random.Random(seed).shuffle(mixed)  # noqa: S311 (a shuffle)
    notices = await _warn_team([mixed])
    heard = Counter(
        (item.data.recipient, item.data.kind)
        for item in notices
        if item.data.problem and item.data.kind.startswith("problem")
    )
    assert not [key for key, times in heard.items() if times > 1]
