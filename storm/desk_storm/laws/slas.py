"""SLAs: what is said of a clock is said once, in order, and is not taken back."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from desk_contracts.events import sla as said
from desk_contracts.events import tickets as life
from desk_contracts.events.sla import ClockName

from desk_storm.clocks import accounts, has_waited, is_reckoned, stretches
from desk_storm.history import History
from desk_storm.laws.law import Finding, law

# What metrics says when it takes an SLA back because of facts that came too late for it.
_TAKEN_BACK = "sla.late-facts"
# Those of the desk itself that are recorded under the earlier time of what caused them.
_LATE_BY_NATURE = (life.How.PROBLEM, life.How.AUTOMATION)
_PRECISION = timedelta(milliseconds=2)


@law
def verdict_is_told_once(history: History) -> Iterator[Finding]:
    """An SLA is met or broken, and that is said once."""
    for account in accounts(history):
        if len(account.verdicts) > 1:
            times = ", ".join(f"{data.TYPE} {event.id}" for event, data in account.verdicts)
            yield account.name, f"has {len(account.verdicts)} verdicts: {times}"


@law
def verdict_is_not_taken_back(history: History) -> Iterator[Finding]:
    """What was told as met or broken stays so; facts that came late are no excuse for people's."""
    for account in accounts(history):
        last = account.lines[-1][1]
        is_back = isinstance(last, said.SlaCancelled) and (
            last.because.code == _TAKEN_BACK or last.untrue == "breached"
        )
        if is_back and account.verdicts and not _is_late_by_nature(history, account.ticket):
            yield account.name, f"{account.verdicts[-1][1].TYPE} was told, then: {_TAKEN_BACK}"


@law
def breach_is_not_told_early(history: History) -> Iterator[Finding]:
    """Nobody knows of a breach before its moment."""
    for item in history.of(said.SlaBreached):
        if item.arrived_at + _PRECISION < item.event.data.due:
            text = f"told at {item.arrived_at}, due at {item.event.data.due}"
            yield f"{item.event.subject} {item.event.data.clock}", text


@law
def overdue_is_told(history: History) -> Iterator[Finding]:
    """A clock that runs past its moment is told, however late."""
    for account in accounts(history):
        due = account.due
        if account.is_running and due is not None and due < history.closing:
            yield account.name, f"was due at {due}, and nothing was said by {history.books.ended}"


@law
def every_ticket_has_a_response_target(history: History) -> Iterator[Finding]:
    """Where there is a response policy at all, no ticket is forgotten."""
    targeted = {
        item.event.subject
        for item in history.of(said.SlaStarted)
        if item.event.data.clock is ClockName.RESPONSE
    }
    over = (life.TicketResolved, life.TicketClosed, life.TicketMerged)
    for ticket, events in history.tickets.items():
        is_over = any(isinstance(item.event.data, over) for item in events)
        is_early = events[0].arrived_at > history.closing
        if targeted and ticket not in targeted and not is_over and not is_early:
            yield ticket, "nothing was ever said of its answer"


@law
def due_is_reckoned_right(history: History) -> Iterator[Finding]:
    """Around the clock, due is the opening and the goal; a stand moves it by its own length."""
    charters = history.books.charters
    if not charters or not all(charter.is_always_open for charter in charters):
        return
    starts: dict[tuple[str, ClockName], said.SlaStarted] = {}
    for ticket, events in history.slas.items():
        for event in events:
            data = event.data
            if isinstance(data, said.SlaStarted) and data.cycle == 1:
                starts.setdefault((ticket, data.clock), data)
    opened = {item.event.subject: item.event.time for item in history.of(life.TicketOpened)}
    for (ticket, clock), start in starts.items():
        is_counted = clock in (ClockName.RESPONSE, ClockName.RESOLUTION) and ticket in opened
        if is_counted and not has_waited(history, ticket):
            wanted = opened[ticket] + start.target
            if start.due is None or abs(start.due - wanted) > _PRECISION:
                yield f"{ticket} {clock}", f"told as due at {start.due}, reckoned {wanted}"
    yield from _stands(history)


def _stands(history: History) -> Iterator[Finding]:
    for account in accounts(history):
        for since, until, before, after in stretches(account):
            moved, stood = after - before, until - since
            if is_reckoned(account) and abs(moved - stood) > _PRECISION:
                yield account.name, f"stood for {stood} and its due moment moved by {moved}"


@law
def thresholds_are_told_once(history: History) -> Iterator[Finding]:
    """Each share of a goal is warned of once."""
    for account in accounts(history):
        warned: dict[int, set[str]] = defaultdict(set)
        for event, data in account.lines:
            if isinstance(data, said.SlaAtRisk):
                warned[data.percent].add(event.id)
        for percent, ids in warned.items():
            if len(ids) > 1:
                yield account.name, f"was told {len(ids)} times to be at {percent} %"


def _is_late_by_nature(history: History, ticket: str) -> bool:
    return any(
        isinstance(item.event.data, life.TicketResolved) and item.event.data.how in _LATE_BY_NATURE
        for item in history.tickets.get(ticket, [])
    )


LAWS = (
    verdict_is_told_once,
    verdict_is_not_taken_back,
    breach_is_not_told_early,
    overdue_is_told,
    every_ticket_has_a_response_target,
    due_is_reckoned_right,
    thresholds_are_told_once,
)
