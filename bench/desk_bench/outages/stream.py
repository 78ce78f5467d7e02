"""The generator: a stream of tickets by seed, with outages in it or without any.

Background: real texts by path. Arrivals are a Poisson process with the shape of a working week (a
peak on Monday morning); what the tickets are about shifts with the hour of the week; one in twelve
is the same person again.
Outages: one of a kind in turn, some working hours apart. `named`: the service is said; `unnamed`:
only what is seen; `mixed`: half of each; `typos`: mixed, and one word in six is mistyped.
A fifth of the reporters write in each of the two other languages. Reports come at
`max(1.5 a minute, 8 % of the load)` and fade with a half-life of ten minutes; half of them
end in a sentence of a real ticket.
"""

import heapq
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from desk_bench.outages.phrases import LANGUAGES, OPENINGS, Trouble
from desk_bench.outages.texts import Text

KINDS = ("named", "unnamed", "mixed", "typos")
_HALF_LIFE = 600.0
_LASTS = timedelta(minutes=40)
_REPEATS = 1 / 12


class Arrival(NamedTuple):
    """A ticket as it comes; `outage` is the number of the outage that it reports, else -1."""

    at: datetime
    person: str
    title: str
    description: str
    outage: int = -1


@dataclass(frozen=True)
class Outage:
    """What is in the stream: for the judge only."""

    number: int
    kind: str
    trouble: Trouble
    language: str
    begins: datetime


@dataclass(frozen=True)
class Scenario:
    """A stream: tickets an hour by day, how long, when outages begin (never, for None)."""

    load: int
    begins: datetime
    warm: timedelta
    lasts: timedelta
    every: timedelta | None
    troubles: tuple[Trouble, ...] = ()


def shape_of(at: datetime) -> float:
    """The load of an hour of the week, as a share of that of a working hour."""
    hour = at.hour + at.minute / 60
    if at.weekday() >= 5:
        return 0.08
    if not 7 <= hour < 19:
        return 0.1
    return 1.6 if at.weekday() == 0 and 8 <= hour < 10 else 1.0


class Stream:
    """One scenario by seed."""

    def __init__(self, scenario: Scenario, texts: list[Text], seed: int) -> None:
        self._scenario, self._random = scenario, random.Random(seed)  # noqa: S311 (a stream by seed)
        self._people = max(60, scenario.load * 20)
        topics: dict[str, list[Text]] = {}
        for text in texts:
            topics.setdefault(text.topic, []).append(text)
        self._topics = list(topics.values())
        self._phases = [self._random.uniform(0, 24) for _ in self._topics]
        self._login = [
            sum("password" in text.title.lower() + text.description.lower() for text in topic)
            / len(topic)
            for topic in self._topics
        ]
        self.outages = self._plan()

    def __iter__(self) -> Iterator[Arrival]:
        sources = [self._background(), *map(self._report, self.outages)]
        return heapq.merge(*sources, key=lambda arrival: arrival.at)

    def _plan(self) -> list[Outage]:
        scenario, outages = self._scenario, list[Outage]()
        if scenario.every is None:
            return outages
        at = scenario.begins + scenario.warm + timedelta(minutes=self._random.uniform(5, 60))
        order = self._random.sample(scenario.troubles, len(scenario.troubles))
        while at < scenario.begins + scenario.warm + scenario.lasts - _LASTS:
            if shape_of(at) >= 1:
                number = len(outages)
                kind = KINDS[number % len(KINDS)]
                language = self._random.choice(LANGUAGES)
                outages.append(Outage(number, kind, order[number % len(order)], language, at))
                at += scenario.every * self._random.uniform(0.7, 1.3)
            else:
                at += timedelta(minutes=10)
        return outages

    def _background(self) -> Iterator[Arrival]:
        scenario, random_ = self._scenario, self._random
        at, end = scenario.begins, scenario.begins + scenario.warm + scenario.lasts
        hour = -1
        weights: list[float] = []
        recent: list[Arrival] = []
        while True:
            # Thinning: candidates at the highest rate, of which the hour's share is kept.
            at += timedelta(seconds=random_.expovariate(scenario.load * 1.6 / 3600))
            if at >= end:
                return
            if random_.random() > shape_of(at) / 1.6:
                continue
            if (now := at.weekday() * 24 + at.hour) != hour:
                hour, weights = now, list(accumulate(self._mix(at)))
            if recent and random_.random() < _REPEATS:
                arrival = random_.choice(recent)._replace(at=at)
            else:
                text = random_.choice(random_.choices(self._topics, cum_weights=weights)[0])
                person = f"p{random_.randrange(self._people)}"
                arrival = Arrival(at, person, text.title, text.description)
            recent = [*recent[-7:], arrival]
            yield arrival

    def _mix(self, at: datetime) -> Iterator[float]:
        """How much of each topic there is at an hour of the week."""
        is_monday = at.weekday() == 0 and 8 <= at.hour < 10
        for topic, phase, login in zip(self._topics, self._phases, self._login, strict=True):
            wave = math.exp(0.5 * math.cos((at.hour - phase) / 24 * math.tau))
            yield len(topic) * wave * (1 + (3 * login if is_monday else 0))

    def _report(self, outage: Outage) -> Iterator[Arrival]:
        random_ = random.Random(f"{outage.number}/{self._random.random()}")  # noqa: S311
        peak = max(1.5, self._scenario.load * 0.08 / 60) / 60
        passed = 0.0
        while True:
            passed += random_.expovariate(peak)
            if passed > _LASTS.total_seconds():
                return
            if random_.random() > 0.5 ** (passed / _HALF_LIFE):
                continue
            at = outage.begins + timedelta(seconds=passed)
            title, description = self._write(outage, random_)
            person = f"p{random_.randrange(self._people)}"
            yield Arrival(at, person, title, description, outage.number)

    def _write(self, outage: Outage, random_: random.Random) -> tuple[str, str]:
        others = [language for language in LANGUAGES if language != outage.language]
        language = random_.choices((outage.language, *others), (3, 1, 1))[0]
        trouble = outage.trouble
        says_name = {"named": 1.0, "unnamed": 0.0}.get(outage.kind, 0.5) > random_.random()
        name = random_.choice(trouble.names[language]) if says_name else ""
        symptoms = trouble.symptoms[language]
        seen = random_.sample(symptoms, random_.choice((1, 1, 2)))
        title = f"{name}: {seen[0]}" if name else seen[0]
        description = " ".join([random_.choice(OPENINGS[language]), *seen[1:]])
        if random_.random() < 0.5:
            text = random_.choice(random_.choice(self._topics))
            words = (text.description or text.title).split()
            description += " " + " ".join(words[: random_.randint(4, 10)])
        if outage.kind == "typos":
            title, description = _mistype(title, random_), _mistype(description, random_)
        return title, description


def _mistype(text: str, random_: random.Random) -> str:
    """Every sixth longer word with two letters swapped or one left out."""
    words = text.split()
    for index, word in enumerate(words):
        if len(word) >= 4 and random_.random() < 1 / 6:
            place = random_.randrange(1, len(word) - 1)
            swapped = word[place + 1] + word[place] if random_.random() < 0.5 else word[place]
            words[index] = word[:place] + swapped + word[place + 2 :]
    return " ".join(words)
