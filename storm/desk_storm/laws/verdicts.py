"""Verdicts: met and broken, against the times of the ticket's own events."""

from collections.abc import Iterator

from desk_contracts.events.sla import SlaAtRisk, SlaBreached, SlaMet

from desk_storm.clocks import accounts, ending, is_reckoned
from desk_storm.history import History
from desk_storm.laws.law import Finding, law


@law
def broken_means_not_done_in_time(history: History) -> Iterator[Finding]:
    """A breach is told only if the required action was not recorded by the due moment."""
    for account in accounts(history):
        for event, data in account.verdicts:
            end = ending(history, account)
            if isinstance(data, SlaBreached) and end is not None and end.at <= data.due:
                text = f"told as broken ({event.id}), due {data.due}; {end.event.type} at {end.at}"
                yield account.name, text


@law
def met_means_done_in_time(history: History) -> Iterator[Finding]:
    """An SLA is told as met only if it was, by the due moment."""
    for account in accounts(history):
        for event, data in account.verdicts:
            if not isinstance(data, SlaMet) or not is_reckoned(account):
                continue
            end = ending(history, account)
            if end is None or not end.is_done:
                yield account.name, f"told as met ({event.id}); nothing was done"
            elif data.due is not None and end.at > data.due:
                yield account.name, f"told as met ({event.id}), due {data.due}, done {end.at}"


@law
def done_in_time_is_told_as_met(history: History) -> Iterator[Finding]:
    """A target that was met is reported as met."""
    for account in accounts(history):
        due, end = account.due, ending(history, account)
        if not account.is_running or end is None or not end.is_done:
            continue
        arrived_at = history.by_id[end.event.id].arrived_at
        if arrived_at < history.closing and (due is None or end.at <= due):
            yield account.name, f"{end.event.type} at {end.at}, due {due}; nothing was said of it"


@law
def at_risk_means_not_done(history: History) -> Iterator[Finding]:
    """Nobody is warned of what was done before the warning's moment."""
    for account in accounts(history):
        end = ending(history, account)
        for event, data in account.lines:
            if isinstance(data, SlaAtRisk) and end is not None and end.at < event.time:
                text = f"at risk ({data.percent} %) at {event.time}; {end.event.type} at {end.at}"
                yield account.name, text


LAWS = (
    broken_means_not_done_in_time,
    met_means_done_in_time,
    done_in_time_is_told_as_met,
    at_risk_means_not_done,
)
