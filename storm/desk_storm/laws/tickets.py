"""Tickets: whatever was accepted is there once, and each ticket reaches its team once."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from desk_contracts import Payload
from desk_contracts.events import tickets as life
from desk_contracts.events.notifications import Audience, MessageKind, Notified
from desk_contracts.events.requests import TicketRequested
from desk_contracts.ids import request_ticket_id

from desk_storm.books import HttpCall
from desk_storm.history import Arrival, History
from desk_storm.laws.law import Finding, law

_ASKING = "/v1/tickets"
_ACTING = re.compile(r"/v1/tickets/([^/]+)/([a-z]+)")
_ACTIONS: dict[str, type[Payload]] = {
    "comments": life.TicketCommented,
    "start": life.TicketStarted,
    "pause": life.TicketPaused,
    "resume": life.TicketResumed,
    "resolve": life.TicketResolved,
    "confirm": life.TicketConfirmed,
    "reopen": life.TicketReopened,
    "close": life.TicketClosed,
}
_DONE = (life.TicketResolved, life.TicketClosed, life.TicketMerged)


@law
def accepted_call_is_one_ticket(history: History) -> Iterator[Finding]:
    """Who was answered that the ticket exists finds it, and shares it with no other call."""
    opened = {item.event.subject for item in history.of(life.TicketOpened)}
    keys: dict[str, set[str]] = defaultdict(set)
    for call in _opening_calls(history):
        if _is_accepted(call):
            keys[str(_object(call.answer).get("id", ""))].add(call.key)
    for ticket, callers in keys.items():
        if ticket not in opened:
            yield ticket, f"was answered to the call {min(callers)} and is not on the topic"
        if len(callers) > 1:
            yield ticket, f"was answered to different calls: {sorted(callers)}"


@law
def one_call_opens_one_ticket(history: History) -> Iterator[Finding]:
    """As many tickets of a person and title as there were calls, and no more, answered or not."""
    calls: Counter[tuple[str, str]] = Counter()
    for call in _opening_calls(history):
        calls[call.person.casefold(), str(_object(call.body).get("title", ""))] += 1
    opened = Counter(
        (item.event.data.requester.casefold(), item.event.data.title)
        for item in history.of(life.TicketOpened)
    )
    for (person, title), count in calls.items():
        if opened[person, title] > count:
            yield person, f"'{title}': {count} calls opened {opened[person, title]} tickets"


@law
def request_is_one_ticket(history: History) -> Iterator[Finding]:
    """A request of another system that the brokers have is exactly one ticket."""
    opened = Counter(item.event.subject for item in history.of(life.TicketOpened))
    for sent in history.books.sent:
        is_request = isinstance(sent.event.data, TicketRequested) and sent.is_legal
        if not is_request or not sent.acknowledged or sent.at > history.closing:
            continue
        ticket = request_ticket_id(sent.event.source, sent.event.id)
        if opened[ticket] != 1:
            yield sent.event.id, f"has become {opened[ticket]} tickets"


@law
def requested_ticket_has_a_request(history: History) -> Iterator[Finding]:
    """No ticket comes from a request that nobody made."""
    ids = {
        request_ticket_id(book.event.source, book.event.id)
        for book in history.books.sent
        if isinstance(book.event.data, TicketRequested)
    }
    for item in history.of(life.TicketOpened):
        if item.event.data.channel is life.Channel.EVENT and item.event.subject not in ids:
            yield item.event.subject, "was opened by a request that nobody made"


@law
def accepted_action_is_done_once(history: History) -> Iterator[Finding]:
    """What somebody did to a ticket and was told is done stands in its life, once a call."""
    accepted: Counter[tuple[str, ...]] = Counter()
    tried: Counter[tuple[str, ...]] = Counter()
    for call in history.books.calls:
        action = _requested_action(call)
        if action is not None:
            tried[action] += 1
            accepted[action] += _is_accepted(call)
    done = Counter(_recorded_action(item) for item in _action_events(history))
    for action, count in tried.items():
        if accepted[action] and not done[action]:
            yield action[0], f"{action[1]} by {action[2]} was accepted and is not in its life"
        if done[action] > count:
            yield (
                action[0],
                f"{action[1]} by {action[2]}: {count} calls, {done[action]} times in its life",
            )


@law
def assigned_team_is_told_once(history: History) -> Iterator[Finding]:
    """Each team that gets a ticket hears of it by one message, and by no other."""
    messages = _assignments(history)
    for ticket, events in history.tickets.items():
        team = ""
        for item in events:
            data = item.event.data
            if not isinstance(data, life.TicketAssigned):
                continue
            wanted = int(data.team != team)
            team, heard = data.team, messages[item.event.id]
            is_early = item.arrived_at > history.closing
            if heard > wanted or (heard < wanted and not is_early):
                yield ticket, f"{heard} messages told {data.team} of {item.event.id}, not {wanted}"


@law
def ticket_reaches_a_team(history: History) -> Iterator[Finding]:
    """No ticket lies there without a team, unless it was over before."""
    for ticket, events in history.tickets.items():
        is_done = any(isinstance(item.event.data, (life.TicketAssigned, *_DONE)) for item in events)
        if not is_done and events[0].arrived_at < history.closing:
            yield ticket, f"is open since {events[0].arrived_at} and no team has it"


def _assignments(history: History) -> Counter[str]:
    counts: Counter[str] = Counter()
    for item in history.of(Notified):
        data = item.event.data
        if data.kind is MessageKind.TICKET_ASSIGNED and data.audience is Audience.TEAM:
            counts[item.event.causation_id] += 1
    return counts


def _opening_calls(history: History) -> Iterator[HttpCall]:
    for call in history.books.calls:
        if call.method == "POST" and call.path == _ASKING:
            yield call


def _requested_action(call: HttpCall) -> tuple[str, ...] | None:
    matched = _ACTING.fullmatch(call.path)
    if call.method != "POST" or matched is None or matched[2] not in _ACTIONS:
        return None
    text = str(_object(call.body).get("text", "")) if matched[2] == "comments" else ""
    return matched[1], _ACTIONS[matched[2]].TYPE, call.person.casefold(), text


def _action_events(history: History) -> Iterator[Arrival[Payload]]:
    for kind in _ACTIONS.values():
        yield from history.of(kind)


def _recorded_action(item: Arrival[Payload]) -> tuple[str, ...]:
    data = item.event.data
    text = data.text if isinstance(data, life.TicketCommented) else ""
    by = str(getattr(data, "by", "")).casefold()
    return item.event.subject, data.TYPE, by, text


def _is_accepted(call: HttpCall) -> bool:
    return call.status is not None and 200 <= call.status < 300


def _object(text: str) -> dict[str, object]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


LAWS = (
    accepted_call_is_one_ticket,
    one_call_opens_one_ticket,
    request_is_one_ticket,
    requested_ticket_has_a_request,
    accepted_action_is_done_once,
    assigned_team_is_told_once,
    ticket_reaches_a_team,
)
