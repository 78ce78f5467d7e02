"""Telling: what of the promises has become true and was not yet said, once each, and when to look
again. What was said and late facts make untrue is taken back before it is said right.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from desk_shared.events.envelope import Event, Payload
from desk_shared.events.promises import ClockName, PromiseWithdrawn
from desk_shared.ids import derived_id

from desk_metrics.domain.clocks import Said, TicketClocks, Told
from desk_metrics.domain.life import Life, Moment, life_of
from desk_metrics.domain.policies import PolicyBook
from desk_metrics.domain.promises import Promise, key_of, promises_of
from desk_metrics.domain.sayings import Account, Head, Line, Saying, account_of, data_of
from desk_metrics.domain.worktime import instant, micros

SOURCE = "/desk/metrics"
LATE_FACTS = "facts that came late changed it"


class Decision(NamedTuple):
    """What to save, what to publish, and when the next thing is to be said if nothing happens."""

    state: TicketClocks
    events: tuple[Event[Payload], ...]
    due: datetime | None


class _Draft(NamedTuple):
    told: Told
    # Its place in all that is said of the promise; None takes back what was said.
    place: int | None
    moment: Moment
    data: Payload


def decide(state: TicketClocks, book: PolicyBook, now: datetime) -> Decision:
    """What is true now and unsaid. Deciding again after a crash gives the same ids.

    A `now` before an earlier one counts as that earlier one: a ticket's time does not run back.
    """
    at = max(micros(now), state.as_of)
    life = life_of(state.facts, at)
    promises = [] if life is None else promises_of(life, book, at)
    accounts = [account_of(promise, at) for promise in promises]
    told, drafts = _compare_all(promises, accounts, state.told, at)
    after = state.model_copy(update={"told": told, "as_of": at})
    events = tuple(_event(state.ticket, life, draft) for draft in drafts)
    return Decision(after, events, _due(state, book, at, promises, accounts))


def _due(
    state: TicketClocks,
    book: PolicyBook,
    at: int,
    promises: Sequence[Promise],
    accounts: Sequence[Account],
) -> datetime | None:
    """The earliest of: a threshold or a breach, a fact from the future, a new edition."""
    timers = [account.timer for account in accounts if account.timer is not None]
    timers += [fact.at for fact in state.facts if fact.at > at]
    turn = book.next_turn(at)
    if turn is not None and any(promise.end is None for promise in promises):
        timers.append(turn)
    return instant(min(timers)) if timers else None


def _compare_all(
    promises: Sequence[Promise], accounts: Sequence[Account], earlier: Iterable[Told], at: int
) -> tuple[tuple[Told, ...], list[_Draft]]:
    old = {told.key: told for told in earlier}
    told: list[Told] = []
    fresh: list[_Draft] = []
    taken_back: list[_Draft] = []
    stirred: set[ClockName] = set()
    for promise, account in zip(promises, accounts, strict=True):
        before = old.pop(key_of(promise), None)
        now_told, new, back = _compare(
            promise, account, before, at, is_stirred=promise.clock in stirred
        )
        if new:
            stirred.add(promise.clock)
        told.append(now_told)
        fresh += new
        taken_back += back
    for gone in old.values():
        told.append(_vanished(gone, at))
        taken_back += _take_back(gone, at)
    fresh.sort(key=lambda draft: draft.moment)
    return tuple(told), [*taken_back, *fresh]


def _compare(
    promise: Promise, account: Account, before: Told | None, at: int, *, is_stirred: bool
) -> tuple[Told, list[_Draft], list[_Draft]]:
    """What is said of it now, what of that is new, and what has to be taken back first.

    Who listens may take the last thing said of a clock for the truth. So when something earlier
    of the same clock has just been said (`is_stirred`), what follows it is said again.
    """
    said = tuple(line.said for line in account.lines)
    told = Told(*key_of(promise), 0 if before is None else before.revision, said)
    if before is None:
        return told, _drafts(promise, told, account.lines, 0), []
    was_over, is_over = _is_over(before.said), _is_over(said)
    if was_over and is_over:
        return told, [], []
    if not is_stirred and said[: len(before.said)] == before.said:
        return told, _drafts(promise, told, account.lines, len(before.said)), []
    told = told._replace(revision=before.revision + 1)
    if is_over:
        return told, _drafts(promise, told, account.lines, len(said) - 1), []
    lines = account.lines
    if any(what == Saying.BREACHED for what, _ in before.said):
        lines = [line._replace(inherited=line.what is Saying.BREACHED) for line in lines]
    return told, _drafts(promise, told, lines, 0), _take_back(before, at)


def _is_over(said: Sequence[Said]) -> bool:
    return said[-1][0] == Saying.WITHDRAWN


def _vanished(told: Told, at: int) -> Told:
    if _is_over(told.said):
        return told
    return told._replace(said=(*told.said, (str(Saying.WITHDRAWN), (at, 0))))


def _take_back(told: Told, at: int) -> list[_Draft]:
    if _is_over(told.said):
        return []
    data = PromiseWithdrawn(**_head(told), because=LATE_FACTS)
    return [_Draft(told, None, (at, 0), data)]


def _drafts(promise: Promise, told: Told, lines: Sequence[Line], known: int) -> list[_Draft]:
    head = _head(told)
    return [
        _Draft(told, place, lines[place].moment, data_of(promise, lines[place], head))
        for place in range(known, len(lines))
    ]


def _head(told: Told) -> Head:
    return {
        "clock": told.clock,
        "policy": told.policy,
        "policy_version": told.version,
        "cycle": told.cycle,
        "team": told.team,
    }


def _event(ticket: str, life: Life | None, draft: _Draft) -> Event[Payload]:
    told = draft.told
    promise = f"{told.clock}/{told.policy}/{told.version}/{told.cycle}/{told.team}"
    began = f"{told.applies[0]}.{told.applies[1]}"
    what = "taken-back" if draft.place is None else f"{draft.place}/{draft.data.TYPE}"
    return Event(
        id=derived_id(ticket, f"{promise}/{began}/{what}", told.revision),
        source=SOURCE,
        subject=ticket,
        time=instant(draft.moment[0]),
        data=draft.data,
        correlation_id="" if life is None else life.correlation,
        causation_id="" if life is None else life.cause,
    )
