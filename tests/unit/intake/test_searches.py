"""What people look for is told, and never who: at least five people, in steps of five."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from desk_contracts.errors import DependencyDown
from desk_contracts.names import TICKETS
from desk_intake.searches.decide import choose_words
from desk_intake.searches.model import SearchedWord
from desk_intake.searches.worker import SearchCounter
from desk_kernel import Context, Decision
from desk_platform.clock import FakeClock
from desk_platform.store import Stored

from tests.support.intake_world import Desk
from tests.support.triage_desk import MONDAY

PEOPLE = ("ana", "ben", "cem", "dan", "eva", "fay")


async def look(desk: Desk, people: tuple[str, ...], title: str) -> None:
    for person in people:
        answer = await desk.client(person).client.post("/v1/tickets/check", json={"title": title})
        assert answer.status_code == 200
    await desk.searches.count()


async def ask(desk: Desk, day: str = "2026-03-02") -> Any:
    answer = await desk.max.get(f"/searches?day={day}")
    assert answer.status_code == 200, answer.text
    return answer.json()["words"]


async def test_a_word_is_told_from_five_people_on(desk: Desk) -> None:
    await desk.read_topics()
    await look(desk, PEOPLE[:4], "Teleporter broken")
    await look(desk, PEOPLE[:1] * 5, "Teleporter again")
    assert await ask(desk) == []
    await look(desk, PEOPLE[4:5], "My teleporter")
    assert await ask(desk) == [{"word": "teleporter", "people": 5, "found_nothing": 5}]
    # The sixth does not show: the difference would be one person.
    await look(desk, PEOPLE[5:], "The teleporter")
    assert [item["people"] for item in await ask(desk)] == [5]


async def test_that_nothing_was_found_is_said_only_when_all_was_read(desk: Desk) -> None:
    await look(desk, PEOPLE, "Teleporter")
    assert await ask(desk) == [{"word": "teleporter", "people": 5, "found_nothing": None}]


async def test_who_it_was_is_in_no_document_and_forgotten_after_the_week(desk: Desk) -> None:
    await desk.read_topics()
    await look(desk, PEOPLE, "Teleporter")
    (kept,) = await desk.words.documents.find({"week": "2026-W10"}, order="order")
    assert kept.state is not None
    assert not set(PEOPLE) & kept.state.people
    desk.clock.advance(timedelta(days=7))
    due = await desk.words.documents.due(desk.clock.now(), 100)

    async def fail(failures: Any) -> None:
        assert not failures

    await desk.words.on_timer([id for _, id in due], fail)
    (kept,) = await desk.words.documents.find({"week": "2026-W10"}, order="order")
    assert kept.state is not None
    assert (kept.state.people, kept.state.without) == (frozenset(), frozenset())
    assert await ask(desk) == [{"word": "teleporter", "people": 5, "found_nothing": 5}]


async def test_searches_are_for_staff_and_in_no_event(desk: Desk) -> None:
    await look(desk, PEOPLE, "Teleporter")
    assert (await desk.ana.get("/searches")).status_code == 403
    assert [event for event in desk.publisher.events() if event.topic != TICKETS] == []


class Words:
    """Counts of words in a store that can be away; while it writes, people search on."""

    def __init__(self, search: Callable[[str], None]) -> None:
        self.search = search
        self.states: dict[str, SearchedWord] = {}
        self.is_away = False
        self.meanwhile: list[str] = []

    async def change(
        self, id: str, rule: Callable[[SearchedWord | None, Context], Decision[SearchedWord] | None]
    ) -> Stored[SearchedWord]:
        if self.is_away:
            raise DependencyDown("the store does not answer", dependency="store")
        decision = rule(self.states.get(id), Context(MONDAY))
        if decision is not None:
            self.states[id] = decision.state
        while self.meanwhile:
            self.search(self.meanwhile.pop())
        return Stored(id, 1, self.states[id])


async def test_nobody_is_lost_while_words_are_counted_or_the_store_is_away() -> None:
    words = Words(lambda person: counter.note(person, "Teleporter", is_empty=False))
    counter = SearchCounter(words, FakeClock(MONDAY), b"a secret")
    counter.note("ana", "Teleporter broken", is_empty=True)
    words.is_away = True
    with pytest.raises(DependencyDown):
        await counter.count()
    words.search("ben")
    words.is_away, words.meanwhile = False, ["cem", "dan"]
    await counter.count()
    counts = {it.word: (len(it.people), len(it.without)) for it in words.states.values()}
    assert counts == {"teleporter": (4, 1), "broken": (1, 1)}


def test_which_words_of_a_title_are_counted() -> None:
    def choose(*words: str) -> list[str]:
        return sorted(choose_words(" ".join(words)))

    longest = "x" * 40
    assert choose("ab", "abz", longest, longest + "y") == ["abz", longest]
    many = [f"word{number:02}" for number in range(13)]
    assert choose(*many) == many[:12], "the first twelve"
    assert choose(many[0], *many) == many[:12], "one that comes twice takes no place"
