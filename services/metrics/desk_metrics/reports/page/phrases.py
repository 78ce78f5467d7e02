"""Figures, changes and days as people of one language read them on the page."""

import math
from datetime import date
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from desk_contracts.message import Message, message
from desk_contracts.messages import Language, catalogue
from desk_contracts.messages.formats import Formats

from desk_metrics.reports.page.scales import format_tick

Unit = Literal["count", "share", "duration", "minutes", "quotient"]
Better = Literal["more", "less", ""]
Judgement = Literal["better", "worse", ""]

# From so many times as much on per cent are hard to read.
_MANY = 10
# Keeps a number and its unit on one line.
_UTC = ZoneInfo("UTC")
NB = "\N{NO-BREAK SPACE}"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_MINUTES, _HOURS, _DAYS = "min", "h", ""
# Below which value, in which unit, with how many digits: whichever is read most easily.
_SCALES = {
    "duration": (
        (_HOUR, _MINUTE, 0, _MINUTES),
        (2 * _DAY, _HOUR, 1, _HOURS),
        (math.inf, _DAY, 1, _DAYS),
    ),
    # Lost time comes in minutes; from a hundred hours on it has no fraction.
    "minutes": ((120, 1, 0, _MINUTES), (6_000, 60, 1, _HOURS), (math.inf, 60, 0, _HOURS)),
}


class Change(NamedTuple):
    """How a figure differs from before, in words, and whether that is good."""

    text: str
    judgement: Judgement = ""


class Words:
    """Everything that the page writes, in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._catalogue = catalogue(language)
        self._formats: Formats = self._catalogue.formats(_UTC)
        self.unknown = self.say(message("page.unknown"))

    def say(self, text: Message) -> str:
        """One of the page's own texts, or a statement that it shows."""
        return self._catalogue.render(text)

    def say_all(self, texts: tuple[Message, ...]) -> str:
        """Several statements as running text."""
        return self._catalogue.render_all(texts)

    def name(self, choice: object, domain: str) -> str:
        """How people call one of a closed set of choices."""
        return self._catalogue.word(domain, choice)

    def figure(self, value: float | None, unit: Unit) -> str:
        """A figure as people read it; what is not known says so."""
        if value is None:
            return self.unknown
        match unit:
            case "count":
                text = self._number(value)
            case "share":
                text = f"{self._number(value * 100)}{NB}%"
            case "quotient":
                text = self._number(value, 2, is_signed=True)
            case "duration" | "minutes":
                scales = _SCALES[unit]
                _, size, digits, name = next(scale for scale in scales if abs(value) < scale[0])
                number = self._number(value / size, digits)
                long = self.say(message("page.long", days=number)).replace(" ", NB)
                text = f"{number}{NB}{name}" if name else long
        return text

    def describe_change(
        self, now: float | None, before: float | None, unit: Unit, better: Better
    ) -> Change:
        """How it differs from before, and whether that is good."""
        if now is None or before is None:
            return Change(self.unknown)
        if self.figure(now, unit) == self.figure(before, unit):
            return Change(self.say(message("page.as-before")))
        text = self._describe_difference(now, before, unit)
        if not better:
            return Change(text)
        if (now > before) == (better == "more"):
            return Change(self.say(message("page.better", change=text)), "better")
        return Change(self.say(message("page.worse", change=text)), "worse")

    def days(self, first: date, last: date) -> str:
        """From one day to another, both included; one day once."""
        return self._formats.days(first, last)

    def step(self, day: date) -> str:
        """The day that a point of a plot begins on: `24 Nov`."""
        return self._formats.day_of_year(day)

    def tick(self, value: float | None, suffix: str = "") -> str:
        """A value of a plot or of its table: `12,500`, `0.25`, `75 %`."""
        return self.unknown if value is None else format_tick(value, suffix, self.language)

    def _describe_difference(self, now: float, before: float, unit: Unit) -> str:
        if unit == "share":
            points = self._number((now - before) * 100, is_signed=True)
            return self.say(message("page.points", points=points)).replace(" ", NB)
        if unit == "quotient":
            return self._number(now - before, 2, is_signed=True)
        if not before:
            return self.say(message("page.more", figure=self.figure(now, unit)))
        if abs(now) >= _MANY * abs(before):
            return self.say(message("page.times-as-much", factor=self._number(now / before)))
        return f"{self._number((now - before) / before * 100, is_signed=True)}{NB}%"

    def _number(self, value: float, digits: int = 0, *, is_signed: bool = False) -> str:
        return self._formats.write_fixed(value, digits, is_signed=is_signed)
