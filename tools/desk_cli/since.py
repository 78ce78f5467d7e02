"""How commands are told from when on: a moment, a day, or how long ago."""

from datetime import UTC, date, datetime, time

from desk_charter.value_types import read_duration
from desk_contracts.errors import Invalid
from desk_contracts.rfc3339 import read_moment


def read_since(text: str, now: datetime) -> datetime:
    """`2026-03-01T08:00:00Z`, `2026-03-01` (from midnight UTC on) or `7d`, `36h`, `30m` ago."""
    readers = (_read_day, read_moment, lambda age: now - read_duration(age))
    for read in readers:
        try:
            moment = read(text.strip())
        except (ValueError, Invalid, OverflowError):
            continue
        if moment is not None and moment < now:
            return moment
        raise Invalid(f"'{text}' is not in the past.")
    raise Invalid(
        f"'{text}' is no time; write 2026-03-01T08:00:00Z, 2026-03-01 (UTC), or 7d for 7 days ago."
    )


def _read_day(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time(), UTC)
