"""Telling: what of the SLAs has become true and was not yet said, once each, and when to look
again. What was said and late facts make untrue is taken back before it is said right.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from desk_shared.events.envelope import Event, Payload
from desk_shared.events.message import message
from desk_shared.events.sla import ClockName, SlaCancelled
from desk_shared.ids import derived_id
from desk_shared.kernel import Decision

from desk_metrics.sla.clocks import Key, SlaClock, key_of, slas_of, sorted_at
from desk_metrics.sla.facts import Moment
from desk_metrics.sla.lifecycle import Life, life_of
from desk_metrics.sla.model import Said, TicketClocks, Told
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.transitions import Account, Head, Line, Saying, account_of, data_of
from desk_metrics.sla.worktime import instant, micros

SOURCE = "/desk/metrics"
LATE_FACTS = message("sla.late-facts")
# In the year 5138; exact in any store.
_NEVER = 10**17


class _Draft(NamedTuple):
    told: Told
    # Its place in all that is said of the SLA; None takes back what was said.
    place: int | None
    moment: Moment
    data: Payload


def decide(state: TicketClocks, book: PolicyBook, now: datetime) -> Decision[TicketClocks]:
    """What is true now and unsaid. Deciding again after a crash gives the same ids.

    A `now` before an earlier one counts as that earlier one: a ticket's time does not run back.
    """
    at = max(micros(now), state.as_of)
    if _is_quiet(state, book, at):
        return _nothing_new(state, at)
    life = life_of(state.facts, at)
    slas = [] if life is None else slas_of(life, book, at)
    teller = _Teller(state, at)
    for sla in slas:
        teller.tell(sla)
    told, drafts = teller.told()
    if life is not None and at < (sorted_by := sorted_at(life, book)[0]):
        teller.timers.append(sorted_by)
    due = _due(state, book, at, teller)
    quiet_until = _NEVER if due is None else due
    settled, editions = _settled(state, at), len(book.editions)
    after = TicketClocks(state.ticket, state.facts, told, at, settled, quiet_until, editions)
    events = tuple(_event(state.ticket, life, draft) for draft in drafts)
    return Decision(after, events, _moment(quiet_until))


def _is_quiet(state: TicketClocks, book: PolicyBook, at: int) -> bool:
    """Nothing came and nothing fell due since it was last decided: most events move no clock.

    Editions are only ever added, so their number says whether it is the same book.
    """
    if at >= state.quiet_until or state.editions != len(book.editions):
        return False
    return book.in_force(state.as_of) == book.in_force(at)


def _nothing_new(state: TicketClocks, at: int) -> Decision[TicketClocks]:
    until, editions = state.quiet_until, state.editions
    after = TicketClocks(state.ticket, state.facts, state.told, at, state.settled, until, editions)
    return Decision(after, (), _moment(until))


def _moment(until: int) -> datetime | None:
    return None if until == _NEVER else instant(until)


def _settled(state: TicketClocks, at: int) -> Moment:
    latest = (0, 0)
    for fact in state.facts:
        if latest[0] <= fact.at <= at:
            latest = max(latest, (fact.at, fact.sequence))
    return latest


def _due(state: TicketClocks, book: PolicyBook, at: int, teller: "_Teller") -> int | None:
    """The earliest of: a threshold or a breach, a fact from the future, a new edition."""
    timers = teller.timers + [fact.at for fact in state.facts if fact.at > at]
    context = book.next_turn(at)
    if context is not None and teller.is_any_open:
        timers.append(context)
    return min(timers) if timers else None


class _Teller:
    """Goes through the SLAs once, with what was said of each before."""

    def __init__(self, state: TicketClocks, at: int) -> None:
        self._at, self._settled = at, state.settled
        self._memory = _Memory(state.told)
        self._stirred: set[ClockName] = set()
        self._told: list[Told] = []
        self._taken_back: list[_Draft] = []
        self._fresh: list[_Draft] = []
        self.timers: list[int] = []
        self.is_any_open = False

    def tell(self, sla: SlaClock) -> None:
        before = self._memory.take(key_of(sla))
        is_stirred = sla.clock in self._stirred
        if sla.end is None:
            self.is_any_open = True
        elif before is not None and sla.end <= self._settled and not is_stirred:
            self._told.append(before)
            return
        account = account_of(sla, self._at)
        if account.timer is not None:
            self.timers.append(account.timer)
        told, new, back = _compare(sla, account, before, self._at, is_stirred=is_stirred)
        self._told.append(told)
        self._taken_back += back
        if new:
            self._fresh += new
            self._stirred.add(sla.clock)

    def told(self) -> tuple[tuple[Told, ...], list[_Draft]]:
        for gone in self._memory.rest():
            self._told.append(_vanished(gone, self._at))
            self._taken_back += _take_back(gone, self._at)
        self._fresh.sort(key=lambda draft: draft.moment)
        return tuple(self._told), self._taken_back + self._fresh


class _Memory:
    """What was said before, mostly asked for in the order in which it was kept."""

    def __init__(self, told: Sequence[Told]) -> None:
        self._in_order = list(reversed(told))
        self._others: dict[Key, Told] = {}

    def take(self, key: Key) -> Told | None:
        if self._in_order and self._in_order[-1].key == key:
            return self._in_order.pop()
        if self._in_order:
            # Out of order from here on: an SLA was added in the middle, or one is gone.
            self._others = {told.key: told for told in reversed(self._in_order)}
            self._in_order = []
        return self._others.pop(key, None)

    def rest(self) -> list[Told]:
        return [*reversed(self._in_order), *self._others.values()]


def _compare(
    sla: SlaClock, account: Account, before: Told | None, at: int, *, is_stirred: bool
) -> tuple[Told, list[_Draft], list[_Draft]]:
    """What is said of it now, what of that is new, and what has to be taken back first.

    Who listens may take the last thing said of a clock for the truth. So when something earlier
    of the same clock has just been said (`is_stirred`), what follows it is said again.
    """
    said = tuple(line.said for line in account.lines)
    told = Told(*key_of(sla), 0 if before is None else before.revision, said)
    if before is None:
        return told, _drafts(sla, told, account.lines, 0), []
    was_over, is_over = _is_over(before.said), _is_over(said)
    if was_over and is_over:
        return told, [], []
    if not is_stirred and said[: len(before.said)] == before.said:
        return told, _drafts(sla, told, account.lines, len(before.said)), []
    told = told._replace(revision=before.revision + 1)
    if is_over:
        drafts = _drafts(sla, told, account.lines, len(said) - 1)
        return told, [_with_untrue(one, before.said, said) for one in drafts], []
    lines = account.lines
    if any(what == Saying.BREACHED for what, _ in before.said):
        lines = [line._replace(inherited=line.what is Saying.BREACHED) for line in lines]
    return told, _drafts(sla, told, lines, 0), _take_back(before, at, said)


def _is_over(said: Sequence[Said]) -> bool:
    return said[-1][0] == Saying.CANCELLED


def _vanished(told: Told, at: int) -> Told:
    if _is_over(told.said):
        return told
    return told._replace(said=(*told.said, (str(Saying.CANCELLED), (at, 0))))


def _take_back(told: Told, at: int, now_said: tuple[Said, ...] = ()) -> list[_Draft]:
    if _is_over(told.said):
        return []
    data = SlaCancelled(**_head(told), because=LATE_FACTS)
    return [_with_untrue(_Draft(told, None, (at, 0), data), told.said, now_said)]


def _with_untrue(draft: _Draft, said: Sequence[Said], now_said: Sequence[Said]) -> _Draft:
    """Whoever was told of it hears that it was not so."""
    wrong = _sayings(said) - _sayings(now_said)
    worst = next((one for one in (Saying.BREACHED, Saying.AT_RISK) if one in wrong), "")
    return draft._replace(data=draft.data.model_copy(update={"untrue": str(worst)}))


def _sayings(said: Sequence[Said]) -> set[str]:
    return {what.partition(":")[0] for what, _ in said}


def _drafts(sla: SlaClock, told: Told, lines: Sequence[Line], known: int) -> list[_Draft]:
    head = _head(told)
    return [
        _Draft(told, place, lines[place].moment, data_of(sla, lines[place], head))
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
    sla = f"{told.clock}/{told.policy}/{told.version}/{told.cycle}/{told.team}"
    began = f"{told.applies[0]}.{told.applies[1]}"
    what = "taken-back" if draft.place is None else f"{draft.place}/{draft.data.TYPE}"
    return Event(
        id=derived_id(ticket, f"{sla}/{began}/{what}", told.revision),
        source=SOURCE,
        subject=ticket,
        time=instant(draft.moment[0]),
        data=draft.data,
        correlation_id="" if life is None else life.correlation,
        causation_id="" if life is None else life.cause,
    )
