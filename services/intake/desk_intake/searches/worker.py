"""Counts what is searched, a while later and together, so that no search waits for it."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Protocol

from desk_contracts.ids import derive_id
from desk_kernel import Context, Decision
from desk_platform.clock import Clock
from desk_platform.heartbeat import beat
from desk_platform.store import Stored

from desk_intake.searches.decide import choose_words, count_people, digest_person, name_week
from desk_intake.searches.model import SearchedWord

# What a kill loses is a statistic of so long.
_EVERY_SECONDS = 10.0
# Words that are written together.
_AT_ONCE = 100
# Words that wait; beyond, the busiest ten seconds are counted in part.
_MOST_WAITING = 10_000


class WordChanges(Protocol):
    """The way to change the count of a word."""

    async def change(
        self, id: str, rule: Callable[[SearchedWord | None, Context], Decision[SearchedWord] | None]
    ) -> Stored[SearchedWord]: ...


@dataclass(slots=True)  # not frozen: it collects
class SearchingPeople:
    """Digests of those who looked for a word, and of those who found nothing."""

    all: set[str] = field(default_factory=set)
    without: set[str] = field(default_factory=set)


class SearchCounter:
    """Notes searches, and counts them in the store every ten seconds."""

    def __init__(self, changes: WordChanges, clock: Clock, secret: bytes) -> None:
        self._changes, self._clock, self._secret = changes, clock, secret
        self._waiting: defaultdict[tuple[str, str], SearchingPeople] = defaultdict(SearchingPeople)

    def note(self, person: str, title: str, *, is_empty: bool) -> None:
        """Somebody looked for this; `is_empty`: nothing was found."""
        week = name_week(self._clock.now().date())
        digest = digest_person(self._secret, week, person)
        for word in choose_words(title):
            if len(self._waiting) >= _MOST_WAITING and (week, word) not in self._waiting:
                return
            people = self._waiting[week, word]
            people.all.add(digest)
            if is_empty:
                people.without.add(digest)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            beat()
            await asyncio.sleep(_EVERY_SECONDS)
            await self.count()

    async def count(self) -> None:
        """Count all that waits; what the store does not take is counted the next time."""
        while self._waiting:
            group = [
                (key, SearchingPeople(set(people.all), set(people.without)))
                for key, people in islice(self._waiting.items(), _AT_ONCE)
            ]
            changes = (
                self._changes.change(
                    derive_id(week, f"searched/{word}"), partial(_count, week, word, people)
                )
                for (week, word), people in group
            )
            await asyncio.gather(*changes)
            for key, counted in group:  # whoever searched meanwhile still waits
                people = self._waiting[key]
                people.all -= counted.all
                people.without -= counted.without
                if not people.all and not people.without:
                    del self._waiting[key]


def _count(
    week: str, word: str, people: SearchingPeople, state: SearchedWord | None, _context: Context
) -> Decision[SearchedWord] | None:
    return count_people(state, word, week, people.all, people.without)
