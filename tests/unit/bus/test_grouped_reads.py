"""Documents asked for at once are read together, and never from before they were asked for."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from desk_platform.clock import FakeClock
from desk_platform.store import Schema, Stored, Unreadable
from desk_platform.store.grouped_reads import GroupedReads
from desk_platform.store.states import States
from desk_testing.fakes import FakeDocuments
from pydantic import BaseModel, field_serializer


class Note(BaseModel, frozen=True):
    text: str


SCHEMA = Schema(collection="notes", model=Note)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Letter(BaseModel, frozen=True):
    note: Note
    at: datetime = NOW


class SlowDocuments(FakeDocuments[Note]):
    """Answers a read, as it was when it began, only when it is told to."""

    def __init__(self) -> None:
        super().__init__(SCHEMA, FakeClock(NOW))
        self.reads: list[list[str]] = []
        self.has_begun, self.goes_on = asyncio.Event(), asyncio.Event()

    async def load(self, ids: Iterable[str]) -> dict[str, Stored[Note]]:
        wanted = list(ids)
        self.reads.append(wanted)
        answer = await super().load(wanted)
        self.has_begun.set()
        await self.goes_on.wait()
        return answer


async def write(documents: SlowDocuments, id: str, text: str, version: int = 0) -> None:
    assert not await documents.write([Stored(id, version, Note(text=text))])


async def test_what_is_asked_during_a_read_is_read_together_and_after_it() -> None:
    documents = SlowDocuments()
    await write(documents, "a", "first")
    grouped = GroupedReads(documents)
    early = grouped.find("a")
    await documents.has_begun.wait()
    await write(documents, "a", "second", 1)
    late = [grouped.find(id) for id in ("a", "b", "a")]
    documents.goes_on.set()
    assert await early == Note(text="first")
    assert [await each for each in late] == [Note(text="second"), None, Note(text="second")]
    assert documents.reads == [["a"], ["a", "b"]]


async def test_who_asks_for_several_before_waiting_for_any_makes_one_read() -> None:
    documents = SlowDocuments()
    documents.goes_on.set()
    await write(documents, "a", "well")
    grouped = GroupedReads(documents)
    first, second = grouped.find("a"), grouped.find("b")
    assert (await second, await first) == (None, Note(text="well"))
    assert documents.reads == [["a", "b"]]


async def test_one_that_cannot_be_read_hides_no_other() -> None:
    documents = SlowDocuments()
    documents.goes_on.set()
    await write(documents, "a", "well")
    await write(documents, "b", "ill")
    documents.damage("b")
    grouped = GroupedReads(documents)
    well, ill = await asyncio.gather(grouped.find("a"), grouped.find("b"), return_exceptions=True)
    assert well == Note(text="well")
    assert isinstance(ill, Unreadable)
    assert set(ill.reasons) == {"b"}


async def test_a_store_that_is_away_is_everybodys_answer_and_the_next_read_works() -> None:
    documents = SlowDocuments()
    documents.goes_on.set()
    await write(documents, "a", "well")
    grouped = GroupedReads(documents)
    documents.is_down = True
    errors = await asyncio.gather(grouped.find("a"), grouped.find("b"), return_exceptions=True)
    assert all(isinstance(error, Exception) for error in errors)
    documents.is_down = False
    assert await grouped.find("a") == Note(text="well")


async def test_whoever_gives_up_takes_the_answer_from_nobody_else() -> None:
    documents = SlowDocuments()
    await write(documents, "a", "well")
    grouped = GroupedReads(documents)
    gone, waits = grouped.find("a"), grouped.find("a")
    await documents.has_begun.wait()
    gone.cancel()
    documents.goes_on.set()
    assert await waits == Note(text="well")
    with pytest.raises(asyncio.CancelledError):
        await gone


def test_a_text_that_is_known_is_not_parsed_again_and_another_always_is() -> None:
    states = States(Schema(collection="notes", model=Note, remembered=2))
    written = Note(text="mine")
    text = states.write(written, "a")
    assert states.read("a", text) == (written, None)
    assert states.read("a", text)[0] is written
    other = states.read("a", '{"text": "another replica\'s"}')[0]
    assert other == Note(text="another replica's")
    for id in ("b", "c"):
        states.write(written, id)
    assert states.read("a", text)[0] is not written


def test_the_text_of_a_part_that_lasts_is_made_once_and_is_that_of_the_state() -> None:
    made: list[str] = []

    class Noted(Note, frozen=True):
        @field_serializer("text")
        def note(self, text: str) -> str:
            made.append(text)
            return text

    schema = Schema("letters", Letter, remembered=2, lasting=("note",))
    states, letter = States(schema), Letter(note=Noted(text='"mine", {}'))
    later = letter.model_copy(update={"at": datetime(2026, 3, 3, tzinfo=UTC)})
    for state in (letter, later):
        assert Letter.model_validate_json(states.write(state)) == Letter(
            note=Note(text='"mine", {}'), at=state.at
        )
    assert made == ['"mine", {}']
    other = later.model_copy(update={"note": Note(text="yours")})
    assert Letter.model_validate_json(states.write(other)) == other
