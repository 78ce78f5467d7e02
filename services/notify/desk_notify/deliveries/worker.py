"""Carries messages on through channels: takes a delivery in hand, sends it, notes the outcome.

A delivery is claim_due in the store before it is sent, so of several workers one sends it. Who dies
between sending and writing leaves it claim_due; after a while it is sent again under the same id.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from desk_contracts.errors import DependencyDown, NotFound, Rejected, Transient
from desk_contracts.message import message, verbatim
from desk_kernel import Context, Decision
from desk_platform.clock import Clock
from desk_platform.health import Health, State
from desk_platform.heartbeat import beat
from desk_platform.kafka import CommandQueue, WorkItem
from desk_platform.kafka.retry import attempt_async, attempt_value, insist
from desk_platform.kafka.timers import OnTimer, Report
from desk_platform.telemetry import Telemetry, get_logger, names
from opentelemetry.metrics import Counter

from desk_notify.deliveries.channel import Channel
from desk_notify.deliveries.decide import (
    HeldBack,
    Later,
    Outcome,
    Sent,
    claim_due,
    find_due,
    give_up,
    record_outcome,
)
from desk_notify.deliveries.model import Delivery, DeliveryState, Dispatch
from desk_notify.deliveries.store import Limits

log = get_logger()


def _do_nothing(_state: Any, _context: Context) -> None:
    """A task that only names its document."""


@dataclass(frozen=True, slots=True)
class ServedChannels:
    """The connections of one kind of channel, the scheme of its URLs, its name in health."""

    scheme: str
    component: str
    connections: Sequence[Channel]


class DeliveryWorker:
    """Serves due deliveries of one kind of channel, one beside the other on each connection."""

    def __init__(  # noqa: PLR0913 (what it stands between)
        self,
        commands: CommandQueue[Dispatch],
        served: ServedChannels,
        clock: Clock,
        health: Health,
        outcomes: Counter,
        limits: Limits,
        *,
        telemetry: Telemetry,
        most: int,
        lease: timedelta,
    ) -> None:
        self._commands = commands
        self._scheme, self._component = served.scheme, served.component
        self._connections = served.connections
        self._clock = clock
        self._health = health
        self._outcomes, self._telemetry = outcomes, telemetry
        self._limits = limits
        self._most = most
        self._lease = lease

    async def close(self) -> None:
        """Close every connection; one is opened again when there is something to send."""
        for connection in self._connections:
            await connection.close()

    async def on_timer(self, ids: Iterable[str], report: Report) -> None:
        """Serve these; with the other side away they stay as they are and are found again.

        Lines do not end each other: one that fails must not break another's mail in two.
        """
        waiting = iter(tuple(ids))

        async def serve(connection: Channel) -> Exception | None:
            return await attempt_async(self._serve(connection, waiting, report))

        for error in await asyncio.gather(*map(serve, self._connections)):
            if error is not None:
                raise error

    async def _serve(self, connection: Channel, waiting: Iterator[str], report: Report) -> None:
        try:
            await connection.open()
            self._health.mark(self._component, State.READY, "the other side answers")
            for id in waiting:
                error = await attempt_async(self._deliver(connection, id))
                if isinstance(error, Transient):
                    raise error
                if error is not None:  # its own trouble; the next may be well
                    await report([(WorkItem(id, _do_nothing), error)])
                beat()
        except DependencyDown as error:
            if error.fields.get("dependency") != self._component:
                raise
            self._health.mark(self._component, State.DOWN, str(error))
            log.warning("deliveries_wait", reason=str(error))

    async def _deliver(self, connection: Channel, id: str) -> None:
        dispatch, taken = await self._claim(id)
        if dispatch is None:
            return
        for channel in taken:
            outcome: Outcome | None = await self._limits.refuse(dispatch, channel)
            away = await attempt_async(connection.open()) if outcome is None else None
            if isinstance(away, DependencyDown):
                # Else the try would be thought to have got lost on its way.
                outcome = Later(message("delivery.nothing-sent", why=str(away)))
            elif away is not None:
                raise away
            outcome = outcome or await self._send_once(connection, dispatch, channel)
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
            before = give_up(state, context.now, self._most)
            after, taken = claim_due(before, context.now, self._lease, self._scheme)
            lost[:] = [item for item in before.deliveries if item not in state.deliveries]
            if not taken and not lost:
                raise Rejected("another worker has it in hand, or it is done")
            return Decision(after, due=find_due(after))

        try:
            dispatch = (await self._commands.change(id, claim)).state
        except Rejected:
            return None, ()
        for delivery in lost:
            self._report(id, delivery, Later(delivery.reason or verbatim(""), is_unknown=True))
        return dispatch, taken

    async def _send_once(self, connection: Channel, dispatch: Dispatch, channel: str) -> Outcome:
        """An attempt that raises is count_mail like any other; nobody knows how far it came."""
        attributes = {names.CHANNEL: self._scheme}
        with self._telemetry.open_caused_span(
            f"{names.SEND} {self._scheme}", dispatch.traceparent, attributes
        ) as span:
            outcome = await attempt_value(connection.send(dispatch, channel))
            if not isinstance(outcome, Sent):
                span.set_attribute(names.ERROR_TYPE, type(outcome).__qualname__)
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
            after = record_outcome(state, channel, outcome, context.now, self._most)
            return Decision(after, due=find_due(after))

        after = (await insist(lambda: self._commands.change(id, record), self._clock)).state
        for delivery in after.deliveries if after else ():
            if delivery.channel == channel:
                self._report(id, delivery, outcome)

    def _report(self, id: str, delivery: Delivery, outcome: Outcome) -> None:
        attributes = {
            names.CHANNEL: delivery.channel.partition(":")[0],
            names.STATE: delivery.state.value,
        }
        self._outcomes.add(1, attributes)
        fields: dict[str, Any] = {"message_id": id, "attempts": delivery.attempts}
        if isinstance(outcome, Sent):
            log.info("delivery_sent", answer=outcome.answer, **fields)
        elif isinstance(outcome, HeldBack):
            log.warning("delivery_held_back", reason=str(outcome.reason), **fields)
        elif delivery.next_at is None:
            log.error(
                "delivery_gave_up", state=delivery.state.value, reason=str(outcome.reason), **fields
            )
        else:
            unknown = delivery.state is DeliveryState.UNKNOWN
            log.warning("delivery_waits", unknown=unknown, reason=str(outcome.reason), **fields)


def serve_all(workers: Sequence[DeliveryWorker]) -> OnTimer:
    """Each worker takes what is due of its own kind; one that fails stops no other."""

    async def on_timer(ids: Sequence[str], report: Report) -> None:
        async def serve(worker: DeliveryWorker) -> Exception | None:
            return await attempt_async(worker.on_timer(ids, report))

        for error in await asyncio.gather(*map(serve, workers)):
            if error is not None:
                raise error

    return on_timer
