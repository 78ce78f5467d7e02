"""Working time by interval arithmetic: open spans, time worked, deadlines.

Inside, instants are whole microseconds since 1970 UTC, so sums are exact and cheap. The open
spans of a calendar are worked out once per block of 366 days; then everything is bisection.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, TypeAlias

from desk_charter.dated_calendars import ClosedBy, DatedCalendar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
_DAY_MINUTES = 24 * 60
_MICROSECOND = timedelta(microseconds=1)

_BLOCK = 366 * DAY
# A deadline further off than 20 blocks of 366 days is none: closures for ever, or a calendar that
# only opened in the past. It keeps the search bounded.
_HORIZON = 20 * _BLOCK
# 64 blocks of about 500 spans are some 2 MB; a clock that is wrong by centuries cannot grow it.
_BLOCKS_KEPT = 64
_FIRST_DAY, _LAST_DAY = date(1, 1, 3), date(9999, 12, 28)

# From and until, in microseconds since the epoch; `None` is not over yet.
Stretch: TypeAlias = tuple[int, int | None]


class OpenSpan(NamedTuple):
    """A half-open stretch of time: `start` belongs to it, `end` does not."""

    start: datetime
    end: datetime


class ClosedSpan(NamedTuple):
    """A stretch that is not open, and why, in the words of the calendar."""

    start: int
    end: int
    reason: ClosedBy
    name: str


def micros(at: datetime) -> int:
    """An aware instant as whole microseconds since 1970 UTC."""
    return (at - EPOCH) // _MICROSECOND


def instant(us: int) -> datetime:
    """The other way round, in UTC."""
    return EPOCH + timedelta(microseconds=us)


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Overlapping and touching stretches as one each, in order; empty ones are dropped."""
    merged: list[Stretch] = []
    for start, end in sorted(stretches, key=lambda stretch: stretch[0]):
        if end is not None and end <= start:
            continue
        if merged and ((before := merged[-1])[1] is None or start <= before[1]):
            ends = None if before[1] is None or end is None else max(before[1], end)
            merged[-1] = (before[0], ends)
        else:
            merged.append((start, end))
    return merged


class _Block(NamedTuple):
    starts: list[int]
    ends: list[int]
    # Time worked in this block before each span, and up to the end of each span.
    before: list[int]
    upto: list[int]


class WorkingTime:
    """A calendar made fast; it holds nothing but a cache of what the calendar says."""

    def __init__(self, calendar: DatedCalendar) -> None:
        self.calendar = calendar
        self._blocks: dict[int, _Block] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WorkingTime) and self.calendar == other.calendar

    __hash__ = None  # type: ignore[assignment]  # equality is by value, and calendars are not keys

    def time_worked(self, start: datetime, end: datetime) -> timedelta:
        """How much of the stretch is open; nothing when it ends before it starts."""
        return timedelta(microseconds=self.time_worked_us(micros(start), micros(end)))

    def deadline(
        self,
        start: datetime,
        goal: timedelta,
        pauses: Sequence[tuple[datetime, datetime | None]] = (),
    ) -> datetime | None:
        """The earliest instant at which `goal` has been worked, or None if that never comes.

        Pauses may overlap and come in any order; one that has not ended gives None unless the
        goal is reached before it.
        """
        stretches = [(micros(a), None if b is None else micros(b)) for a, b in pauses]
        due = self.deadline_us(micros(start), goal // _MICROSECOND, union(stretches))
        return None if due is None else instant(due)

    def open_spans(self, start: datetime, end: datetime) -> Iterator[OpenSpan]:
        """The open spans between two instants, one at a time, clipped to them."""
        for opens, closes in self.spans_us(micros(start), micros(end)):
            yield OpenSpan(instant(opens), instant(closes))

    def time_worked_us(self, start: int, end: int) -> int:
        if end <= start:
            return 0
        first, last = start // _BLOCK, end // _BLOCK
        if first == last:
            block = self._block(first)
            return _before(block, end) - _before(block, start)
        total = -_before(self._block(first), start) + _before(self._block(last), end)
        return total + sum(_total(self._block(number)) for number in range(first, last))

    def deadline_us(self, start: int, goal: int, pauses: Sequence[Stretch] = ()) -> int | None:
        """As `deadline`; the pauses are in order and do not overlap (see `union`)."""
        cursor, remaining = start, goal
        for pause, resume in pauses:
            if resume is not None and resume <= cursor:
                continue
            if pause > cursor:
                time_worked = self.time_worked_us(cursor, pause)
                if time_worked >= remaining:
                    break
                remaining -= time_worked
            if resume is None:
                return None
            cursor = resume
        return self._reach(cursor, remaining)

    def spans_us(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The open spans, joined over the borders of blocks."""
        held: tuple[int, int] | None = None
        for opens, closes in self._raw_spans(start, end):
            if held is not None and held[1] == opens:
                held = (held[0], closes)
                continue
            if held is not None:
                yield held
            held = (opens, closes)
        if held is not None:
            yield held

    def list_closed(self, start: int, end: int) -> Iterator[ClosedSpan]:
        """What is not open between two instants, cut where the reason changes."""
        cursor = start
        for opens, closes in self.spans_us(start, end):
            yield from self._cut_closed(cursor, opens)
            cursor = closes
        yield from self._cut_closed(cursor, end)

    def _cut_closed(self, start: int, end: int) -> Iterator[ClosedSpan]:
        held: ClosedSpan | None = None
        while start < end:
            day = instant(start).astimezone(self.calendar.tz).date()
            until = min(end, self._wall(day, _DAY_MINUTES))
            until = until if until > start else end
            reason, name = self.calendar.explain_closed(day)
            if held is not None and (held.reason, held.name) == (reason, name):
                held = held._replace(end=until)
            else:
                if held is not None:
                    yield held
                held = ClosedSpan(start, until, reason, name)
            start = until
        if held is not None:
            yield held

    def _reach(self, start: int, goal: int) -> int | None:
        if goal <= 0:
            return start
        number = start // _BLOCK
        block = self._block(number)
        target = _before(block, start) + goal
        last = (start + _HORIZON) // _BLOCK
        while (total := _total(block)) < target:
            target -= total
            number += 1
            if number > last:
                return None
            block = self._block(number)
        block_index = bisect_left(block.upto, target)
        return block.starts[block_index] + target - block.before[block_index]

    def _raw_spans(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        if end <= start:
            return
        for number in range(start // _BLOCK, end // _BLOCK + 1):
            block = self._block(number)
            for index in range(bisect_right(block.ends, start), len(block.starts)):
                if block.starts[index] >= end:
                    return
                yield max(block.starts[index], start), min(block.ends[index], end)

    def _block(self, number: int) -> _Block:
        block = self._blocks.get(number)
        if block is None:
            if len(self._blocks) >= _BLOCKS_KEPT:
                del self._blocks[next(iter(self._blocks))]
            block = self._blocks[number] = self._build(number * _BLOCK, (number + 1) * _BLOCK)
        return block

    def _build(self, start: int, end: int) -> _Block:
        block = _Block([], [], [], [])
        total = 0
        cursor = start  # what overlaps the windows before counts once
        for window in sorted(self._windows(start, end)):
            opens, closes = max(window[0], cursor), min(window[1], end)
            if opens < closes:
                block.starts.append(opens)
                block.ends.append(closes)
                block.before.append(total)
                total += closes - opens
                block.upto.append(total)
                cursor = closes
        return block

    def _windows(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Every window that can touch the block: night shifts and zones reach two days over."""
        first = max(_ordinal(start) - 2, _FIRST_DAY.toordinal())
        last = min(_ordinal(end) + 2, _LAST_DAY.toordinal())
        for ordinal in range(first, last + 1):
            day = date.fromordinal(ordinal)
            for window in self.calendar.windows_on(day):
                yield self._wall(day, window.start), self._wall(day, window.end)

    def _wall(self, day: date, minutes: int) -> int:
        return micros(self.calendar.at_wall(day, minutes))


def _ordinal(us: int) -> int:
    return EPOCH.toordinal() + us // DAY


def _before(block: _Block, us: int) -> int:
    """Time worked in the block before an instant of it."""
    index = bisect_right(block.starts, us) - 1
    if index < 0:
        return 0
    return block.before[index] + min(us, block.ends[index]) - block.starts[index]


def _total(block: _Block) -> int:
    return block.upto[-1] if block.upto else 0
