"""SLAs: the obligations of a ticket's life under the policies in force at the time.

Everything is worked out from facts, anew each time: a verdict is never stored, so never stale.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from desk_shared.charter.slas import SlaAttributes
from desk_shared.events.message import Message, message
from desk_shared.events.sla import ClockName

from desk_metrics.sla.facts import Moment
from desk_metrics.sla.lifecycle import Ending, Life, Obligation, Wait
from desk_metrics.sla.policies import PolicyBook, Terms
from desk_metrics.sla.worktime import Stretch

# A due instant that is used up is breached one tick later; a store keeps milliseconds.
TICK = 1_000
RESOLVED = "resolved"

# An edition begins before whatever else happens at its first instant.
_BEFORE_FACTS = 0


class Hold(NamedTuple):
    """The clock stands: the ticket waits for somebody, or is resolved for now."""

    start: Moment
    end: Moment | None
    reason: str


class SlaClock(NamedTuple):
    """One clock under one policy in one cycle, from when it applies to when it no longer does."""

    clock: ClockName
    cycle: int
    team: str
    terms: Terms
    applies: Moment
    # Since when it is owed, whatever policy applied.
    owed_since: int
    # Work counts from here; before `applies` if the policy reaches back.
    start: int
    holds: tuple[Hold, ...]
    end: Moment | None
    ending: Ending | None
    because: Message | None
    by_bot: bool
    # Another policy follows it, or none does.
    replaced: bool

    @property
    def due(self) -> int | None:
        """When the goal is used up, as far as is known; None while it stands or never opens."""
        return self.terms.hours.deadline_us(self.start, self.terms.goal, stretches(self.holds))

    def reaches(self, goal: int) -> int | None:
        return self.terms.hours.deadline_us(self.start, goal, stretches(self.holds))

    def known_at(self, moment: Moment) -> list[Stretch]:
        """The holds as they were known at a moment: what ended later was still open then."""
        return [
            (
                hold.start[0],
                None if hold.end is None or hold.end > moment else hold.end[0],
            )
            for hold in self.holds
            if hold.start <= moment
        ]

    def due_known_at(self, moment: Moment) -> int | None:
        known = self.known_at(moment)
        return self.terms.hours.deadline_us(self.start, self.terms.goal, known)

    def worked_until(self, until: int) -> int:
        """Working time used up to an instant."""
        hours, cursor, worked = self.terms.hours, self.start, 0
        for hold in self.holds:
            if hold.start[0] >= until:
                break
            worked += hours.worked_us(cursor, hold.start[0])
            cursor = until if hold.end is None else hold.end[0]
        return worked + hours.worked_us(cursor, until)

    def is_breached(self, now: int) -> bool:
        """It was still undone when the due instant had passed."""
        due, end = self.due, now if self.end is None else self.end[0]
        return due is not None and due < end


def stretches(holds: Sequence[Hold]) -> list[Stretch]:
    """The holds as plain working-time pauses."""
    return [(hold.start[0], None if hold.end is None else hold.end[0]) for hold in holds]


def slas_of(life: Life, book: PolicyBook, now: int) -> list[SlaClock]:
    """Every SLA that ever applied to the ticket, up to `now`, in the order they began; none
    before it is sorted (`Edition.sorting`)."""
    found: list[SlaClock] = []
    sorted_by = sorted_at(life, book)
    if now < sorted_by[0]:
        return found
    holds = _Holds(life)
    last: dict[tuple[ClockName, str], SlaClock] = {}
    for owed in life.obligations:
        if owed.clock not in book.clocks:
            continue
        key = (owed.clock, owed.team)
        before = last.get(key)
        for sla in _slas(owed, _Context(life, holds, book, now, sorted_by), before):
            found.append(sla)
            last[key] = sla
    return found


def sorted_at(life: Life, book: PolicyBook) -> Moment:
    """When the ticket's sorting has ended, or will have at the latest (`Edition.sorting`)."""
    latest = (book.sorting_ends(life.opened), _BEFORE_FACTS)
    return latest if life.given is None else min(life.given, latest)


class _Context(NamedTuple):
    life: Life
    holds: "_Holds"
    book: PolicyBook
    now: int
    sorted_by: Moment


class _Holds:
    """The waits of a life by which reasons stop a clock; each choice is joined once."""

    def __init__(self, life: Life) -> None:
        self._waits = life.waits
        self._rests = tuple(Hold(start, end, RESOLVED) for start, end in life.rests)
        self._joined: dict[tuple[object, bool], tuple[Hold, ...]] = {}

    def of(self, terms: Terms, *, with_rests: bool) -> tuple[Hold, ...]:
        if not self._waits and not (with_rests and self._rests):
            return ()
        key = (terms.policy.pause_on, with_rests)
        found = self._joined.get(key)
        if found is None:
            found = tuple(_join(self._waits, terms.policy.pause_on))
            if with_rests and self._rests:
                found = tuple(sorted((*found, *self._rests), key=lambda hold: hold.start))
            self._joined[key] = found
        return found


def _join(waits: Sequence[Wait], reasons: Sequence[str]) -> Iterator[Hold]:
    """One wait that follows another without a break neither doubles nor ends the hold."""
    held: Hold | None = None
    for wait in waits:
        if wait.reason not in reasons:
            continue
        if held is not None and wait.joined and held.end == wait.start:
            held = held._replace(end=wait.end)
            continue
        if held is not None:
            yield held
        held = Hold(wait.start, wait.end, wait.reason)
    if held is not None:
        yield held


class _Spell(NamedTuple):
    """From when on which terms hold; None: nothing is guaranteed."""

    start: Moment
    terms: Terms | None


def _spells(owed: Obligation, context: _Context) -> list[_Spell]:
    book = context.book
    turns = _turns(owed, context)
    if len(turns) == 1:
        return [_Spell(owed.start, book.select(owed.clock, turns[0][1], owed.start[0]))]
    spells: list[_Spell] = []
    for moment, attributes in turns:
        terms = book.select(owed.clock, attributes, moment[0])
        if not spells or spells[-1].terms is not terms:
            spells.append(_Spell(moment, terms))
    return spells


def _turns(owed: Obligation, context: _Context) -> Sequence[tuple[Moment, SlaAttributes]]:
    """Each moment at which other terms could hold: the ticket changed, or the edition did."""
    changes = _changes(owed, context.sorted_by)
    until = context.now if owed.end is None else owed.end[0]
    editions = context.book.turns(owed.start[0], until)
    if not editions:
        return changes
    moments: list[tuple[Moment, SlaAttributes]] = list(changes)
    for since in editions:
        moment = (since, _BEFORE_FACTS)
        at_that_time = [attributes for changed, attributes in changes if changed < moment]
        moments.append((moment, at_that_time[-1] if at_that_time else changes[0][1]))
    return sorted(moments, key=lambda one: one[0])


def _changes(owed: Obligation, sorted_by: Moment) -> Sequence[tuple[Moment, SlaAttributes]]:
    """What the ticket was: from the start what it was sorted as, then each change."""
    place = 0
    for index, (moment, _) in enumerate(owed.attributes):
        if moment <= sorted_by:
            place = index
    return ((owed.start, owed.attributes[place][1]), *owed.attributes[place + 1 :])


def _slas(owed: Obligation, context: _Context, before: SlaClock | None) -> Iterator[SlaClock]:
    spells = _spells(owed, context)
    for index, spell in enumerate(spells):
        if spell.terms is None:
            continue
        following = spells[index + 1] if index + 1 < len(spells) else None
        before = _sla(owed, context, spell, following, before)
        yield before


def _sla(
    owed: Obligation,
    context: _Context,
    spell: _Spell,
    following: _Spell | None,
    before: SlaClock | None,
) -> SlaClock:
    terms = spell.terms
    assert terms is not None  # noqa: S101  (spells of nothing are left out)
    start = _start(owed, context.life, spell.start, terms, before)
    if following is None:
        end, ending, because, by_bot = owed.end, owed.ending, owed.because, owed.by_bot
    else:
        end, ending, by_bot = following.start, Ending.CANCELLED, False
        because = (
            message("sla.none-applies")
            if following.terms is None
            else message("sla.other-applies", policy=following.terms.policy.name)
        )
    with_rests = _reaches_back(owed, terms) and terms.policy.on_reopen == "continue"
    holds = context.holds.of(terms, with_rests=with_rests)
    if holds:
        holds = tuple(_within(holds, start, spell.start, end))
    return SlaClock(
        owed.clock,
        owed.cycle,
        owed.team,
        terms,
        spell.start,
        context.life.opened if _reaches_back(owed, terms) else owed.start[0],
        start,
        holds,
        end,
        ending,
        because,
        by_bot,
        following is not None,
    )


def _reaches_back(owed: Obligation, terms: Terms) -> bool:
    """A reopened resolution goes on from the ticket's opening unless it restarts."""
    return owed.clock is ClockName.RESOLUTION and terms.policy.on_reopen != "restart"


def _start(owed: Obligation, life: Life, at: Moment, terms: Terms, before: SlaClock | None) -> int:
    """From when work counts, and waits do."""
    back = _reaches_back(owed, terms)
    origin = life.opened if back else owed.start[0]
    if before is not None and (back or before.cycle == owed.cycle):
        if before.terms is terms or terms.amends(before.terms):
            return before.start
    elif at == owed.start and origin == at[0]:
        return origin
    return at[0] if terms.policy.on_change == "from_change" else origin


def _within(
    holds: Sequence[Hold],
    start: int,
    applies: Moment,
    end: Moment | None,
) -> Iterator[Hold]:
    """The holds that touch the SLA."""
    for hold in holds:
        if end is not None and hold.start >= end:
            return
        if hold.end is not None and hold.end <= applies and hold.end[0] <= start:
            continue
        yield hold


Key: TypeAlias = tuple[ClockName, str, str, int, str, Moment]


def key_of(sla: SlaClock) -> Key:
    """What makes an SLA the same one when it is reckoned again."""
    policy = sla.terms.policy
    return (
        sla.clock,
        policy.name,
        sla.terms.version,
        sla.cycle,
        sla.team,
        sla.applies,
    )
