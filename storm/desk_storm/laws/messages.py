"""Messages to people and teams: each rests on something that happened, and is said once."""

from collections import defaultdict
from collections.abc import Iterator

from desk_contracts import Payload
from desk_contracts.events import tickets as life
from desk_contracts.events.automation import (
    RunApprovalRequested,
    RunEscalated,
    RunHealed,
    RunStarted,
)
from desk_contracts.events.fulfilment import TicketFulfilmentReported
from desk_contracts.events.notifications import MessageKind, Notified
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemResolved,
    ProblemUpdated,
)
from desk_contracts.events.signals import SignalDropped, SignalRaised, SignalSeverityChanged
from desk_contracts.events.sla import SlaAtRisk, SlaBreached, SlaCancelled

from desk_storm.clocks import accounts, ending
from desk_storm.history import Arrival, History
from desk_storm.laws.law import Finding, law

_CAUSES: dict[MessageKind, tuple[type[Payload], ...]] = {
    MessageKind.TICKET_RECEIVED: (life.TicketOpened,),
    MessageKind.TICKET_ASSIGNED: (life.TicketAssigned,),
    MessageKind.TICKET_RESOLVED: (life.TicketResolved,),
    MessageKind.SLA_AT_RISK: (SlaAtRisk,),
    MessageKind.SLA_BREACHED: (SlaBreached,),
    MessageKind.SLA_CORRECTED: (SlaCancelled,),
    MessageKind.APPROVAL_REQUESTED: (RunApprovalRequested,),
    MessageKind.REPAIR_STARTED: (RunStarted,),
    MessageKind.REPAIR_DONE: (RunHealed,),
    MessageKind.REPAIR_FAILED: (RunEscalated,),
    MessageKind.PROBLEM_DECLARED: (ProblemDetected, ProblemConfirmed, ProblemUpdated),
    MessageKind.PROBLEM_RESOLVED: (ProblemResolved,),
    MessageKind.SIGNAL_RAISED: (SignalRaised, SignalSeverityChanged, SignalDropped),
}


@law
def message_has_a_cause(history: History) -> Iterator[Finding]:
    """What is told happened, to that ticket, and was told to the desk itself."""
    for item in history.of(Notified):
        data = item.event.data
        allowed = _CAUSES.get(data.kind)
        if allowed is None:
            continue
        cause = history.by_id.get(item.event.causation_id)
        if cause is None or not isinstance(cause.event.data, allowed):
            what = "nothing known" if cause is None else cause.event.type
            yield item.event.id, f"{data.kind} for {data.recipient} follows from {what}"
        elif data.ticket and cause.event.subject != data.ticket and _is_of_a_ticket(cause.event):
            yield item.event.id, f"{data.kind} names {data.ticket}, caused by {cause.event.subject}"


@law
def message_is_said_once(history: History) -> Iterator[Finding]:
    """One cause gives one message of a kind to one recipient about one ticket."""
    messages: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for item in history.of(Notified):
        data = item.event.data
        key = (data.recipient, data.kind, item.event.causation_id, data.ticket)
        if data.kind in _CAUSES and item.event.causation_id:
            messages[key].add(item.event.id)
    for (recipient, kind, cause, _), ids in messages.items():
        if len(ids) > 1:
            yield recipient, f"was told {kind} because of {cause} {len(ids)} times: {sorted(ids)}"


@law
def page_is_for_a_breached_sla(history: History) -> Iterator[Finding]:
    """No team is paged for an SLA that was met, or that it inherited broken."""
    met = {
        event.id: end
        for account in accounts(history)
        for event, data in account.verdicts
        if isinstance(data, SlaBreached)
        and (end := ending(history, account)) is not None
        and end.at <= data.due
    }
    for item in history.of(Notified):
        if item.event.data.kind is not MessageKind.SLA_BREACHED:
            continue
        cause = history.by_id.get(item.event.causation_id)
        if cause is None or not isinstance(cause.event.data, SlaBreached):
            continue
        if cause.event.data.inherited:
            yield item.event.id, f"{item.event.data.recipient} is paged for what was late before"
        elif cause.event.id in met:
            text = f"{met[cause.event.id].event.type} at {met[cause.event.id].at}"
            yield item.event.id, f"{item.event.data.recipient} is paged for an SLA met: {text}"


@law
def breached_sla_pages_its_team(history: History) -> Iterator[Finding]:
    """A breach of a ticket that goes on is told to its team."""
    paged = {
        item.event.causation_id
        for item in history.of(Notified)
        if item.event.data.kind is MessageKind.SLA_BREACHED
    }
    over = (life.TicketResolved, life.TicketClosed, life.TicketMerged)
    for item in history.of(SlaBreached):
        events = history.tickets.get(item.event.subject, [])
        is_over = any(isinstance(event.event.data, over) for event in events)
        is_quiet = item.event.data.inherited or is_over or item.arrived_at > history.closing
        if not is_quiet and item.event.id not in paged:
            yield item.event.subject, f"{item.event.data.clock} was broken and nobody was paged"


@law
def correction_reaches_who_was_told(history: History) -> Iterator[Finding]:
    """Who was paged for a breach that was none hears so."""
    heard: dict[str, set[str]] = defaultdict(set)
    for item in history.of(Notified):
        heard[item.event.causation_id].add(item.event.data.recipient)
    for account in accounts(history):
        last, data = account.lines[-1]
        is_back = isinstance(data, SlaCancelled) and data.untrue == "breached"
        if not is_back or history.by_id[last.id].arrived_at > history.closing:
            continue
        paged = [heard[e.id] for e, verdict in account.verdicts if isinstance(verdict, SlaBreached)]
        missed = set().union(*paged) - heard[last.id]
        if missed:
            yield account.name, f"was no breach, and {sorted(missed)} never heard so"


@law
def repair_message_says_the_outcome(history: History) -> Iterator[Finding]:
    """The ticket of a run that people get says what the run says, doubt included."""
    ordered = {item.event.data.run for item in history.of(TicketFulfilmentReported)}
    escalated = ((item.event.data.run, item) for item in history.of(RunEscalated))
    # What was ordered has a ticket already, and a law of its own.
    handed = {run: item for run, item in escalated if run not in ordered}
    opened = {
        run: item
        for item in history.of(life.TicketOpened)
        if (run := item.event.data.attributes.get("run", ""))
    }
    linked = {item.event.data.target for item in history.of(life.TicketLinked)}
    comments = defaultdict[str, list[Arrival[life.TicketCommented]]](list)
    for item in history.of(life.TicketCommented):
        comments[item.event.subject].append(item)
    for run, over in handed.items():
        if run not in opened and run not in linked and over.arrived_at < history.closing:
            yield run, "was escalated, and no ticket tells of it"
    for run, ticket in opened.items():
        if run not in handed:
            yield ticket.event.subject, f"was opened for the run {run}, which was not escalated"
            continue
        reason = handed[run].event.data.reason
        messages = [item.event.data.message for item in comments.get(ticket.event.subject, ())]
        if not any(item is not None and item.params.get("why") == reason for item in messages):
            yield ticket.event.subject, f"does not say what its run says: {reason}"


def _is_of_a_ticket(event: object) -> bool:
    data = getattr(event, "data", None)
    kinds = (
        life.TicketOpened,
        life.TicketAssigned,
        life.TicketResolved,
        SlaAtRisk,
        SlaBreached,
    )
    return isinstance(data, kinds)


LAWS = (
    message_has_a_cause,
    message_is_said_once,
    page_is_for_a_breached_sla,
    breached_sla_pages_its_team,
    correction_reaches_who_was_told,
    repair_message_says_the_outcome,
)
