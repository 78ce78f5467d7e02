"""The forms in which people and systems write moments: ISO, German, American, with month names.

Strict: what fits no form is none. Whether 03/04 is a day of April or of March cannot be told from
one text, so the order is given; dots always mean that the day comes first.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Final


class Order(StrEnum):
    """Which of two numbers is the day."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january", "januar", "jän", "jänner"),
            ("feb", "february", "februar"),
            ("mar", "march", "mär", "märz", "mrz", "maerz"),
            ("apr", "april"),
            ("may", "mai"),
            ("jun", "june", "juni"),
            ("jul", "july", "juli"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october", "okt", "oktober"),
            ("nov", "november"),
            ("dec", "december", "dez", "dezember"),
        ),
        1,
    )
    for name in names
}
# Hours from UTC. Names that mean several zones (CST, IST, BST, AST) are left out: write an offset.
_ZONES: Final = {
    **dict.fromkeys(("z", "utc", "gmt", "ut"), 0),
    **dict.fromkeys(("cet", "mez"), 1),
    **dict.fromkeys(("cest", "mesz"), 2),
    **dict.fromkeys(("est", "cdt"), -5),
    **dict.fromkeys(("mst", "pdt"), -7),
    "edt": -4,
    "mdt": -6,
    "pst": -8,
}
_WEEKDAY = (
    r"(?:(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)(?:day|nesday|sday|rsday|urday)?"
    r"|mo|di|mi|do|fr|sa|so|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)"
    r"[.,]{0,2} "
)
_DATES = (
    r"(?P<year>\d{4})(?P<sep>[-./])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})",
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
    r"(?P<one>\d{1,2})(?P<sep>[-/])(?P<two>\d{1,2})(?P=sep)(?P<year>\d{4}|\d\d)",
    r"(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\. ?(?P<year>\d{4}|\d\d)",
    r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[ /-]?(?P<name>[a-zä]{3,9})\.?,?[ /-]?"
    r"(?P<year>\d{4}|\d\d)",
    r"(?P<name>[a-zä]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})",
    r"(?P<year>\d{4})[ /-](?P<name>[a-zä]{3,9})[ /-](?P<day>\d{1,2})",
)
_TIME = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?: uhr)?(?: ?(?P<half>[ap])\.?m\.?)?"
    r"(?: ?(?P<zone>[a-z]{1,4}|(?:utc|gmt)?[+-]\d\d?(?::?\d\d)?))?"
)
_FORMS = tuple(
    re.compile(rf"(?:{_WEEKDAY})?{date}(?:(?:t|,? (?:um |at |- )?|:|_){_TIME})?") for date in _DATES
)
# As `date` and C's ctime write it: the year comes last.
_YEAR_LAST = re.compile(
    rf"{_WEEKDAY}(?P<name>[a-z]{{3}}) (?P<day>\d{{1,2}}) {_TIME} (?P<year>\d{{4}})"
)
_PACKED = re.compile(r"(\d{8})(\d\d)(\d\d)(\d\d)")
_EPOCH = re.compile(r"(?:/date\()?(\d{10}|\d{13}|\d{16})(\.\d{1,9})?(?:\)/)?")
_OFFSET = re.compile(r"(?:utc|gmt)?([+-])(\d\d?):?(\d\d)?")


def parse_moment(text: str, order: Order | None) -> datetime | None:
    """The moment, without a zone if the text has none; None if it fits no form.

    Without an order, two numbers that could both be the month are no date.
    """
    if text[4:5] == "-":
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    text = " ".join(text.split()).lower()
    if epoch := _EPOCH.fullmatch(text):
        # Ten digits are seconds, thirteen milliseconds, sixteen microseconds.
        unit = 10 ** (len(epoch[1]) - 10)
        whole = int(epoch[1]) * (1_000_000 // unit)
        part = int(float(epoch[2] or 0) * 1_000_000 / unit)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=whole + part)
    if packed := _PACKED.fullmatch(text):
        text = f"{packed[1]} {packed[2]}:{packed[3]}:{packed[4]}"
    for form in (*_FORMS, _YEAR_LAST):
        if parts := form.fullmatch(text):
            try:
                return _build_moment(parts.groupdict(), order)
            except (ValueError, KeyError, OverflowError):
                continue
    return None


def _build_moment(parts: dict[str, str | None], order: Order | None) -> datetime:
    day, month = _day_and_month(parts, order)
    year = int(parts["year"] or "")
    year = year + 2000 if year < 100 else year
    hour, minute = _hour(parts), int(parts.get("minute") or 0)
    second, part = int(parts.get("second") or 0), (parts.get("part") or "")[:6].ljust(6, "0")
    if hour == 24 and not (minute or second or int(part)):
        return datetime(year, month, day, tzinfo=_zone(parts)) + timedelta(days=1)
    return datetime(year, month, day, hour, minute, second, int(part), _zone(parts))


def _day_and_month(parts: dict[str, str | None], order: Order | None) -> tuple[int, int]:
    if name := parts.get("name"):
        return int(parts["day"] or ""), _MONTHS[name]
    if "one" not in parts:
        return int(parts["day"] or ""), int(parts["month"] or "")
    first, second = int(parts["one"] or ""), int(parts["two"] or "")
    if order is None and first != second and max(first, second) <= 12:
        raise ValueError("either could be the month")
    is_day_first = order is Order.DAY_FIRST or (order is None and first > 12)
    return (first, second) if is_day_first else (second, first)


def _hour(parts: dict[str, str | None]) -> int:
    hour = int(parts.get("hour") or 0)
    half = parts.get("half")
    if half is None:
        return hour
    if not 0 <= hour <= 12:
        raise ValueError("a clock of twelve hours has no such hour")
    return hour % 12 + (12 if half == "p" else 0)


def _zone(parts: dict[str, str | None]) -> tzinfo | None:
    """The zone of the text, or None; a name that is not known makes the text no moment."""
    zone = parts.get("zone")
    if not zone:
        return None
    if offset := _OFFSET.fullmatch(zone):
        ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(-ahead if offset[1] == "-" else ahead)
    return timezone(timedelta(hours=_ZONES[zone]))
