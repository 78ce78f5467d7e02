"""Which steps were under way when faults fell, as those outside saw it: step by kind of fault."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from desk_contracts import Payload
from desk_contracts.events.automation import RunStarted, RunStepRecorded
from desk_contracts.events.fulfilment import (
    FulfilmentStatus,
    TicketFulfilmentReported,
    TicketFulfilmentRequested,
)
from desk_contracts.events.notifications import MessageKind, Notified
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.sla import SlaBreached, SlaMet, SlaStarted
from desk_contracts.events.tickets import TicketAssigned, TicketOpened

from desk_storm.books import Fault
from desk_storm.faults import LASTING
from desk_storm.history import Arrival, History

Span = tuple[datetime, datetime]
_NEAR = timedelta(seconds=2)
# Each has its row, also when nothing hit it: what was not tried is to be seen.
STEPS = (
    "a call waits for its answer",
    "an act is open at its target",
    "an act is answered and nobody is told",
    "an act is over and its run is not",
    "a mail is being handed over",
    "a call is not yet a ticket",
    "a request is not yet a ticket",
    "a ticket waits for a team",
    "a team waits to be told",
    "a clock waits to be started",
    "a deadline passes",
    "a clock ends in time",
    "a signal waits for its run",
    "a repair is being verified",
)


# Those of a storm with the front door.
AT_THE_DOOR = (
    "an order waits for its answer",
    "a vote waits for its answer",
    "an order is with its runbook",
    "a mail to the desk waits for its answer",
    "a link is on its way",
    "a token is being used",
)


def spans(history: History) -> Iterator[tuple[str, Span]]:
    """From when to when each step lasted; what never ended is left to the laws."""
    for call in history.books.calls:
        if call.answered_at is not None:
            yield "a call waits for its answer", (call.at, call.answered_at)
    for act in history.books.acts:
        if act.ended_at is not None:
            yield "an act is open at its target", (act.at, act.ended_at)
    for mail in history.books.mails:
        if mail.began_at is not None and mail.ended_at is not None:
            yield "a mail is being handed over", (mail.began_at, mail.ended_at)
    yield from _calls(history)
    yield from _requests(history)
    opened, assigned = _firsts(history, TicketOpened), _firsts(history, TicketAssigned)
    notified = {
        item.event.data.ticket: item.arrived_at
        for item in history.of(Notified)
        if item.event.data.kind is MessageKind.TICKET_ASSIGNED
    }
    yield from _between("a ticket waits for a team", opened, assigned)
    yield from _between("a team waits to be told", assigned, notified)
    yield from _between("a clock waits to be started", opened, _firsts(history, SlaStarted))
    yield from _clocks(history)
    yield from _runs(history)
    yield from _at_the_door(history)


def table(history: History) -> dict[tuple[str, str], int]:
    """How many faults of each kind fell into each step."""
    counts: Counter[tuple[str, str]] = Counter()
    faults = history.books.faults
    for step, (since, until) in spans(history):
        hit = {
            fault.kind for fault in faults if fault.at <= until and _struck_until(fault) >= since
        }
        counts.update((step, kind) for kind in hit)
    return dict(counts)


def _struck_until(fault: Fault) -> datetime:
    """A kill strikes at once, whatever the restart takes; a freeze all the time that it lasts."""
    return fault.until or fault.at if fault.kind in LASTING else fault.at


def never(counts: dict[tuple[str, str], int], steps: Sequence[str] = STEPS) -> list[str]:
    """Steps, each with the kinds of faults that fell and never into it."""
    kinds = sorted({kind for _, kind in counts})
    missed = {step: [kind for kind in kinds if (step, kind) not in counts] for step in steps}
    return [f"{step}: {', '.join(those)}" for step, those in missed.items() if those]


def drawn(counts: dict[tuple[str, str], int], steps: Sequence[str] = STEPS) -> str:
    """As a table of text: rows are steps, columns kinds of faults, a dot for none."""
    kinds = sorted({kind for _, kind in counts})
    width = max(len(step) for step in steps)
    rows = [" " * width + "".join(f"  {kind:>13}" for kind in kinds)]
    for step in steps:
        texts = (str(counts.get((step, kind), ".")) for kind in kinds)
        rows.append(step.ljust(width) + "".join(f"  {text:>13}" for text in texts))
    return "\n".join(rows)


def _firsts(history: History, kind: type[Payload]) -> dict[str, datetime]:
    arrivals: dict[str, datetime] = {}
    for item in history.of(kind):
        arrivals[item.event.subject] = min(
            arrivals.get(item.event.subject, item.arrived_at), item.arrived_at
        )
    return arrivals


def _between(
    step: str, since: dict[str, datetime], until: dict[str, datetime]
) -> Iterator[tuple[str, Span]]:
    for subject, at in since.items():
        if subject in until:
            yield step, (at, until[subject])


def _calls(history: History) -> Iterator[tuple[str, Span]]:
    """From the call on, since intake holds it before it has answered."""
    opened = _firsts(history, TicketOpened)
    for call in history.books.calls:
        if call.path == "/v1/tickets" and call.status == 201:
            ticket = json.loads(call.answer).get("id")
            if ticket in opened:
                yield "a call is not yet a ticket", (call.at, max(call.at, opened[ticket]))


def _at_the_door(history: History) -> Iterator[tuple[str, Span]]:
    paths = {
        "/v1/catalogue/": "an order waits for its answer",
        "/v1/requests/": "a vote waits for its answer",
    }
    for call in history.books.calls:
        step = next((step for path, step in paths.items() if call.path.startswith(path)), "")
        if step and call.answered_at is not None:
            yield step, (call.at, call.answered_at)
    requested = _firsts(history, TicketFulfilmentRequested)
    ended = {
        item.event.subject: item.arrived_at
        for item in history.of(TicketFulfilmentReported)
        if item.event.data.status in (FulfilmentStatus.DONE, FulfilmentStatus.HANDED_OVER)
    }
    yield from _between("an order is with its runbook", requested, ended)
    for letter in history.books.letters:
        yield "a mail to the desk waits for its answer", (letter.at, letter.ended_at)
    for account in history.books.accounts:
        if account.mailed_at is not None:
            yield "a link is on its way", (account.asked_at, account.mailed_at)
    for use in history.books.redemptions:
        yield "a token is being used", (use.at, use.answered_at)


def _requests(history: History) -> Iterator[tuple[str, Span]]:
    opened: dict[str, Arrival[TicketOpened]] = {
        item.event.causation_id: item
        for item in history.of(TicketOpened)
        if item.event.causation_id
    }
    for sent in history.books.sent:
        if (ticket := opened.get(sent.event.id)) is not None:
            yield "a request is not yet a ticket", (sent.at, ticket.arrived_at)


def _clocks(history: History) -> Iterator[tuple[str, Span]]:
    for breach in history.of(SlaBreached):
        due = breach.event.data.due
        yield "a deadline passes", (due - _NEAR, max(due + _NEAR, breach.arrived_at))
    for kept in history.of(SlaMet):
        yield "a clock ends in time", (kept.event.time, max(kept.event.time, kept.arrived_at))


def _runs(history: History) -> Iterator[tuple[str, Span]]:
    began = {item.event.data.run: item for item in history.of(RunStarted)}
    raised = _firsts(history, SignalRaised)
    recorded: dict[str, list[datetime]] = defaultdict(list)
    for step in history.of(RunStepRecorded):
        recorded[step.event.data.run].append(step.arrived_at)
    for run, start in began.items():
        if (at := raised.get(start.event.subject)) is not None and at <= start.arrived_at:
            yield "a signal waits for its run", (at, start.arrived_at)
        acts = history.acts.get(run, [])
        end = history.run_ends.get(run)
        if acts and end is not None and (over := acts[-1].ended_at) is not None:
            yield "an act is over and its run is not", (over, max(over, end.arrived_at))
        if acts and end is not None:
            yield "a repair is being verified", (acts[-1].at, end.arrived_at)
        for act in acts:
            later = [at for at in recorded[run] if act.ended_at and at >= act.ended_at]
            if act.ended_at is not None and later:
                yield "an act is answered and nobody is told", (act.ended_at, min(later))
