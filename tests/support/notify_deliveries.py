"""Shared by tests: notify, deliveries."""

from datetime import timedelta

from desk_contracts import Event
from desk_contracts.events.notifications import Audience, MessageKind, Notified
from desk_notify.deliveries.decide import (
    plan_dispatch,
)
from desk_notify.deliveries.model import Dispatch

from tests.support.notify_desk import NOON

MAIL = "mailto:net@desk.example"


LEASE = timedelta(minutes=2)


def notified(
    recipient: str = "network",
    audience: Audience = Audience.TEAM,
    kind: MessageKind = MessageKind.TICKET_ASSIGNED,
    problem: str = "",
) -> Notified:
    return Notified(
        audience=audience, recipient=recipient, kind=kind, title="T", body="B", problem=problem
    )


def dispatch(*channels: str) -> Dispatch:
    event = Event(id="m-1", source="/t", subject="network", time=NOON, data=notified())
    return plan_dispatch(event, channels or (MAIL,), NOON)
