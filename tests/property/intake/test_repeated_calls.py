"""Calls on one ticket by two replicas that may die at any write: each is carried out once.

The model knows only what callers know: which keys they used, for what, and what was answered.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from desk_contracts.errors import DependencyDown, KeyReused, Transient
from desk_contracts.events.requests import TicketRequested
from desk_intake.tickets.api.calls import command_of, once
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.calls import MOST_HERE, Recalled
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.record import Cause, record
from desk_intake.tickets.registration import from_request
from desk_intake.tickets.store import TICKETS, tickets_projection
from desk_kernel import Context, Decision
from desk_platform.clock import FakeClock
from desk_platform.http import IdempotentCall, check_same
from desk_platform.kafka import CommandQueue, UnitOfWork
from desk_platform.store import Stored
from desk_platform.store.idempotency import KeptCall
from desk_testing.fakes import FakeDocuments, FakeKeptCalls, FakePublisher
from desk_testing.telemetry import record_telemetry
from hypothesis import given, settings
from hypothesis import strategies as st

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLOSE_AFTER = timedelta(days=5)


class Fate:
    """Says before and after each write whether the process dies there, and lets others go first."""

    def __init__(self, deaths: Sequence[int], turns: Sequence[int]) -> None:
        self._deaths, self._turns, self.step = set(deaths), turns, 0

    async def meet(self) -> None:
        self.step += 1
        for _ in range(self._turns[self.step % len(self._turns)]):
            await asyncio.sleep(0)
        if self.step in self._deaths:
            raise DependencyDown("killed here", dependency="process")


class MortalDocuments(FakeDocuments[Ticket]):
    fate: Fate

    async def write(self, documents: Sequence[Stored[Ticket]]) -> frozenset[str]:
        await self.fate.meet()
        written = await super().write(documents)
        await self.fate.meet()
        return written


class MortalCalls(FakeKeptCalls):
    fate: Fate

    async def keep(self, calls: Sequence[KeptCall]) -> None:
        await self.fate.meet()
        await super().keep(calls)
        await self.fate.meet()

    async def find(self, document: str, key: str) -> str | None:
        await self.fate.meet()
        kept = await super().find(document, key)
        await self.fate.meet()
        return kept


class World:
    """One ticket, two replicas, and what their callers know."""

    def __init__(self, fate: Fate) -> None:
        self.clock = FakeClock(START)
        self.documents, self.calls = MortalDocuments(TICKETS, self.clock), MortalCalls(self.clock)
        self.documents.fate = self.calls.fate = fate
        self.replicas = [self._replica() for _ in range(2)]
        self.answered: dict[str, str] = {}

    def _replica(self) -> TicketDeps:
        meters = record_telemetry("intake").telemetry.meters
        projection = tickets_projection(self.documents, CLOSE_AFTER)
        changes = CommandQueue(
            UnitOfWork(projection, FakePublisher(), self.clock, meters, cached=0)
        )
        nothing = None
        return TicketDeps(
            self.documents,
            changes,
            nothing,  # type: ignore[arg-type]
            nothing,  # type: ignore[arg-type]
            self.calls,
            self.clock,
            nothing,  # type: ignore[arg-type]
            CLOSE_AFTER,
            nothing,  # type: ignore[arg-type]
            nothing,  # type: ignore[arg-type]
            nothing,  # type: ignore[arg-type]
            nothing,  # type: ignore[arg-type]
            nothing,  # type: ignore[arg-type]
        )

    async def open(self) -> None:
        opened = from_request(TicketRequested(requester="ana", title="VPN away"), "1234-567S")
        recorded = record("t", None, opened, Cause("r-1", START))
        assert recorded is not None
        await FakeDocuments.write(self.documents, [Stored("t", state=recorded.state)])

    async def call(self, replica: int, key: str, body: str) -> None:
        """One call; whoever gets no answer does not know whether it was carried out."""
        deps, call = self.replicas[replica], IdempotentCall(key, body)

        def rule(recalled: Recalled) -> Callable[[Ticket | None, Context], Decision[Ticket] | None]:
            def decide(ticket: Ticket | None, context: Context) -> Decision[Ticket] | None:
                assert ticket is not None
                if (fingerprint := ticket.find_fingerprint(key, recalled)) is not None:
                    check_same(call, fingerprint)
                    return None
                done = ticket.model_copy(update={"description": f"{ticket.description} {key}"})
                return Decision(done.with_command(command_of(call, context), recalled))

            return decide

        def ask(recalled: Recalled) -> Awaitable[Stored[Ticket]]:
            return deps.changes.change("t", rule(recalled))

        try:
            await once(deps, call, ask)
        except Transient:  # the replica died, or was too slow
            return
        except KeyReused:
            assert self.answered.get(key) != body
            return
        assert self.answered.setdefault(key, body) == body

    async def check(self) -> None:
        (stored,) = (await FakeDocuments.load(self.documents, ["t"])).values()
        assert stored.state is not None
        done = stored.state.description.split()
        assert len(done) == len(set(done)), "a call was carried out twice"
        assert set(self.answered) <= set(done), "a call was answered and not carried out"
        assert len(stored.state.commands) <= MOST_HERE


calls = st.tuples(st.integers(0, 1), st.integers(0, 160), st.sampled_from("aab"))
rounds = st.lists(st.lists(calls, min_size=1, max_size=4), max_size=30)


@settings(max_examples=40, deadline=None)
@given(
    rounds,
    st.integers(20, 150),
    st.lists(st.integers(1, 900), max_size=12),
    st.lists(st.integers(0, 3), min_size=1, max_size=7),
)
def test_a_call_is_carried_out_once_whatever_dies_and_whoever_repeats_it(
    steps: list[list[tuple[int, int, str]]], before: int, deaths: list[int], turns: list[int]
) -> None:
    async def live() -> None:
        world = World(Fate(deaths, turns))
        await world.open()
        for number in range(before):  # so that there is something to forget
            await world.call(number % 2, f"k{number}", "a")
        for together in steps:
            await asyncio.gather(
                *(world.call(replica, f"k{key}", body) for replica, key, body in together)
            )
            await world.check()
        for number in range(before):
            await world.call(number % 2, f"k{number}", "a")
        await world.check()

    asyncio.run(live())
