"""Whole lives against the real store: it holds what the pure model says, and so does the log.

Two tickets of one person, people's calls, what others say on the bus, time, and intake reading its
own log. The process may be replaced at any moment by one that has only the store. `make lives` runs
thousands of them and tells which ends they reached.
"""

import asyncio
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.errors import Forbidden, Invalid, Rejected
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.tickets import How, ResolutionCode, State, WaitingFor
from desk_contracts.events.triage import TriageDecided
from desk_contracts.ids import request_ticket_id
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_intake.tickets import concerned
from desk_intake.tickets import lifecycle as life
from desk_intake.tickets.evolve import replay
from desk_intake.tickets.lifecycle import Actor, Changes
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.record import Cause, record
from desk_intake.tickets.store import TICKETS, as_written, tickets_projection
from desk_kernel import Context, Decision
from desk_platform.clock import FakeClock
from desk_platform.kafka import CommandQueue, UnitOfWork
from desk_platform.kafka.work_items import WorkItem
from desk_platform.store.sqlite.store import SqliteStore
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import record_telemetry
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    get_state_machine_test,
    initialize,
    invariant,
    rule,
)

# Each run of the machine lives two tickets.
RUNS = int(os.environ.get("DESK_LIVES", "25"))
SEED = int(os.environ.get("DESK_LIVES_SEED") or random.SystemRandom().randrange(2**32))
SECONDS_A_RUN = 2
# So many reach every end.
MANY = 500
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLOSE_AFTER = timedelta(days=5)
MAX = Actor("max", is_staff=True, team="network")
MIA = Actor("mia", is_staff=True, team="workplace")
ANA = Actor("ana", is_staff=False)
BEN = Actor("ben", is_staff=False)

Action = Callable[[Ticket, datetime], list[Payload]]
ACTIONS: dict[str, Action] = {
    "start": lambda it, _: life.start(it, MAX),
    "take": lambda it, _: life.take(it, MIA),
    "assign": lambda it, _: life.assign(it, MAX, "workplace", ""),
    "comment": lambda it, _: life.comment(it, ANA, "Still away", public=True),
    "answer": lambda it, _: life.comment(it, MAX, "Which device?", public=True),
    "pause": lambda it, now: life.pause(it, MAX, WaitingFor.EMPLOYEE, None, now, "Which?"),
    "pause until": lambda it, now: life.pause(
        it, MAX, WaitingFor.VENDOR, now + timedelta(hours=5), now
    ),
    "resume": lambda it, _: life.resume(it, MAX),
    "update": lambda it, _: life.update(it, ANA, Changes(title="VPN slow")),
    "resolve": lambda it, _: life.resolve(it, MAX, "Done", None, code=ResolutionCode.FIXED),
    "withdraw": lambda it, _: life.resolve(it, ANA, "Works", How.WITHDRAWN),
    "confirm": lambda it, _: life.confirm(it, ANA),
    "confirm for her": lambda it, _: life.confirm(it, MAX),
    "reopen": lambda it, _: life.reopen(it, ANA, "Does not"),
    "close": lambda it, _: life.close(it, ANA),
    "watch": lambda it, _: concerned.watch(it, ANA, "ben"),
    "unwatch": lambda it, _: concerned.unwatch(it, BEN, "ben"),
    "me too": lambda it, _: concerned.join(it, BEN, "ben"),
    "link": lambda it, _: life.link_problem(it, MAX, "p-1", verbatim("VPN is down")),
}
REQUESTS: tuple[AnyEvent, ...] = tuple(
    Event(f"r-{n}", "/crm", "ana", START, TicketRequested(requester="ana", title=f"VPN {n}"))
    for n in range(2)
)
IDS = tuple(request_ticket_id("/crm", item.id) for item in REQUESTS)
tickets = st.sampled_from(IDS)


@dataclass
class Tally:
    """What was lived: runs of the machine, lives of tickets, and how far they came."""

    runs: int = 0
    restarts: int = 0
    events: int = 0
    paths: set[tuple[str, ...]] = field(default_factory=set)
    reached: Counter[str] = field(default_factory=Counter)

    def add(self, log: Mapping[str, Sequence[AnyEvent]], restarts: int) -> None:
        self.runs += 1
        self.restarts += restarts
        for events in log.values():
            path = tuple(event.type.split(".")[2] for event in events)
            self.events += len(path)
            self.paths.add(path)
            self.reached.update(set(path))

    def __str__(self) -> str:
        """As `make lives` prints it."""
        most = ", ".join(f"{count} {kind}" for kind, count in self.reached.most_common())
        return (
            f"seed {SEED}: {self.runs} runs with {self.runs * len(IDS)} lives of tickets on the"
            f" embedded store, {len(self.paths)} different ones, {self.events} events,"
            f" {self.restarts} restarts; the store, the log and the model agreed after each step\n"
            f"lives that were ever: {most}"
        )


class Lives(RuleBasedStateMachine):
    """The model changes first, by pure functions alone; the store has to follow."""

    tally: ClassVar[Tally]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock, self.publisher = FakeClock(START), FakePublisher()
        self.pure = tickets_projection(FakeDocuments(TICKETS, self.clock), CLOSE_AFTER)
        self.model: dict[str, Ticket] = {}
        self.log: dict[str, list[AnyEvent]] = {id: [] for id in IDS}
        self.number = self.heard = self.restarts = 0
        self.begin()

    def begin(self) -> None:
        """A process that knows nothing but the store."""
        self.store = SqliteStore(Path(self.folder.name), "intake")
        documents = self.store.documents(TICKETS, self.clock.now)
        self.loop.run(documents.prepare())
        meters = record_telemetry("intake").telemetry.meters
        projection = tickets_projection(documents, CLOSE_AFTER)
        self.documents = documents
        self.work = UnitOfWork(projection, self.publisher, self.clock, meters, cached=0)

    def teardown(self) -> None:
        self.tally.add(self.log, self.restarts)
        self.loop.run(self.store.stop())
        self.loop.close()
        self.folder.cleanup()

    @initialize()
    def open(self) -> None:
        for request in REQUESTS:
            self._hear(request)

    @rule(id=tickets, name=st.sampled_from(sorted(ACTIONS)))
    def act(self, id: str, name: str) -> None:
        self._call(id, ACTIONS[name])

    @rule(id=tickets, last=st.sampled_from(["confirm", "close", "reopen", "nothing"]))
    def end(self, id: str, last: str) -> None:
        """As most tickets end; by chance alone few would come so far."""
        self._call(id, ACTIONS["resolve"])
        if last == "nothing":
            self._pass(CLOSE_AFTER)
        else:
            self._call(id, ACTIONS[last])

    @rule(id=tickets)
    def merge(self, id: str) -> None:
        other = self.model[IDS[1 - IDS.index(id)]]
        self._call(id, lambda it, _: life.merge(it, MAX, other))

    @rule(id=tickets, team=st.sampled_from(["network", "workplace"]))
    def decide(self, id: str, team: str) -> None:
        decided = TriageDecided(
            category="vpn", priority=Priority.P3, team=team, explanation=(), charter="c"
        )
        self.number += 1
        self._hear(Event(f"f-{self.number}", "/desk/triage", id, self.clock.now(), decided))

    @rule()
    def hear_itself(self) -> None:
        new, self.heard = self.publisher.events()[self.heard :], len(self.publisher.messages)
        for event in new:
            self._hear(event)

    @rule(hours=st.integers(1, 80))
    def pass_time(self, hours: int) -> None:
        self._pass(timedelta(hours=hours))

    @rule()
    def restart(self) -> None:
        self.restarts += 1
        self.loop.run(self.store.stop())
        self.begin()

    @invariant()
    def agrees(self) -> None:
        stored = self.loop.run(self.documents.load(self.model))
        assert {id: item.read() for id, item in stored.items()} == self.model
        # Who is replaced before it noted that it had published publishes again, under the same id.
        events = list({event.id: event for event in self.publisher.events()}.values())
        for id, log in self.log.items():
            assert [event for event in events if event.subject == id] == log
            assert replay(log) == self.model.get(id)
        merged = [it for it in self.model.values() if it.state is State.MERGED]
        assert len(merged) < len(IDS), "both went on inside each other"

    def _pass(self, pause: timedelta) -> None:
        self.clock.advance(pause)
        due = self.loop.run(self.documents.due(self.clock.now(), 10))
        assert self.pure.on_timer is not None
        for _, id in due:
            self._keep(id, self.pure.on_timer(self.model[id], Context(self.clock.now())))
        self.loop.run(self.work.on_timer([id for _, id in due], self._fail))

    def _call(self, id: str, action: Action) -> None:
        self.number += 1
        cause = Cause(f"call-{self.number}", self.clock.now())

        def carry_out(ticket: Ticket | None, context: Context) -> Decision[Ticket] | None:
            assert ticket is not None
            recorded = record(id, ticket, action(ticket, context.now), cause)
            return as_written(recorded, CLOSE_AFTER)

        refusals = (Rejected, Forbidden, Invalid)
        with suppress(*refusals):
            self._keep(id, carry_out(self.model[id], Context(self.clock.now())))

        async def change() -> None:
            with suppress(*refusals):
                await CommandQueue(self.work).change(id, carry_out)

        self.loop.run(change())

    def _hear(self, event: AnyEvent) -> None:
        keys = [key for key in self.pure.keys(event) if key in IDS]
        for key in keys:
            context = Context(self.clock.now())
            self._keep(key, self.pure.react(self.model.get(key), event, context))
        items: list[WorkItem[Ticket]] = [WorkItem(key, event) for key in keys]
        self.loop.run(self.work.run(items, self._fail))

    def _keep(self, id: str, decision: Decision[Ticket] | None) -> None:
        if decision is not None:
            self.model[id] = decision.state
            self.log[id] += decision.events

    async def _fail(self, failures: object) -> None:
        raise AssertionError(failures)


@pytest.mark.timeout(60 + SECONDS_A_RUN * RUNS)
def test_the_store_and_the_log_agree_with_the_model_after_each_step(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Counted(Lives):
        tally = Tally()

    chosen = settings(
        max_examples=RUNS,
        stateful_step_count=25,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    seed(SEED)(get_state_machine_test(Counted, settings=chosen))()
    with capsys.disabled():
        sys.stdout.write(f"\n{Counted.tally}\n")
    assert Counted.tally.runs >= RUNS
    if RUNS >= MANY:
        assert {
            "paused",
            "resolved",
            "reopened",
            "closed",
            "merged",
        } <= Counted.tally.reached.keys()
