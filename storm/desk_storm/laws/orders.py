"""Requests from the catalogue: each is one ticket, is decided once, and is done once."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from desk_contracts.events import tickets as life
from desk_contracts.events.automation import RunEscalated, RunStarted
from desk_contracts.events.fulfilment import (
    FulfilmentStatus,
    TicketFulfilmentReported,
    TicketFulfilmentRequested,
)

from desk_storm.books import HttpCall
from desk_storm.history import History
from desk_storm.laws.law import Finding, law

_ASKING = re.compile(r"/v1/catalogue/[^/]+/requests")
_VOTING = re.compile(r"/v1/requests/([^/]+)/(approve|deny)")
_CREATED, _OK = 201, 200
_ENDS = (FulfilmentStatus.DONE, FulfilmentStatus.HANDED_OVER)


def _orders(history: History) -> Iterator[HttpCall]:
    return (call for call in history.books.calls if _ASKING.fullmatch(call.path))


@law
def accepted_order_is_one_ticket(history: History) -> Iterator[Finding]:
    """A person's orders are as many tickets: all that were accepted, and none twice."""
    tried: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for call in _orders(history):
        tried[call.person] += 1
        accepted[call.person] += call.status == _CREATED
    opened = Counter(item.event.data.requester for item in history.of(life.TicketOpened))
    for person, count in tried.items():
        if not accepted[person] <= opened[person] <= count:
            text = f"{count} orders, {accepted[person]} accepted, {opened[person]} tickets"
            yield person, text


@law
def vote_counts_once(history: History) -> Iterator[Finding]:
    """A vote that was taken stands in the ticket's life once; nobody's stands there twice."""
    taken = {
        (matched[1], call.person)
        for call in history.books.calls
        if (matched := _VOTING.fullmatch(call.path)) and call.status == _OK
    }
    votes = Counter(
        (item.event.subject, item.event.data.by) for item in history.of(life.TicketApprovalDecided)
    )
    for ticket, person in taken | set(votes):
        if votes[ticket, person] != 1:
            yield ticket, f"the vote of {person} stands {votes[ticket, person]} times in its life"


@law
def approval_ends_once_and_before_the_work(history: History) -> Iterator[Finding]:
    """One outcome; without a yes no team and no runbook gets the work."""
    outcomes: dict[str, list[tuple[int, life.ApprovalOutcome]]] = defaultdict(list)
    for over in history.of(life.TicketApprovalConcluded):
        order = (over.event.sequence or 0, over.event.data.outcome)
        outcomes[over.event.subject].append(order)
    voted = {item.event.subject for item in history.of(life.TicketApprovalDecided)}
    for ticket in voted | outcomes.keys():
        ends = outcomes[ticket]
        if len(ends) > 1:
            yield ticket, f"its approval ended {len(ends)} times: {ends}"
        since = min((at for at, end in ends if end is life.ApprovalOutcome.APPROVED), default=None)
        for item in history.tickets.get(ticket, ()):
            is_work = isinstance(item.event.data, life.TicketAssigned | TicketFulfilmentRequested)
            if is_work and (since is None or (item.event.sequence or 0) < since):
                yield ticket, f"{item.event.type} came without a yes; its approval: {ends}"


@law
def order_is_run_once(history: History) -> Iterator[Finding]:
    """What a runbook does for a ticket is one run."""
    requested = {item.event.id: item for item in history.of(TicketFulfilmentRequested)}
    runs: dict[str, set[str]] = defaultdict(set)
    for started in history.of(RunStarted):
        if started.event.causation_id in requested:
            runs[requested[started.event.causation_id].event.subject].add(started.event.data.run)
    for ticket, several in runs.items():
        if len(several) > 1:
            yield ticket, f"{len(several)} runs began for it: {sorted(several)}"


@law
def end_of_an_order_is_said_once(history: History) -> Iterator[Finding]:
    """What a runbook was asked for ends once: done, or handed over."""
    ends: dict[str, list[str]] = defaultdict(list)
    for report in history.of(TicketFulfilmentReported):
        if report.event.data.status in _ENDS:
            ends[report.event.subject].append(report.event.data.status)
    for item in history.of(TicketFulfilmentRequested):
        ticket = item.event.subject
        is_early = item.arrived_at < history.closing
        if len(ends[ticket]) > 1 or (not ends[ticket] and is_early):
            yield ticket, f"its runbook was asked for; how it ended was said so: {ends[ticket]}"


@law
def handed_over_order_says_why(history: History) -> Iterator[Finding]:
    """The ticket of an order says of its run what the run says itself, doubt included."""
    reports = {
        item.event.data.run: item.event
        for item in history.of(TicketFulfilmentReported)
        if item.event.data.status in _ENDS
    }
    for item in history.of(RunEscalated):
        data, report = item.event.data, reports.get(item.event.data.run)
        if report is not None and data.reason not in report.data.explanation:
            text = f"{report.data.status}, {report.data.explanation}; its run says {data.reason}"
            yield report.subject, text


@law
def order_has_its_end(history: History) -> Iterator[Finding]:
    """What was voted on or run is resolved, denied or with a team."""
    accepted = {_ticket(call) for call in _orders(history) if call.status == _CREATED}
    for ticket in accepted:
        events = [item.event.data for item in history.tickets.get(ticket, ())]
        ends = (life.TicketResolved, life.TicketAssigned)
        is_over = any(isinstance(data, ends) for data in events)
        if not is_over:
            yield ticket, f"was ordered and nobody has it: {[type(it).__name__ for it in events]}"


def _ticket(call: HttpCall) -> str:
    return str(json.loads(call.answer)["id"])


LAWS = (
    accepted_order_is_one_ticket,
    vote_counts_once,
    approval_ends_once_and_before_the_work,
    order_is_run_once,
    end_of_an_order_is_said_once,
    handed_over_order_says_why,
    order_has_its_end,
)
