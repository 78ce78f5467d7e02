"""Vectors of tickets: made once, found by meaning, gone with what they were made of."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from desk_contracts.events.tickets import How, State
from desk_platform.similar import IndexedTicket, TextIndex, Written, find_similar, follow_ticket
from desk_triage.similar.store import VectorIndex

from tests.support.triage_desk import MONDAY, opened
from tests.support.triage_encoder import FakeEncoder


def ticket(title: str, **more: object) -> IndexedTicket:
    made = follow_ticket(None, opened(title))
    assert made is not None
    return made.model_copy(update=more)


ENGLISH = ticket("Screen dark")
GERMAN = ticket("Bildschirm schwarz")
SOLVED = ticket("schwarz Bildschirm", state=State.RESOLVED, how=How.MEMBER, resolved_at=MONDAY)
OTHER = ticket("Cannot sign in to payroll")
ALL = (ENGLISH, GERMAN, SOLVED, OTHER)


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
async def vectors(tmp_path: Path, encoder: FakeEncoder) -> AsyncIterator[VectorIndex]:
    vectors = VectorIndex(tmp_path / "vectors", encoder)
    await vectors.open("topic")
    await vectors.write(ALL, {0: 4})
    yield vectors
    await vectors.close()


async def test_open_and_solved_ones_are_near_apart(vectors: VectorIndex) -> None:
    assert await vectors.list_near(ENGLISH.id, "open", 5) == [GERMAN.id]
    assert await vectors.list_near(ENGLISH.id, "solved", 5) == [SOLVED.id]
    assert await vectors.list_near("nobody", "open", 5) == []


async def test_only_a_text_that_changed_is_encoded_again(
    vectors: VectorIndex, encoder: FakeEncoder
) -> None:
    encoder.given.clear()
    assigned = GERMAN.model_copy(update={"team": "print", "state": State.MERGED})
    changed = OTHER.model_copy(update={"title": "Screen dark at once"})
    await vectors.write([assigned, changed], {0: 6})
    assert encoder.given == [changed.title]
    assert await vectors.list_near(ENGLISH.id, "open", 5) == [OTHER.id]


async def test_after_a_restart_nothing_is_encoded_again(
    vectors: VectorIndex, encoder: FakeEncoder, tmp_path: Path
) -> None:
    await vectors.close()
    encoder.given.clear()
    again = VectorIndex(tmp_path / "vectors", encoder)
    assert await again.open("topic") == {0: 4}
    assert await again.load([OTHER.id, "nobody"]) == {OTHER.id: OTHER}
    assert await again.list_near(ENGLISH.id, "open", 5) == [GERMAN.id]
    assert encoder.given == []
    await again.close()


@pytest.mark.parametrize(("topic", "name"), [("topic/erased", "fake/1"), ("topic", "fake/2")])
async def test_another_erasure_or_encoder_leaves_nothing_behind(
    vectors: VectorIndex, tmp_path: Path, topic: str, name: str
) -> None:
    (row,) = FakeEncoder().encode([Written(OTHER.title)])
    assert row.tobytes() in (tmp_path / "vectors").read_bytes()
    await vectors.close()
    again = VectorIndex(tmp_path / "vectors", FakeEncoder(name))
    assert await again.open(topic) == {}
    assert await again.load([OTHER.id]) == {}
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("vectors*"))  # noqa: ASYNC240 (a few small files)
    assert row.tobytes() not in kept
    assert OTHER.title.encode() not in kept
    await again.close()


async def test_what_was_encoded_before_a_failure_is_kept(
    tmp_path: Path, encoder: FakeEncoder
) -> None:
    many = [ticket(f"Ticket number{n}") for n in range(20)]
    encoder.fails_after = 18
    first = VectorIndex(tmp_path / "v", encoder)
    await first.open("topic")
    with pytest.raises(OSError, match="Make room there, or delete it"):
        await first.write(many, {0: 20})
    await first.close()
    encoder.fails_after = None
    encoder.given.clear()
    again = VectorIndex(tmp_path / "v", encoder)
    assert await again.open("topic") == {}
    await again.write(many, {0: 20})
    assert encoder.given == [item.title for item in many[16:]]
    assert await again.open("topic") == {0: 20}
    await again.close()


async def test_a_damaged_file_is_made_anew(tmp_path: Path, encoder: FakeEncoder) -> None:
    (tmp_path / "v").write_bytes(b"no database" * 100)
    vectors = VectorIndex(tmp_path / "v", encoder)
    assert await vectors.open("topic") == {}
    await vectors.write(ALL, {0: 4})
    assert await vectors.list_near(ENGLISH.id, "open", 5) == [GERMAN.id]
    await vectors.close()


async def test_more_than_there_was_room_for(tmp_path: Path, encoder: FakeEncoder) -> None:
    vectors = VectorIndex(tmp_path / "v", encoder)
    await vectors.open("topic")
    many = [ticket(f"alpha{n} beta{n} gamma{n}") for n in range(1_100)]
    twins = [ticket(item.title) for item in many[-2:]]
    await vectors.write([*many, *twins], {})
    for item, twin in zip(many[-2:], twins, strict=True):
        assert twin.id in await vectors.list_near(item.id, "open", 3)
    assert np.all(np.isfinite(vectors._matrix))
    await vectors.close()


async def test_words_and_meaning_are_put_together(tmp_path: Path, vectors: VectorIndex) -> None:
    """What only means the same is said to; what the index has no more is shown to nobody."""
    index = TextIndex(tmp_path / "texts", IndexedTicket)
    await index.open("topic")
    word = ticket("The screen of my laptop broke twice")
    await index.write([*ALL, word], {})

    async def near(tag: str, most: int) -> list[str]:
        return [*await vectors.list_near(ENGLISH.id, tag, most), "erased"]

    def may_show(other: IndexedTicket) -> bool:
        return other.id != ENGLISH.id

    similar = await find_similar(index, Written(ENGLISH.title), may_show, 5, near)
    assert {hit.item.id: hit.is_near for hit in similar.open} == {word.id: False, GERMAN.id: True}
    assert [(hit.item.id, hit.is_near) for hit in similar.solved] == [(SOLVED.id, True)]
    plain = await find_similar(index, Written(ENGLISH.title), may_show, 5)
    assert [hit.item.id for hit in plain.open] == [word.id]
    assert plain.solved == ()
    await index.close()
