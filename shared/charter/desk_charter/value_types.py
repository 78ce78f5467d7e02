"""The small value types every part of the charter is written in: names, durations, hours, levels.

Pure: text in, frozen values out. Every refusal is a sentence that says what to write instead.
"""

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from desk_contracts.mail_addresses import MAILTO, BadAddress, address_in, read_address
from desk_contracts.text import plain_words
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)


class CharterModel(BaseModel):
    """The base of everything in the charter: frozen, nothing unknown, YAML names."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        serialize_by_alias=True,
        defer_build=True,
    )


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SLUG = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
# A team's name ends a Kafka topic's name, and those stop at 249 characters; 63 also suits DNS.
Slug = Annotated[str, StringConstraints(pattern=_SLUG, max_length=63)]
# Measurements are named with dots, the unit last: disk.free.percent.
DottedName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


def _check_mail(value: str) -> str:
    """An address that any mail server takes: who writes the charter can choose one."""
    try:
        address = read_address(value)
    except BadAddress as bad:
        raise ValueError(f"{bad.message}; write one like team@example.org") from bad
    if not address.is_ascii:
        raise ValueError(
            f"'{value}' has letters before its @ that not every mail server takes;"
            " write an address in plain letters"
        )
    return value


def _check_channel(value: str) -> str:
    if value.startswith(MAILTO):
        _check_mail(address_in(value))
    return value


ChannelUrl = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9+.-]*:\S*$"),
    AfterValidator(_check_channel),
]
Mail = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$"), AfterValidator(_check_mail)]


def _check_findable(value: str) -> str:
    if not plain_words(value):
        raise ValueError(f"'{value}' has no letter or digit to look for; write a word")
    return value


# A word that is looked for in what people write, in whichever form either is typed.
SpokenWord = Annotated[str, AfterValidator(_check_findable)]

# Milliseconds of each unit, longest first.
_UNITS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?")
_DURATION_PATTERN = r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$"
_WORKING_PATTERN = r"^(\d+h)?(\d+m)?(\d+s)?$"
_DAYS = re.compile(r"\d\s*(days?|weeks?|d|w)(?![a-z])", re.IGNORECASE)
_NAKED_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def read_duration(value: object) -> timedelta:
    """`90m`, `4h`, `1h30m`, `7d`: always with a unit; a day is 24 hours of elapsed time."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    if _NAKED_NUMBER.fullmatch(text):
        raise ValueError(f"{text} has no unit; write for example '{text}m' or '{text}s'")
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise ValueError(
            f"'{text}' is not a duration; write whole units such as 500ms, 30s, 90m, 4h, 7d"
        )
    amounts = [int(group or 0) for group in match.groups()]
    return timedelta(milliseconds=sum(n * u for n, u in zip(amounts, _UNITS.values(), strict=True)))


def read_working_time(value: object) -> timedelta:
    """An SLA's target: hours, minutes and seconds of open time, never days."""
    if isinstance(value, str) and _DAYS.search(value):
        raise ValueError(
            f"'{value}' can mean 24 hours or one working day, and people read it both ways; "
            "write the open hours of the target, for example 8h for one working day of 8 hours"
        )
    target = read_duration(value)
    if target % timedelta(seconds=1):
        raise ValueError(f"'{value}' has a part of a second; SLAs count whole seconds")
    if target <= timedelta(0):
        raise ValueError("a target of no time cannot be met; write for example 30m or 4h")
    return target


def write_duration(value: timedelta) -> str:
    """The shortest text that reads back as the same duration."""
    rest = value // timedelta(milliseconds=1)
    parts = []
    for unit, milliseconds in _UNITS.items():
        amount, rest = divmod(rest, milliseconds)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"


def write_working_time(value: timedelta) -> str:
    """Like `write_duration`, in hours at most, because working time has no days."""
    hours, rest = divmod(int(value.total_seconds()), 3_600)
    tail = write_duration(timedelta(seconds=rest)) if rest else ""
    return f"{hours}h{tail}" if hours else tail


Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    PlainSerializer(write_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _DURATION_PATTERN, "examples": ["30s", "4h"]}),
]
WorkingTime = Annotated[
    timedelta,
    BeforeValidator(read_working_time),
    PlainSerializer(write_working_time, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _WORKING_PATTERN, "examples": ["90m", "4h"]}),
]

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def _check_time(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise ValueError(f"'{value}' is not a time of day; write HH:MM from 00:00 to 24:00")
    return value


def minute_of(time: str) -> int:
    """Minutes after local midnight: `09:30` is 570, `24:00` is 1440."""
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


TimeOfDay = Annotated[
    str,
    AfterValidator(_check_time),
    WithJsonSchema({"type": "string", "pattern": r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"}),
]


def _check_date(value: object) -> object:
    if isinstance(value, date) or re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
        return value
    raise ValueError(f"'{value}' is not a date; write it like 2026-12-24")


# Without this check a number such as 20261224 would be read as seconds since 1970.
CalendarDate = Annotated[date, BeforeValidator(_check_date)]


def _check_year_day(value: object) -> object:
    text = str(value)
    if re.fullmatch(r"\d\d-\d\d", text):
        month, day = int(text[:2]), int(text[3:])
        if 1 <= month <= 12 and 1 <= day <= _LONGEST_MONTHS[month - 1]:
            return text
    raise ValueError(f"'{value}' is not a day of every year; write month and day, like 12-24")


_LONGEST_MONTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# A day of every year; 29 February is its last day where a year has no such day.
YearDay = Annotated[
    str,
    BeforeValidator(_check_year_day),
    WithJsonSchema({"type": "string", "pattern": r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"}),
]


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone of that name; ValueError with a sentence if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"'{name}' is not a time zone; write an IANA name such as Europe/Berlin"
        ) from error


def _check_zone(value: str) -> str:
    zone_of(value)
    return value


Zone = Annotated[str, AfterValidator(_check_zone)]
