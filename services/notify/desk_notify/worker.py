"""Carries messages on through channels: takes a delivery in hand, sends it, notes the outcome.

A delivery is claimed in the store before it is sent, so of several workers one sends it. Who dies
between sending and writing leaves it claimed; after a while it is sent again under the same id.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from desk_shared.bus import CommandQueue, WorkItem
from desk_shared.bus.retry import attempt_async, attempted, insisted
from desk_shared.bus.timers import Report
from desk_shared.clock import Clock
from desk_shared.errors import DependencyDown, NotFound, Rejected, Transient
from desk_shared.events.message import message, written
from desk_shared.health import Health, State
from desk_shared.kernel import Context, Decision
from desk_shared.telemetry import get_logger
from desk_shared.turns import turned
from opentelemetry.metrics import Counter

from desk_notify.domain.deliveries import (
    HeldBack,
    Later,
    Outcome,
    Sent,
    claimed,
    due_of,
    given_up,
    recorded,
)
from desk_notify.domain.model import Delivery, DeliveryState, Dispatch
from desk_notify.gate import Gate
from desk_notify.ports import Channel

log = get_logger()

COMPONENT = "smtp"


def _nothing(_state: Any, _context: Context) -> None:
    """A task that only names its document."""


class DeliveryWorker:
    """Serves due deliveries, as many side by side as it has lines; timers wake it."""

    def __init__(  # noqa: PLR0913 (what it stands between)
        self,
        commands: CommandQueue[Dispatch],
        lines: Sequence[Channel],
        clock: Clock,
        health: Health,
        outcomes: Counter,
        gate: Gate,
        *,
        most: int,
        lease: timedelta,
    ) -> None:
        self._commands = commands
        self._lines = lines
        self._clock = clock
        self._health = health
        self._outcomes = outcomes
        self._gate = gate
        self._most = most
        self._lease = lease

    async def hang_up(self) -> None:
        """Close every line; one is opened again when there is something to send."""
        for line in self._lines:
            await line.close()

    async def wake(self, ids: Iterable[str], report: Report) -> None:
        """Serve these; with the other side away they stay as they are and are found again.

        Lines do not end each other: one that fails must not break another's mail in two.
        """
        waiting = iter(tuple(ids))
        serving = (attempt_async(self._serve(line, waiting, report)) for line in self._lines)
        for error in await asyncio.gather(*serving):
            if error is not None:
                raise error

    async def _serve(self, line: Channel, waiting: Iterator[str], report: Report) -> None:
        try:
            await line.open()
            self._health.mark(COMPONENT, State.READY, "the mail server answers")
            for id in waiting:
                error = await attempt_async(self._deliver(line, id))
                if isinstance(error, Transient):
                    raise error
                if error is not None:  # its own trouble; the next may be well
                    await report([(WorkItem(id, _nothing), error)])
                turned()
        except DependencyDown as error:
            if error.fields.get("dependency") != COMPONENT:
                raise
            self._health.mark(COMPONENT, State.DOWN, str(error))
            log.warning("deliveries_wait", reason=str(error))

    async def _deliver(self, line: Channel, id: str) -> None:
        dispatch, taken = await self._claim(id)
        if dispatch is None:
            return
        for channel in taken:
            outcome: Outcome | None = await self._gate.held_back(dispatch, channel)
            away = await attempt_async(line.open()) if outcome is None else None
            if isinstance(away, DependencyDown):
                # Else the try would be thought to have got lost on its way.
                outcome = Later(message("delivery.nothing-sent", why=str(away)))
            elif away is not None:
                raise away
            outcome = outcome or await self._sent(line, dispatch, channel)
            await self._record(id, channel, outcome)
            if away is not None:
                raise away

    async def _claim(self, id: str) -> tuple[Dispatch | None, tuple[str, ...]]:
        """The message and the channels that are ours now; what nobody survives is given up."""
        taken: tuple[str, ...] = ()
        lost: list[Delivery] = []

        def claim(state: Dispatch | None, context: Context) -> Decision[Dispatch]:
            nonlocal taken
            if state is None:
                raise NotFound("there is no such message")
            before = given_up(state, context.now, self._most)
            after, taken = claimed(before, context.now, self._lease)
            lost[:] = [one for one in before.deliveries if one not in state.deliveries]
            if not taken and not lost:
                raise Rejected("another worker has it in hand, or it is done")
            return Decision(after, due=due_of(after))

        try:
            dispatch = (await self._commands.change(id, claim)).state
        except Rejected:
            return None, ()
        for delivery in lost:
            self._report(id, delivery, Later(delivery.reason or written(""), is_unknown=True))
        return dispatch, taken

    async def _sent(self, line: Channel, dispatch: Dispatch, channel: str) -> Outcome:
        """An attempt that raises is counted like any other; nobody knows how far it came."""
        outcome = await attempted(line.send(dispatch, channel))
        if isinstance(outcome, DependencyDown):
            raise outcome
        if isinstance(outcome, Exception):
            log.error("delivery_failed", message_id=dispatch.message, exc_info=outcome)
            what = f"{type(outcome).__name__}: {outcome}"
            return Later(message("delivery.sending-failed", error=what), is_unknown=True)
        return outcome

    async def _record(self, id: str, channel: str, outcome: Outcome) -> None:
        def record(state: Dispatch | None, context: Context) -> Decision[Dispatch]:
            if state is None:
                raise NotFound("there is no such message")
            after = recorded(state, channel, outcome, context.now, self._most)
            return Decision(after, due=due_of(after))

        after = (await insisted(lambda: self._commands.change(id, record), self._clock)).state
        for delivery in after.deliveries if after else ():
            if delivery.channel == channel:
                self._report(id, delivery, outcome)

    def _report(self, id: str, delivery: Delivery, outcome: Outcome) -> None:
        attributes = {"channel": delivery.channel.partition(":")[0], "state": delivery.state.value}
        self._outcomes.add(1, attributes)
        told: dict[str, Any] = {"message_id": id, "attempts": delivery.attempts}
        if isinstance(outcome, Sent):
            log.info("delivery_sent", answer=outcome.answer, **told)
        elif isinstance(outcome, HeldBack):
            log.warning("delivery_held_back", reason=str(outcome.reason), **told)
        elif delivery.next_at is None:
            log.error(
                "delivery_gave_up", state=delivery.state.value, reason=str(outcome.reason), **told
            )
        else:
            unknown = delivery.state is DeliveryState.UNKNOWN
            log.warning("delivery_waits", unknown=unknown, reason=str(outcome.reason), **told)
