"""Calendars: when SLA clocks run, and what windows of runbooks follow.

Hours are half-open: the closing minute is closed. The dates of public holidays are looked up
elsewhere (`desk_charter.public_holidays`).
"""

from datetime import date, timedelta
from typing import Self

from pydantic import ConfigDict, Field, field_validator, model_serializer, model_validator
from pydantic.config import JsonDict

from desk_charter.value_types import (
    DAYS,
    CalendarDate,
    CharterModel,
    Slug,
    TimeOfDay,
    Title,
    YearDay,
    Zone,
    minute_of,
)

_MINUTES_PER_DAY = 24 * 60
_WINDOW = r"^([01]\d|2[0-3]):[0-5]\d ?- ?(([01]\d|2[0-3]):[0-5]\d|24:00)$"


def _as_text(schema: JsonDict) -> None:
    """In YAML a window is a text."""
    schema.clear()
    schema.update(type="string", title="Window", pattern=_WINDOW, examples=["09:00-17:00"])


def _or_always(schema: JsonDict) -> None:
    """In YAML a week may also be the word `always`."""
    days = dict(schema)
    schema.clear()
    schema.update(title="Week", anyOf=[{"const": "always"}, days])


def _or_closed(schema: JsonDict) -> None:
    """In YAML a day's hours may also be the word `closed`."""
    hours = {key: schema.pop(key) for key in ("type", "items")}
    schema["anyOf"] = [{"const": "closed"}, hours]


class Window(CharterModel):
    """Local opening hours written `HH:MM-HH:MM`; `22:00-06:00` ends on the next day."""

    model_config = ConfigDict(json_schema_extra=_as_text)

    opens: TimeOfDay = Field(description="First open minute, local time.")
    closes: TimeOfDay = Field(description="First closed minute, local time; up to 24:00.")

    @model_validator(mode="before")
    @classmethod
    def read(cls, value: object) -> object:
        """Accept the written form."""
        if not isinstance(value, str):
            return value
        opens, dash, closes = value.replace(" ", "").partition("-")
        if not dash:
            raise ValueError(f"'{value}' is not a window; write HH:MM-HH:MM, like 09:00-17:00")
        return {"opens": opens, "closes": closes}

    @model_validator(mode="after")
    def has_length(self) -> Self:
        """Refuse a window of no length, and one that opens at 24:00."""
        if self.opens in {"24:00", self.closes}:
            raise ValueError(
                f"{self.opens}-{self.closes} is never open; a whole day is 00:00-24:00"
            )
        return self

    @model_serializer
    def write(self) -> str:
        """The written form."""
        return f"{self.opens}-{self.closes}"

    @property
    def start(self) -> int:
        """Minutes after local midnight."""
        return minute_of(self.opens)

    @property
    def end(self) -> int:
        """Minutes after the same midnight; above 1440 when the window ends on the next day."""
        end = minute_of(self.closes)
        return end if end > self.start else end + _MINUTES_PER_DAY

    @property
    def is_over_midnight(self) -> bool:
        """Whether a part of the window lies on the next day."""
        return self.end > _MINUTES_PER_DAY


class Week(CharterModel):
    """The opening windows of each weekday; a day left out is closed, `always` is every minute."""

    model_config = ConfigDict(json_schema_extra=_or_always)

    mon: tuple[Window, ...] = Field(default=(), description="Windows that open on Monday.")
    tue: tuple[Window, ...] = Field(default=(), description="Windows that open on Tuesday.")
    wed: tuple[Window, ...] = Field(default=(), description="Windows that open on Wednesday.")
    thu: tuple[Window, ...] = Field(default=(), description="Windows that open on Thursday.")
    fri: tuple[Window, ...] = Field(default=(), description="Windows that open on Friday.")
    sat: tuple[Window, ...] = Field(default=(), description="Windows that open on Saturday.")
    sun: tuple[Window, ...] = Field(default=(), description="Windows that open on Sunday.")

    @model_validator(mode="before")
    @classmethod
    def accept_always(cls, value: object) -> object:
        """`always` is short for 00:00-24:00 on all seven days."""
        return {day: ["00:00-24:00"] for day in DAYS} if value == "always" else value

    def on(self, weekday: int) -> tuple[Window, ...]:
        """The windows that open on a weekday, Monday being 0 as in `date.weekday()`."""
        return (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)[weekday]

    @property
    def is_empty(self) -> bool:
        """Whether no day has an open window."""
        return not any(self.on(weekday) for weekday in range(7))


class HolidayRegion(CharterModel):
    """Whose public holidays close the calendar."""

    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166 country code, such as DE.")
    subdivision: str | None = Field(default=None, description="State or province, such as BE.")


class Closure(CharterModel):
    """Days on which the organisation itself is closed, both ends included."""

    first: CalendarDate = Field(alias="from", description="First closed day.")
    last: CalendarDate = Field(alias="to", description="Last closed day.")
    name: Title = Field(description="What people call it.")

    @model_validator(mode="after")
    def ends_after_it_starts(self) -> Self:
        """Refuse a closure that ends before it starts."""
        if self.last < self.first:
            raise ValueError(f"the closure ends on {self.last}, before it starts on {self.first}")
        return self

    def includes(self, day: date) -> bool:
        """Whether that local date is closed."""
        return self.first <= day <= self.last


class YearlyClosure(CharterModel):
    """Days on which the organisation is closed in every year, both ends included."""

    first: YearDay = Field(alias="from", description="First closed day, MM-DD.")
    last: YearDay = Field(alias="to", description="Last closed day, MM-DD; may be next year's.")
    name: Title = Field(description="What people call it.")

    @model_validator(mode="after")
    def leaves_the_rest_of_the_year(self) -> Self:
        """Refuse a closure of the whole year, which is mostly two days the wrong way round."""
        first, last = self.dates
        if last - first >= timedelta(days=364):
            raise ValueError(
                f"from {self.first} to {self.last} is the whole year; is it the other way round?"
            )
        return self

    @property
    def dates(self) -> tuple[date, date]:
        """Both ends in a year that has them, the second one a year later if it is before."""
        first, last = _month_and_day(self.first), _month_and_day(self.last)
        if first <= last:
            return date(2004, *first), date(2004, *last)
        return date(2003, *first), date(2004, *last)


class SpecialDay(CharterModel):
    """One date with hours of its own, whatever the week, holidays and closures say of it."""

    day: CalendarDate = Field(alias="date", description="The date, local to the calendar's zone.")
    hours: tuple[Window, ...] = Field(
        description="Windows that open on it; `closed` or an empty list for none.",
        json_schema_extra=_or_closed,
    )
    name: Title = Field(description="What people call it.")

    @field_validator("hours", mode="before")
    @classmethod
    def accept_closed(cls, value: object) -> object:
        """`closed` is short for no window."""
        return () if value == "closed" else value


class Calendar(CharterModel):
    """When an SLA clock runs: weekly windows in one zone, less holidays and closures. Windows of
    runbooks may be open as it is, or as it is not.

    A special day goes before a holiday, a holiday before a closure, a closure before the week.
    """

    name: Slug = Field(description="How SLA policies and windows refer to it.")
    title: Title = Field(description="What people call it.")
    zone: Zone = Field(description="IANA time zone the windows and dates are local to.")
    week: Week = Field(description="Opening windows per weekday; split and night shifts allowed.")
    holidays: HolidayRegion | None = Field(
        default=None, description="Public holidays that close it; none if left out."
    )
    closures: tuple[Closure, ...] = Field(
        default=(), description="The organisation's own closures."
    )
    yearly_closures: tuple[YearlyClosure, ...] = Field(
        default=(), description="Its closures that come every year, by month and day."
    )
    special_days: tuple[SpecialDay, ...] = Field(
        default=(), description="Dates with hours of their own, such as a Saturday that is worked."
    )

    @property
    def never_closes(self) -> bool:
        """Whether every day of it is open around the clock."""
        exceptions = (self.holidays, self.closures, self.yearly_closures, self.special_days)
        whole = Week.model_validate("always")
        return self.week == whole and not any(exceptions)


def _month_and_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)
