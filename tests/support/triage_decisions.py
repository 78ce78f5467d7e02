"""Stories in which triage decides everything it can, told with every field.

Run as a program it writes the expected files anew: read the difference before you keep it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from desk_charter import Charter
from desk_contracts import AnyEvent
from desk_contracts.events.changes import ChangeFinished, ChangeKind
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.sla import ClockName, SlaAtRisk, SlaBreached
from desk_contracts.events.tickets import (
    Kind,
    TicketAssigned,
    TicketStarted,
    TicketTriaged,
    TicketUpdated,
)
from desk_contracts.message import Message
from desk_contracts.value_types import Level, Priority, Severity, SubjectKind
from desk_triage.changes.decide import expire
from desk_triage.changes.decide import follow as follow_changes
from desk_triage.changes.model import Change, ServiceChanges
from desk_triage.changes.snapshot import EMPTY, ContextSnapshot
from desk_triage.detection.store import find_population
from desk_triage.escalation.decide import Surroundings, react
from desk_triage.escalation.model import EscalatedTicket
from desk_triage.learning.decide import predict_team
from desk_triage.learning.evaluation import Contest, learn
from desk_triage.learning.model import Scorer
from desk_triage.learning.report import (
    describe_category,
    describe_contest,
    describe_examples,
    describe_file,
    describe_models,
    describe_team,
)
from desk_triage.routing.decide import follow as follow_ticket
from desk_triage.routing.decide import open_ticket
from desk_triage.routing.model import predict_nothing
from desk_triage.similar.decide import remember
from desk_triage.similar.model import PersonTickets

from tests.support.golden import (
    Stories,
    as_json,
    describe,
    describe_events,
    number_ids,
    write_stories,
)
from tests.support.triage_desk import (
    CHARTER,
    MONDAY,
    TriageDesk,
    at,
    change_started,
    event,
    fired,
    measured,
    opened,
    over,
    vpn_failures,
)
from tests.support.triage_history import CATEGORY, MEANS, PER_WEEK, TEAM, examples_of, lives
from tests.support.triage_model import MODEL, model
from tests.support.triage_moments import busy_snapshot
from tests.support.triage_outages import (
    tell_outage,
    tell_overwhelming,
    tell_runbooks,
    tell_signals,
    tell_without_past,
)

EXPECTED = Path(__file__).parents[1] / "unit" / "triage" / "decisions"
_DUE = MONDAY + timedelta(hours=4)


def tell_escalations() -> str:
    """Each level of the shipped charter, for tickets that have all, little and nothing."""
    parts = []
    for priority, team, member in (
        (None, "network", "network-1"),
        (Priority.P1, "network", "network-2"),
        (Priority.P2, "workplace", ""),
        (Priority.P3, "nobody", "x"),
    ):
        lives = [
            event("t-1", TicketAssigned(team=team, member=member)),
            event("t-1", TicketStarted(by=member or "eva")),
        ]
        if priority is not None:
            data = TicketTriaged(category="vpn", priority=priority, service="vpn")
            lives.insert(0, event("t-1", data))
        state, emitted = _escalate([*lives, *_sla_events()], busy_snapshot())
        parts.append(f"--- {priority} {team} {member}\n")
        parts += [describe(state), describe_events(emitted)]
    update = TicketUpdated(by="ned", priority=Priority.P2, service="crm")
    lives = [*_sla_events(), event("t-1", update), event("t-1", TicketAssigned(team="network"))]
    state, emitted = _escalate(lives, EMPTY)
    parts += ["--- heard of first\n", describe(state), describe_events(emitted)]
    return number_ids("".join(parts))


def _sla_events() -> list[AnyEvent]:
    policy: dict[str, Any] = {"policy": "any", "policy_version": "1", "cycle": 1, "due": _DUE}
    return [
        event("t-1", SlaAtRisk(clock=ClockName.RESPONSE, percent=75, **policy), 1),
        event("t-1", SlaAtRisk(clock=ClockName.RESOLUTION, percent=75, **policy), 2),
        event("t-1", SlaAtRisk(clock=ClockName.RESOLUTION, percent=90, **policy), 3),
        event("t-1", SlaBreached(clock=ClockName.RESPONSE, **policy), 4),
        event("t-1", SlaBreached(clock=ClockName.RESOLUTION, **policy), 5),
        event("t-1", SlaBreached(clock=ClockName.RESOLUTION, inherited=True, **policy), 6),
    ]


def _escalate(
    events: Iterable[AnyEvent], snapshot: ContextSnapshot
) -> tuple[EscalatedTicket, list[AnyEvent]]:
    state, emitted = EscalatedTicket(), list[AnyEvent]()
    for incoming in events:
        decision = react(state, incoming, Surroundings(CHARTER, snapshot))
        if decision is not None:
            state = decision.state
            emitted += decision.events
    return state, emitted


def tell_routing() -> str:
    """Tickets of every kind and hour; what is decided, and what people then correct."""
    night = datetime.fromisoformat("2026-03-07T23:00:00+00:00")
    tickets = [
        opened("VPN-Verbindung bricht ab", ticket="t-1"),
        opened("VPN down for all of us", ticket="t-2", impact=Level.HIGH, urgency=Level.HIGH),
        opened("The printer shows offline", ticket="t-3", service="printing", kind=Kind.REQUEST),
        opened("The VPN does not connect", ticket="t-4", service="laptop"),
        opened("My laptop was stolen on the train", ticket="t-5"),
        opened("It does nothing", ticket="t-6", service="CRM", impact=Level.MEDIUM),
        opened("How do I book a room?", ticket="t-7", kind=Kind.QUESTION, service="mail"),
        opened("Hilfe!!!", ticket="t-8", service="no-such-service"),
        opened("The old wiki shows nothing", ticket="t-9"),
        opened("ledger wiki mail calendar", ticket="t-10", kind=Kind.PROACTIVE),
        opened("Phishing mail about my password", ticket="t-11", urgency=Level.LOW),
        opened("Server unreachable since the kernel update", ticket="t-12", site="Berlin"),
    ]
    parts = []
    for incoming in tickets:
        for moment, snapshot in ((MONDAY, busy_snapshot()), (night, EMPTY)):
            moved = incoming._replace(time=moment)
            decision = open_ticket(moved, CHARTER, snapshot, predict_nothing)
            parts += [f"{moved.data.title}\n", describe_events(decision.events)]
    parts.append(describe(decision.state))
    state = open_ticket(tickets[0], CHARTER, EMPTY, predict_nothing).state
    for later in (
        TicketTriaged(category="other", priority=Priority.P1, service="crm"),
        TicketTriaged(category="vpn", priority=Priority.P3, service="vpn"),
        TicketUpdated(by="ned", service="mail", impact=Level.HIGH, urgency=Level.LOW),
        TicketUpdated(by="ned", priority=Priority.P4),
        TicketAssigned(team="workplace", member="workplace-1"),
        TicketAssigned(team="workplace", member="workplace-2"),
    ):
        state = follow_ticket(state, event("t-1", later, 5)) or state
        parts.append(describe(state))
    return number_ids("".join(parts))


def tell_repetitions() -> str:
    """A person asks twice: exactly, nearly, in another order of reading."""
    text = "The VPN client drops the connection every few minutes"
    tickets = [
        opened(text, ticket="t-1", description="At home, since the weekend."),
        opened(text.replace("drops", "looses"), 60, ticket="t-2", description="At home."),
        opened(text, 30, ticket="t-3", description="at HOME, since the weekend!"),
        opened("Paper is out on floor three", 40, ticket="t-4"),
        opened(text, 11 * 24 * 60, ticket="t-5"),
    ]
    parts = []
    for order in (tickets, tickets[::-1]):
        person: PersonTickets | None = None
        for ticket in order:
            decision = remember(person, ticket)
            if decision is not None:
                person = decision.state
                parts.append(describe_events(decision.events))
        assert person is not None
        parts += map(describe, person.recent)
    return number_ids("".join(parts))


def tell_changes() -> str:
    """Trouble after a release: suspected once, also where it is heard of first; then forgotten."""
    state: ServiceChanges | None = None
    parts = []

    def shown(minutes: float, subject: str, kind: SubjectKind = SubjectKind.DEVICE) -> AnyEvent:
        data = SignalRaised(
            episode=f"{subject}-{minutes}",
            detector="crashes",
            signal="app-crashes",
            title="Crashes",
            severity=Severity.WARNING,
            subject_kind=kind,
            measurement="app.crashes",
            value=9,
            threshold=5,
            service="vpn",
        )
        return event(subject, data, minutes)._replace(id=f"{subject}-{minutes}")

    finished = ChangeFinished(change="c-1", kind=ChangeKind.RELEASE, succeeded=True)
    early = ChangeFinished(change="c-2", kind=ChangeKind.RELEASE, succeeded=False)
    for incoming in (
        *(shown(-day * 24 * 60, f"old-{day}") for day in (9, 5, 2)),
        change_started("vpn", 0),
        *(shown(10 + number, f"pc-{number}") for number in range(4)),
        event("vpn", finished, 20),
        event("vpn", early, 90)._replace(source="/other"),
        shown(60, "vpn-gateway", SubjectKind.SERVICE),
        change_started("vpn", 45, "Gateway 7.3")._replace(source="/other"),
    ):
        decision = follow_changes(state, incoming)
        if decision is not None:
            state = decision.state
            parts.append(f"due {decision.due}\n{describe_events(decision.events)}")
    assert state is not None
    parts.append(describe(state))
    gone = expire(state, MONDAY + timedelta(hours=3))
    parts.append(f"due {gone.due}\n{describe(gone.state)}")
    return number_ids("".join(parts))


def tell_learning() -> str:
    """What is learned of a made past and said of it; and what a small model says of tickets."""
    examples = examples_of(lives(8 * PER_WEEK))
    parts = [_list(describe_examples(examples, {"network"}, 800, 3))]
    noise = examples_of(lives(8 * PER_WEEK, is_noise=True))
    for describe_result, task in ((describe_team, TEAM), (describe_category, CATEGORY)):
        for past in (examples, examples[:200], noise):
            result = learn(past, task, MEANS)
            parts.append(_list(describe_result(result, 0.9)))
            if isinstance(result, Scorer):
                kept = describe(result, "linear", "nearest", "words", "temperature")
                parts += [kept, f"  temperature: {result.temperature:.3f}\n"]
                words = [
                    f"{name} {word.tickets} {word.finished}" for name, word in result.words.items()
                ]
                parts.append("  " + "; ".join(words) + "\n")
    for champion in (400, 200):
        contests = (Contest(tickets, 30, champion // 10) for tickets in (49, 50))
        parts.append(_list([describe_contest(item, "m-1") for item in contests]))
    models = [MODEL.model_copy(update={"version": name}) for name in ("a", "b", "c")]
    parts.append(_list(describe_models(models, "a", "b")))
    parts.append(_list([*describe_models([], "", ""), describe_file("m.json", MODEL, 10_239)]))
    for title in ("Branch: antenna collapses", "A branch and a hinge", "Nothing at all", "The fax"):
        for by in (MODEL, model(threshold=0.999), model(evaluation=None), None):
            prediction = predict_team(by, opened(title, site="Oslo").data, CHARTER)
            team = prediction.team.name if prediction.team else "-"
            parts.append(f"{title}: {team} {prediction.category}\n")
            parts += [_list(prediction.reasons), *map(describe, prediction.proposals)]
    return number_ids("".join(parts))


def _list(messages: Iterable[Message]) -> str:
    return "".join(f"  {as_json(item.model_dump(mode='json'))}\n" for item in messages)


async def _detect(charter: Charter = CHARTER) -> str:
    """Alerts that fire, rise, flap and end; a disk, a fleet of disks and a gateway that fail."""
    desk = TriageDesk(charter)
    await desk.feed(change_started("mail", -5, "Queue 2.0"))
    desk.seen_snapshot.current = _mail_snapshot()
    await desk.feed(fired(0), fired(1, severity=Severity.CRITICAL, summary="Mail stands still"))
    await desk.feed(fired(2, summary="Mail is slow"), over(3))
    for number in range(3):
        await desk.feed(fired(10 + number, "f2"), over(10.5 + number, "f2"))
    for number in range(4):
        severity = Severity.CRITICAL if number % 2 else Severity.WARNING
        await desk.feed(fired(20 + number, "f3", severity, "Up and down"))
    desk.clock.advance(timedelta(minutes=20))
    await desk.on_timer(desk.subjects_unit_of_work, "mail-1")
    await desk.feed(*(_disk(number, 60, 50 + number / 100) for number in range(60)))
    desk.seen_snapshot.current = ContextSnapshot(population=await find_population(desk.subjects))
    ill = range(0, 60, 8)
    await desk.feed(*(_disk(number, 5, 60 + number / 100) for number in ill))
    await desk.feed(*(_disk(number, 60, 70 + number / 100) for number in ill))
    await desk.feed(*(vpn_failures(0.5, 80 + minute) for minute in range(12)))
    await desk.feed(*(vpn_failures(0.0, 95 + minute) for minute in range(12)))
    heard = {item.id: item for item in desk.publisher.events()}
    return number_ids(describe_events(heard.values()))


def _disk(number: int, free: float, minutes: float) -> AnyEvent:
    attributes = {"os.version": "14.1" if number % 8 else "14.2"}
    subject = f"laptop-{number:02}"
    return measured(free, minutes, subject=subject, service="laptop", attributes=attributes)


def _mail_snapshot() -> ContextSnapshot:
    change = Change(
        change="c-9",
        kind=ChangeKind.RELEASE,
        title="Queue 2.0",
        started_at=at(-5),
        source="/pipeline",
    )
    return ContextSnapshot(changes={"mail": (change,)})


def _finish(story: Callable[[], Awaitable[str]]) -> Callable[[], str]:
    async def tell() -> str:
        return await story()

    return lambda: asyncio.run(tell())


STORIES: Stories = {
    "outage": tell_outage,
    "signals": tell_signals,
    "overwhelming": tell_overwhelming,
    "without_past": tell_without_past,
    "runbooks": tell_runbooks,
    "escalations": tell_escalations,
    "routing": tell_routing,
    "repetitions": tell_repetitions,
    "changes": tell_changes,
    "learning": tell_learning,
    "detection": _finish(_detect),
}

if __name__ == "__main__":
    write_stories(STORIES, EXPECTED)
