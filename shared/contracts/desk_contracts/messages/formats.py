"""Moments, days, durations, numbers and lists as a language writes them; Babel knows how."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_interval, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit


class _Unit(NamedTuple):
    name: str
    size: int
    used_from: int


_MINUTE = 60
# Half a second is not nothing.
_EXACT_BELOW = 10
# 90 seconds say more than one minute.
_UNITS = (
    _Unit("day", 86_400, 86_400),
    _Unit("hour", 3_600, 3_600),
    _Unit("minute", _MINUTE, 2 * _MINUTE),
)
# Of a share that is next to nothing, or next to all.
_MOST_DIGITS = 2
# A moment in full, with the day of the week; patterns of Unicode's LDML, part 4.
_MOMENT = {"en": "EEEE d MMMM y, HH:mm", "de": "EEEE, d. MMMM y, HH:mm 'Uhr'"}


# No more digits behind the mark than the number has.
_SHORT = "#,##0.#########"


def _with_minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def end_sentence(text: str) -> str:
    """What a person wrote, with an end mark, so that a sentence can follow."""
    trimmed = text.strip()
    return trimmed if not trimmed or trimmed[-1] in ".!?…:" else f"{trimmed}."


class Formats:
    """How one language writes values, with moments in one zone."""

    KINDS: ClassVar = frozenset(
        {
            *("moment", "day", "month", "time", "duration", "percent", "tenth-percent"),
            *("and", "or", "lines", "sentence"),
        }
    )

    def __init__(self, locale: Locale, zone: ZoneInfo) -> None:
        self._locale, self.zone = locale, zone

    def show_param(self, value: object, kind: str) -> str:
        """A parameter of a message; what cannot be read as its kind is shown as it is."""
        try:
            if isinstance(value, str):
                return self._read(value, kind)
            if isinstance(value, int | float):
                return self._write(value, kind)
        except ValueError:
            return str(value)
        return str(value)

    def _read(self, value: str, kind: str) -> str:
        match kind:
            case "moment":
                return self.moment(datetime.fromisoformat(value))
            case "time":
                local = datetime.fromisoformat(value).astimezone(self.zone)
                return f"{local:%H:%M:%S} ({self.zone.key})"
            case "day":
                return self.day(date.fromisoformat(value[:10]))
            case "month":
                on = date.fromisoformat(value[:10])
                return str(format_date(on, "MMMM y", locale=self._locale))
            case "sentence":
                return end_sentence(value)
        return value

    def _write(self, value: float, kind: str) -> str:
        match kind:
            case "duration":
                return self.duration(value)
            case "percent":
                # As few digits as do not tell nearly all as all, or nearly nothing as nothing.
                tried = range(_MOST_DIGITS + 1)
                enough = (n for n in tried if round(value, n + 2) not in {0, 1})
                return self._percent(value, digits=next(enough, 0))
            case "tenth-percent":
                return self._percent(value, digits=1)
        return self.number(value)

    def _percent(self, value: float, digits: int) -> str:
        """The language's own pattern, with so many digits behind the mark."""
        pattern = self._locale.percent_formats[None].pattern
        wanted = pattern.replace("0", f"0.{'0' * digits}", 1) if digits else pattern
        return str(format_percent(value, wanted, locale=self._locale))

    def moment(self, at: datetime) -> str:
        """`Monday 2 March 2026, 10:00 (Europe/Berlin)`; with its zone, as readers sit in many."""
        local = at.astimezone(self.zone)
        text = format_datetime(local, _MOMENT[self._locale.language], locale=self._locale)
        return f"{text} ({self.zone.key})"

    def day(self, day: date) -> str:
        """`2 March 2026`."""
        return str(format_date(day, "long", locale=self._locale))

    def duration(self, seconds: float) -> str:
        """`2 days 3 hours`, `1 hour 5 minutes`, `12 minutes`: as exact as people say it."""
        if 0 < seconds < _EXACT_BELOW and not float(seconds).is_integer():
            return self._format_count(float(f"{seconds:.2g}"), "second")
        rest, parts = max(round(seconds), 0), list[str]()
        for unit, size, also in _UNITS:
            if rest >= also:
                count, rest = divmod(rest, size)
                parts.append(self._format_count(count, unit))
                finer = next((unit for unit in _UNITS if unit.size < size), None)
                if size > _MINUTE and finer and (count := rest // finer.size):
                    parts.append(self._format_count(count, finer.name))
                break
        return " ".join(parts) or self._format_count(rest, "second")

    def _format_count(self, count: float, unit: str) -> str:
        return str(format_unit(count, f"duration-{unit}", locale=self._locale))

    def number(self, value: float) -> str:
        """A number with the language's separators; a measured one with six digits at most."""
        exact = value if isinstance(value, int) else float(f"{value:.6g}")
        return str(format_decimal(exact, locale=self._locale))

    def write_fixed(self, value: float, digits: int, *, is_signed: bool = False) -> str:
        """A number with so many digits behind the mark, `+` before it if asked for."""
        pattern = "#,##0" + (f".{'0' * digits}" if digits else "")
        if is_signed:
            pattern = f"+{pattern};-{pattern}"
        return _with_minus(format_decimal(value, pattern, self._locale))

    def write_rounded(self, value: float) -> str:
        """A number with three digits that say something, from a thousand on with all."""
        short = round(value) if abs(value) >= 1000 else float(f"{value:.3g}")
        return _with_minus(format_decimal(short, _SHORT, self._locale))

    def days(self, first: date, last: date) -> str:
        """From one day to another, both included, with what they share said once."""
        return str(format_interval(first, last, "yMMMd", locale=self._locale))

    def day_of_year(self, day: date) -> str:
        """`24 Nov`."""
        return str(format_skeleton("MMMd", day, locale=self._locale))

    def join_parts(self, parts: Sequence[str], kind: str) -> str:
        """`a, b and c`, `a, b or c`, lines of a list; else one statement after another."""
        if kind == "lines":
            return "\n".join(f"- {part}" for part in parts)
        if kind not in ("and", "or"):
            return " ".join(map(end_sentence, parts))
        return str(
            format_list(
                list(parts), style="standard" if kind == "and" else "or", locale=self._locale
            )
        )

    def plain(self, value: object) -> str:
        """A text as it is; a number as the language writes it."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.number(value)
        return str(value)
