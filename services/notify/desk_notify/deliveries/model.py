"""A message and its deliveries through every channel but Kafka."""

from datetime import datetime
from enum import StrEnum

from desk_contracts.frozen import Frozen
from desk_contracts.message import Message


class DeliveryState(StrEnum):
    """Where a delivery is; `unknown` means that a crash or a cut line hides how it went.

    `held_back` is what the desk itself does not send; the reason stands beside it.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD_BACK = "held_back"


class Delivery(Frozen):
    """One message on its way through one channel; `next_at` is none when nothing more is tried.

    `in_doubt` once a try may have arrived: only a yes settles that, no later refusal does.
    """

    channel: str
    state: DeliveryState
    attempts: int = 0
    next_at: datetime | None = None
    changed_at: datetime
    reason: Message | None = None
    in_doubt: bool = False


class Dispatch(Frozen):
    """A message and its deliveries through every channel but Kafka."""

    message: str
    recipient: str
    kind: str
    title: str
    body: str
    thread: str
    ticket: str = ""
    happened_at: datetime
    traceparent: str = ""
    deliveries: tuple[Delivery, ...]

    @property
    def over_since(self) -> datetime | None:
        """Since when nothing is tried any more; None while something is.

        Not before what it tells of: by that moment it is known that it was removed.
        """
        if any(delivery.next_at is not None for delivery in self.deliveries):
            return None
        return max((self.happened_at, *(delivery.changed_at for delivery in self.deliveries)))
