"""Moments that others tell us: every legal form of RFC 3339, and which of them are believed.

https://www.rfc-editor.org/rfc/rfc3339#section-5.6
"""

import re
from datetime import UTC, datetime, timedelta

from desk_contracts.errors import Invalid
from desk_contracts.quotes import quote

# Nothing that the desk is told of happened before, and a clock runs ahead by a day at most: the
# wrong zone is the usual reason, a wrong year the next.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
# Maintenance is planned years ahead, not decades.
PLANNED_AHEAD = timedelta(days=5 * 366)

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_ZONELESS = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:[.,]\d+)?", re.ASCII)


def read_moment(text: str) -> datetime | None:
    """The moment in UTC; None if it is legal but lies outside the years that can be counted.

    Raises `Invalid` for what RFC 3339 does not allow.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise _no_moment(text)
    date, hour_minute, second, fraction, zulu, sign, hours, minutes = match.groups()
    # A leap second is the moment before the next minute's beginning, as near as we can tell.
    is_leap = second == "60"
    micros = (fraction or "")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(
            f"{date}T{hour_minute}{'59' if is_leap else second}.{micros}+00:00"
        )
    except ValueError as error:
        if date.startswith("0000"):
            return None
        raise _no_moment(text) from error
    if zulu is None and (int(hours) > 23 or int(minutes) > 59):
        raise _no_moment(text)
    offset = timedelta() if zulu else timedelta(hours=int(hours), minutes=int(minutes))
    try:
        moment = moment + offset if sign == "-" else moment - offset
        return moment + timedelta(seconds=1) if is_leap else moment
    except OverflowError:
        return None


def is_believed(moment: datetime, arrived: datetime, ahead: timedelta = AHEAD) -> bool:
    """Whether what arrived then can have happened at that moment."""
    return EARLIEST <= moment <= arrived + ahead


def _no_moment(text: str) -> Invalid:
    if _ZONELESS.fullmatch(text):
        return Invalid(f"the time {quote(text)} has no zone; write UTC with a Z", code="bad-time")
    return Invalid(
        f"{quote(text)} is not a time of RFC 3339; write it like 2026-03-02T09:00:00Z",
        code="bad-time",
    )
