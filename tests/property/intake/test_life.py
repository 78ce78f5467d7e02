"""Whatever people and services do to a ticket, in whatever order and however often."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from desk_contracts import AnyEvent, Codec, Event, Payload
from desk_contracts.errors import Rejected
from desk_contracts.events.automation import Outcome, RunEscalated, RunHealed
from desk_contracts.events.problems import ProblemDetected, ProblemResolved
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.sla import ClockName, SlaBreached, SlaMet
from desk_contracts.events.tickets import (
    Channel,
    How,
    Kind,
    ResolutionCode,
    State,
    TicketConfirmed,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    WaitingFor,
)
from desk_contracts.events.triage import DuplicateFound, TriageDecided, TriageDeferred
from desk_contracts.ids import request_ticket_id
from desk_contracts.message import verbatim
from desk_contracts.messages import catalogue
from desk_contracts.value_types import Priority
from desk_intake.tickets import concerned
from desk_intake.tickets import lifecycle as life
from desk_intake.tickets.evolve import evolve, replay
from desk_intake.tickets.lifecycle import Actor, Changes
from desk_intake.tickets.model import OPEN_STATES, Ticket
from desk_intake.tickets.record import Cause, record
from desk_intake.tickets.registration import from_request
from desk_intake.tickets.sla import TicketSla
from desk_intake.tickets.store import TICKETS, tickets_projection
from desk_intake.tickets.timers import due_of
from desk_intake.tickets.view import Reader, show, timeline
from desk_kernel import Context
from desk_platform.clock import FakeClock
from desk_testing.fakes import FakeDocuments
from hypothesis import given, settings
from hypothesis import strategies as st

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLOSE_AFTER = timedelta(days=5)
MAX = Actor("max", is_staff=True, team="network")
MIA = Actor("mia", is_staff=True, team="workplace")
ANA = Actor("ana", is_staff=False)
REQUEST: AnyEvent = Event(
    "r-1", "/crm", "ana", START, TicketRequested(requester="ana", title="VPN away")
)
ID = request_ticket_id("/crm", "r-1")


def _another_of_hers() -> Ticket:
    opened = from_request(TicketRequested(requester="ana", title="VPN again"), "1234-567S")
    recorded = record("t-2", None, opened, Cause("r-2", START))
    assert recorded is not None
    return recorded.state


OTHER = _another_of_hers()
PROJECTION = tickets_projection(FakeDocuments(TICKETS, FakeClock(START)), CLOSE_AFTER)

TicketAction = Callable[[Ticket, datetime], list[Payload]]

ACTIONS: dict[str, TicketAction] = {
    "start": lambda t, _: life.start(t, MAX),
    "assign": lambda t, _: life.assign(t, MAX, "workplace", ""),
    "comment": lambda t, _: life.comment(t, ANA, "Still away", public=True),
    "answer": lambda t, _: life.comment(t, MAX, "Which device?", public=True),
    "pause": lambda t, now: life.pause(t, MAX, WaitingFor.EMPLOYEE, None, now, "Which?"),
    "pause until": lambda t, now: life.pause(
        t, MAX, WaitingFor.VENDOR, now + timedelta(hours=1), now
    ),
    "resume": lambda t, _: life.resume(t, MAX),
    "update": lambda t, _: life.update(t, ANA, Changes(title="VPN slow")),
    "set priority": lambda t, _: life.update(t, MAX, Changes(priority=Priority.P1)),
    "resolve": lambda t, _: life.resolve(t, MAX, "Done", None),
    "withdraw": lambda t, _: life.resolve(t, ANA, "Works", How.WITHDRAWN),
    "reopen": lambda t, _: life.reopen(t, ANA, "Does not"),
    "merge": lambda t, _: life.merge(t, MAX, OTHER),
    "close": lambda t, _: life.close(t, ANA),
    "confirm": lambda t, _: life.confirm(t, ANA),
    "resolve with code": lambda t, _: life.resolve(
        t, MAX, "Done", None, code=ResolutionCode.WORKAROUND
    ),
    "take": lambda t, _: life.take(t, MIA),
    "watch": lambda t, _: concerned.watch(t, ANA, "ben"),
    "unwatch": lambda t, _: concerned.unwatch(t, ANA, "ben"),
    "me too": lambda t, _: concerned.join(t, MAX, "cem"),
    "link": lambda t, _: life.link_problem(t, MAX, "p-2", verbatim("x"), "Same"),
}

_PROBLEM: dict[str, Any] = {"service": "vpn", "title": verbatim("VPN is down")}
_CLOCK: dict[str, Any] = {"policy": "p", "policy_version": "v"}
FACTS: dict[str, tuple[str, Payload]] = {
    "request": ("ana", REQUEST.data),
    "triage": (
        ID,
        TriageDecided(
            category="vpn", priority=Priority.P3, team="network", explanation=(), charter="c"
        ),
    ),
    "other triage": (
        ID,
        TriageDecided(
            category="laptop", priority=Priority.P2, team="workplace", explanation=(), charter="c"
        ),
    ),
    "merged in": ("t-9", TicketMerged(into=ID, by="max", code="1234-567S", title="x")),
    "split": (
        "t-8",
        TicketOpened(
            code="1234-567S",
            kind=Kind.REQUEST,
            title="x",
            requester="ana",
            channel=Channel.API,
            split_from=ID,
        ),
    ),
    "deferred": (ID, TriageDeferred(team="service-care", explanation=(), charter="c")),
    "duplicate": (ID, DuplicateFound(problem="p-1", explanation=())),
    "problem": (
        "p-1",
        ProblemDetected(
            **_PROBLEM,
            tickets=(ID, "unknown"),
            people=("ana",),
            team="network",
            message=verbatim("x"),
        ),
    ),
    "solved": (
        "p-1",
        ProblemResolved(
            **_PROBLEM, tickets=(ID,), people=("ana",), resolution=verbatim("New gateway")
        ),
    ),
    "kept": (
        ID,
        SlaMet(clock=ClockName.RESPONSE, took=timedelta(hours=1), due=START, **_CLOCK),
    ),
    "breached": (ID, SlaBreached(clock=ClockName.RESOLUTION, due=START, **_CLOCK)),
    "healed": ("lt-7", RunHealed(run="run-9", runbook="b", title="x")),
    "escalated": (
        "lt-7",
        RunEscalated(
            run="run-9",
            runbook="b",
            title="x",
            outcome=Outcome.IN_DOUBT,
            team="network",
            reason=verbatim("x"),
        ),
    ),
}

# What may follow a state at once; every state may also stay as it is.
WAYS: dict[State, frozenset[State]] = {
    State.NEW: OPEN_STATES | {State.RESOLVED, State.MERGED},
    State.TRIAGED: frozenset({State.ASSIGNED, State.RESOLVED, State.MERGED}),
    State.ASSIGNED: frozenset({State.IN_PROGRESS, State.RESOLVED, State.MERGED}),
    State.IN_PROGRESS: frozenset({State.ASSIGNED, State.WAITING, State.RESOLVED, State.MERGED}),
    State.WAITING: frozenset({State.IN_PROGRESS, State.RESOLVED, State.MERGED}),
    State.RESOLVED: frozenset({State.NEW, State.ASSIGNED, State.CLOSED}),
    State.CLOSED: frozenset(),
    State.MERGED: frozenset(),
}

steps = st.lists(
    st.tuples(st.sampled_from([*ACTIONS, *FACTS, "time"]), st.integers(0, 48)), max_size=25
)


class World:
    """One ticket, its log, and the doors through which it changes."""

    def __init__(self) -> None:
        self.now = START
        self.log: list[AnyEvent] = []
        self.documents: dict[str, Ticket] = {}
        self.hear(REQUEST)

    @property
    def ticket(self) -> Ticket:
        return self.documents[ID]

    def hear(self, event: AnyEvent) -> None:
        for key in PROJECTION.keys(event):
            decision = PROJECTION.react(self.documents.get(key), event, Context(self.now))
            if decision is not None and decision.state is not None:
                self._keep(key, decision.state, decision.events)

    def do(self, action: TicketAction, number: int) -> None:
        try:
            decided = action(self.ticket, self.now)
        except Rejected:
            return
        recorded = record(ID, self.ticket, decided, Cause(f"call-{number}", self.now))
        if recorded is not None:
            self._keep(ID, recorded.state, recorded.events)

    def on_timer(self) -> None:
        assert PROJECTION.on_timer is not None
        due = due_of(self.ticket, CLOSE_AFTER)
        if due is not None and due <= self.now:
            decision = PROJECTION.on_timer(self.ticket, Context(self.now))
            assert decision is not None
            assert decision.events, "a timer that is due must do something, or it fires for ever"
            assert decision.state is not None
            self._keep(ID, decision.state, decision.events)

    def _keep(self, id: str, ticket: Ticket, events: tuple[AnyEvent, ...]) -> None:
        self.documents[id] = ticket
        self.log += [event for event in events if event.subject == ID]

    def step(self, number: int, what: str, hours: int) -> None:
        self.now += timedelta(hours=hours)
        if what in ACTIONS:
            self.do(ACTIONS[what], number)
        elif what in FACTS:
            subject, data = FACTS[what]
            self.hear(Event(f"fact-{number}", "/desk", subject, self.now, data))
        self.on_timer()


def lived(script: list[tuple[str, int]]) -> World:
    world = World()
    for number, (what, hours) in enumerate(script):
        world.step(number, what, hours)
    return world


@settings(max_examples=40)
@given(steps)
def test_the_store_is_the_projection_of_a_log_without_gap_or_double(
    script: list[tuple[str, int]],
) -> None:
    world = lived(script)
    assert [event.sequence for event in world.log] == list(range(1, len(world.log) + 1))
    assert len({event.id for event in world.log}) == len(world.log)
    assert [event.time for event in world.log] == sorted(event.time for event in world.log)
    assert replay(world.log) == world.ticket


@settings(max_examples=40)
@given(steps)
def test_a_ticket_only_goes_the_ways_of_its_life(script: list[tuple[str, int]]) -> None:
    ticket: Ticket | None = None
    for event in lived(script).log:
        after = evolve(ticket, event)
        if ticket is not None and after.state is not ticket.state:
            assert after.state in WAYS[ticket.state], (ticket.state, event.type)
        assert (after.waiting_for is None) == (after.state is not State.WAITING)
        assert (after.resolved_at is None) or not after.is_open
        ticket = after


@settings(max_examples=40)
@given(steps)
def test_what_the_person_says_is_said_of_the_resolution_that_stands(
    script: list[tuple[str, int]],
) -> None:
    latest: int | None = None
    for event in lived(script).log:
        match event.data:
            case TicketResolved():
                latest = event.sequence
            case TicketConfirmed(resolution=resolution):
                assert resolution == latest
            case TicketReopened(refutes=refutes):
                assert refutes in (None, latest)
                latest = None
            case _:
                pass


@settings(max_examples=40)
@given(steps)
def test_living_it_twice_gives_the_same_log(script: list[tuple[str, int]]) -> None:
    assert lived(script).log == lived(script).log


@settings(max_examples=40)
@given(steps)
def test_the_log_of_any_life_reads_back_from_the_bus(script: list[tuple[str, int]]) -> None:
    codec = Codec()
    world = lived(script)
    messages = [codec.encode(event) for event in world.log]
    assert [
        codec.decode(message.key, message.value, message.headers) for message in messages
    ] == world.log
    assert Ticket.model_validate_json(world.ticket.model_dump_json()) == world.ticket


@settings(max_examples=40)
@given(steps)
def test_a_ticket_can_be_shown_at_every_moment(script: list[tuple[str, int]]) -> None:
    world = lived(script)
    ticket: Ticket | None = None
    for event in world.log:
        ticket = evolve(ticket, event)
        for is_staff in (False, True):
            reader = Reader(is_staff, {}, CLOSE_AFTER, catalogue("en"))
            view = show(ticket, TicketSla(ticket=ticket.id), reader)
            for text in (view.expectation, view.next_step, view.who_has_it.sentence):
                assert text.endswith(".")
        hers, _ = timeline(ticket, Reader(False, {}, CLOSE_AFTER, catalogue("en")))
        assert all(entry.public for entry in hers.entries)
