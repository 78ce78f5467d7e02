"""A message on its way through channels: which ones, when, and what each outcome leads to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from desk_contracts import Event
from desk_contracts.events.notifications import Audience, MessageKind, Notified
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message
from desk_kernel import Backoff

from desk_notify.deliveries.model import Delivery, DeliveryState, Dispatch
from desk_notify.subscriptions.model import Directory

LOG, MAIL = "log:", "mailto:"

_PAUSES = Backoff(timedelta(seconds=5), timedelta(minutes=15))

# What is solved with its problem fills nobody's mailbox; it still stands on the team's topic.
_KEPT_OUT_OF_MAIL = frozenset(
    {MessageKind.TICKET_ASSIGNED, MessageKind.SLA_AT_RISK, MessageKind.SLA_BREACHED}
)


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel has it, as its answer says; the answer may name it in the channel's own books."""

    answer: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The channel will never take it."""

    reason: Message


@dataclass(frozen=True, slots=True)
class Later:
    """The channel did not take it this time; `is_unknown` if it may have taken it after all."""

    reason: Message
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class HeldBack:
    """The desk does not send it."""

    reason: Message


Outcome = Sent | Refused | Later | HeldBack


def scheme_of(channel: str) -> str:
    """The kind of a channel: what stands before the colon of its URL."""
    return channel.partition(":")[0]


def select_channels(message: Notified, directory: Directory) -> tuple[str, ...]:
    """Where a message goes besides Kafka, as channel URLs of the charter."""
    if message.audience is Audience.PERSON:
        address = directory.mails.get(message.recipient, message.recipient)
        return (f"{MAIL}{quote(address, safe='@')}",) if "@" in address else ()
    profile = directory.teams.get(message.recipient)
    wanted = profile.channels if profile is not None else ()
    is_quiet = bool(message.problem) and message.kind in _KEPT_OUT_OF_MAIL
    return tuple(item for item in wanted if not (is_quiet and item.startswith(MAIL)))


def choose_departure(_message: Notified, now: datetime) -> datetime:
    """When a message may leave. Quiet hours and digests will decide here; today it is at once."""
    return now


def plan_dispatch(event: Event[Notified], channels: Sequence[str], now: datetime) -> Dispatch:
    """A message with all its deliveries to come; a log line needs nobody and is as good as said."""
    message = event.data
    moment, pending = choose_departure(message, now), DeliveryState.PENDING
    deliveries = tuple(
        Delivery(channel=channel, state=DeliveryState.SENT, attempts=1, changed_at=now)
        if channel == LOG
        else Delivery(channel=channel, state=pending, next_at=moment, changed_at=now)
        for channel in channels
    )
    return Dispatch(
        message=event.id,
        recipient=message.recipient,
        kind=message.kind,
        title=message.title,
        body=message.body,
        thread=message.ticket or message.problem or event.id,
        ticket=message.ticket,
        happened_at=event.time,
        traceparent=event.traceparent,
        deliveries=deliveries,
    )


def find_due(dispatch: Dispatch) -> datetime | None:
    """When somebody has to look at it again."""
    moments = [delivery.next_at for delivery in dispatch.deliveries if delivery.next_at is not None]
    return min(moments, default=None)


def give_up(dispatch: Dispatch, now: datetime, most: int) -> Dispatch:
    """The dispatch without what was taken in hand `most` times and never reported: whoever sends
    it dies of it, and nobody knows whether it arrived."""
    after = tuple(
        _change(
            delivery,
            now,
            state=DeliveryState.UNKNOWN,
            next_at=None,
            reason=message("delivery.sender-lost", tries=delivery.attempts),
        )
        if delivery.state is DeliveryState.SENDING
        and delivery.attempts >= most
        and delivery.next_at is not None
        and delivery.next_at <= now
        else delivery
        for delivery in dispatch.deliveries
    )
    return dispatch.model_copy(update={"deliveries": after})


def claim_due(
    dispatch: Dispatch, now: datetime, lease: timedelta, scheme: str
) -> tuple[Dispatch, tuple[str, ...]]:
    """The dispatch with what is due of one scheme taken in hand, and the channels to be served
    now.

    Who has not reported after the lease is taken for dead, and the delivery is due again.
    """
    ready = {
        delivery.channel
        for delivery in dispatch.deliveries
        if delivery.next_at and delivery.next_at <= now and scheme_of(delivery.channel) == scheme
    }
    taken = tuple(
        _change(
            item,
            now,
            state=DeliveryState.SENDING,
            attempts=item.attempts + 1,
            next_at=now + lease,
            # Nobody reported the last try, or nobody knows what became of it.
            in_doubt=item.in_doubt or item.state in {DeliveryState.SENDING, DeliveryState.UNKNOWN},
        )
        if item.channel in ready
        else item
        for item in dispatch.deliveries
    )
    return dispatch.model_copy(update={"deliveries": taken}), tuple(sorted(ready))


def record_outcome(
    dispatch: Dispatch, channel: str, outcome: Outcome, now: datetime, most: int
) -> Dispatch:
    """The dispatch after an attempt; after `most` attempts nothing more is tried."""
    after = tuple(
        _apply_outcome(delivery, outcome, now, most) if delivery.channel == channel else delivery
        for delivery in dispatch.deliveries
    )
    return dispatch.model_copy(update={"deliveries": after})


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 5 s, 10 s, 20 s, up to a quarter of an hour."""
    return _PAUSES.after(attempts)


def derive_mail_id(dispatch: Dispatch, channel: str) -> str:
    """The same for every attempt at one delivery, so that a second copy can be recognised."""
    return derive_id(dispatch.message, channel)


def _apply_outcome(before: Delivery, outcome: Outcome, now: datetime, most: int) -> Delivery:
    if isinstance(outcome, Sent):
        return _change(
            before, now, state=DeliveryState.SENT, next_at=None, reason=None, in_doubt=False
        )
    if before.in_doubt and not (isinstance(outcome, Later) and outcome.is_unknown):
        return _remain_in_doubt(before, outcome, now, most)
    if isinstance(outcome, HeldBack):
        state = DeliveryState.HELD_BACK
        return _change(before, now, state=state, next_at=None, reason=outcome.reason)
    if isinstance(outcome, Refused):
        return _change(before, now, state=DeliveryState.FAILED, next_at=None, reason=outcome.reason)
    is_last = before.attempts >= most
    undelivered = DeliveryState.FAILED if is_last else DeliveryState.PENDING
    return _change(
        before,
        now,
        state=DeliveryState.UNKNOWN if outcome.is_unknown else undelivered,
        next_at=None if is_last else now + pause(before.attempts),
        reason=outcome.reason,
    )


def _remain_in_doubt(
    before: Delivery, outcome: Refused | Later | HeldBack, now: datetime, most: int
) -> Delivery:
    """What this try came to says nothing of an earlier one that may have arrived."""
    is_over = not isinstance(outcome, Later) or before.attempts >= most
    return _change(
        before,
        now,
        state=DeliveryState.UNKNOWN,
        next_at=None if is_over else now + pause(before.attempts),
        reason=message("delivery.may-have-arrived", last=outcome.reason),
    )


def _change(before: Delivery, now: datetime, **fields: object) -> Delivery:
    return before.model_copy(update={"changed_at": now, **fields})
