"""The words for states, channels and moments, the same wherever people read them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from desk_shared.events.people import Reason
from desk_shared.events.tickets import Channel, LinkKind, State, WaitingFor

STATES: dict[State, str] = {
    State.NEW: "new",
    State.TRIAGED: "sorted",
    State.ASSIGNED: "with its team",
    State.IN_PROGRESS: "being worked on",
    State.WAITING: "waiting",
    State.RESOLVED: "resolved",
    State.CLOSED: "closed",
    State.MERGED: "merged into another ticket",
}

WAITING: dict[WaitingFor, str] = {
    WaitingFor.EMPLOYEE: "an answer from the person who asked",
    WaitingFor.VENDOR: "a supplier",
    WaitingFor.APPROVAL: "an approval",
}

CHANNELS: dict[Channel, str] = {
    Channel.API: "through another program",
    Channel.PORTAL: "in the portal",
    Channel.MAIL: "by mail",
    Channel.CHAT: "in chat",
    Channel.PHONE: "by phone",
    Channel.EVENT: "through another system",
    Channel.DESK: "by the desk itself",
}

LINKS: dict[LinkKind, str] = {
    LinkKind.PROBLEM: "the problem",
    LinkKind.RUN: "the automatic repair",
    LinkKind.SIGNAL: "the early warning",
    LinkKind.TICKET: "the ticket",
}

CLOCKS: dict[str, str] = {
    "response": "a first answer",
    "next_response": "the next answer",
    "resolution": "a solution",
    "update": "news",
    "ownership": "a decision of the team",
}


def moment(at: datetime) -> str:
    """A moment as people read it; always with its zone, since they sit in many."""
    return f"{at.astimezone(UTC):%d %B %Y, %H:%M} UTC"


def because(explanation: Iterable[Reason]) -> str:
    """The reasons as a continuation of a sentence; empty without any."""
    reasons = [reason.text.strip().rstrip(".") for reason in explanation if reason.text.strip()]
    return f" Why: {'; '.join(reasons)}." if reasons else ""


def joined(words: Iterable[str], last: str = "or") -> str:
    """`a, b or c`."""
    *first, end = words
    return f"{', '.join(first)} {last} {end}" if first else end


def sentence(text: str) -> str:
    """The text with an end mark."""
    trimmed = text.strip()
    return trimmed if not trimmed or trimmed[-1] in ".!?…" else f"{trimmed}."
