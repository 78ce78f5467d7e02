"""Moments of an export as microseconds since 1970: one order of day and month for a whole file.

The order is never chosen for one row. It is what every date of the file can be read in, or what
somebody said; where neither decides, the file is refused with the question.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from desk_contracts.errors import Invalid

from desk_metrics.history.exports.forms import Order, parse_moment
from desk_metrics.history.exports.mapping import COMMON, Times
from desk_metrics.sla.worktime import micros

# One odd date among a hundred is refused by itself; more of them are a question.
_ODD_SHARE = 100


class Moments:
    """Reads texts in the first format that fits; exports repeat moments, so they are kept."""

    def __init__(self, times: Times, order: Order | None = None) -> None:
        self._zone = ZoneInfo(times.zone)
        self.order = order or times.order
        formats = times.formats
        self._formats = [text for text in formats if _order_of(text) in {None, self.order}]
        if self.order is None and not has_open_order(times):
            self._formats = list(formats)
        # Whether a text had no offset, so that the zone was taken from the mapping.
        self.is_local = False
        self._read = lru_cache(maxsize=1 << 14)(self._parse)

    def __call__(self, text: str) -> int | None:
        return self._read(text)

    def _parse(self, text: str) -> int | None:
        for format_ in self._formats:
            try:
                moment = _parse_by(format_, text, self.order)
                if moment is None:
                    continue
                if moment.tzinfo is None:
                    self.is_local = True
                    moment = moment.replace(tzinfo=self._zone)
                return micros(moment.astimezone(UTC))
            except (ValueError, OverflowError):
                continue
        return None


class Evidence(NamedTuple):
    """A date that shows something, and its row."""

    text: str
    row: int


@dataclass(slots=True)
class Orders:
    """What the dates of one file show of the order of day and month."""

    times: Times
    counted: Counter[Order] = field(default_factory=Counter)
    shown: dict[Order, Evidence] = field(default_factory=dict)
    unclear: Evidence | None = None

    def collect(self, dates: Iterable[tuple[str, int]]) -> "Orders":
        """Look at every date of the file; memory does not grow with it."""
        day_first = Moments(self.times, Order.DAY_FIRST)
        month_first = Moments(self.times, Order.MONTH_FIRST)
        for text, row in dates:
            by_day, by_month = day_first(text), month_first(text)
            if by_day == by_month:
                continue
            if by_day is not None and by_month is not None:
                self.unclear = self.unclear or Evidence(text, row)
                continue
            order = Order.MONTH_FIRST if by_day is None else Order.DAY_FIRST
            self.counted[order] += 1
            self.shown.setdefault(order, Evidence(text, row))
        return self

    def decide(self, file: str) -> Order | None:
        """The order; None if no date depends on it."""
        if not self.counted and self.unclear is None:
            return None
        shown: list[Evidence | None] = [self.unclear]
        if self.counted:
            (order, most), *others = self.counted.most_common()
            if sum(count for _, count in others) * _ODD_SHARE <= most:
                return order
            shown = list(self.shown.values())
        dates = [f"'{date.text[:40]}' in row {date.row}" for date in shown if date is not None]
        raise Invalid(
            f"The dates of '{file}'"
            f" {'contradict each other' if self.counted else 'can be read both ways'}"
            f" ({' and '.join(dates)}). Say which it is: --dates day-first or --dates month-first;"
            " rows that do not fit are then refused one by one.",
            code="order-of-dates",
        )


def has_open_order(times: Times) -> bool:
    """Whether the formats leave open which number is the day."""
    if times.order is not None:
        return False
    return COMMON in times.formats or len({*map(_order_of, times.formats)} - {None}) > 1


def _order_of(format_: str) -> Order | None:
    """Which number a format of `strptime` takes for the day, where one could be confused."""
    day, month, year = format_.find("%d"), format_.find("%m"), format_.find("%Y")
    if day < 0 or month < 0 or 0 <= year < min(day, month):
        return None
    return Order.DAY_FIRST if day < month else Order.MONTH_FIRST


def _parse_by(format_: str, text: str, order: Order | None) -> datetime | None:
    if format_ == COMMON:
        return parse_moment(text, order)
    if format_ == "iso":
        return datetime.fromisoformat(text)
    if format_ == "epoch":
        return datetime.fromtimestamp(float(text), UTC)
    if format_ == "epoch_ms":
        return datetime.fromtimestamp(float(text) / 1000, UTC)
    return datetime.strptime(text, format_)  # noqa: DTZ007 (the zone is the mapping's)
