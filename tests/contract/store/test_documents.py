"""What every store guarantees about documents."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from desk_contracts import Message
from desk_contracts.errors import DependencyDown
from desk_platform.store import Listed, Origin, Stored, Unreadable

from tests.support.store_kinds import START, Kind, NewerThing, Thing

pytestmark = pytest.mark.timeout(300)

OUT = Message("desk.tickets", b"k\xff", b'{"a": "\xc3\xa9"}', (("ce_id", b"1"), ("x", b"\x00")))


def thing(id: str, version: int = 0, **fields: object) -> Stored[Thing]:
    return Stored(id, version, Thing.model_validate({"code": f"code of {id}", **fields}))


async def put(kind: Kind, *documents: Stored[Thing]) -> None:
    assert await kind.documents.write(documents) == frozenset()


async def get(kind: Kind, id: str) -> Stored[Thing]:
    return (await kind.documents.load([id]))[id]


async def test_a_document_comes_back_as_it_was_written(kind: Kind) -> None:
    state = Thing(
        name="ümlaut \U0001f5a8",
        at=START + timedelta(microseconds=123_457),
        took=timedelta(days=3, microseconds=1),
        rank=2**62,
        odd={"a.b": 1, "$c": 2, "": 3},
    )
    written = Stored(
        "id/with.dots $",
        0,
        state,
        {"desk/tickets/3": 17},
        {"e2": "", "e1": "d"},
        9,
        (OUT,),
        (OUT, OUT),
    )
    await put(kind, written)
    read = await get(kind, written.id)
    assert read == replace(written, version=1)
    assert list(read.recent) == ["e2", "e1"]


async def test_what_is_not_there_is_left_out(kind: Kind) -> None:
    await put(kind, thing("a"))
    assert set(await kind.documents.load(["a", "b", "a"])) == {"a"}
    assert await kind.documents.load([]) == {}


async def test_a_document_may_have_no_state_yet(kind: Kind) -> None:
    await put(kind, Stored("a", 0, None, buffered=(OUT,)))
    assert await get(kind, "a") == Stored("a", 1, None, buffered=(OUT,))


async def test_an_older_version_reads_what_a_newer_one_wrote(kind: Kind) -> None:
    state = NewerThing(name="one", colour="green", parts=(NewerThing(colour="red"),))
    await kind.newer.write([Stored("a", 0, state)])
    assert (await get(kind, "a")).state == Thing(name="one")
    await put(kind, Stored("a", 1, Thing(name="two")))
    assert (await kind.newer.load(["a"]))["a"].state == NewerThing(name="two")


async def test_a_write_over_the_version_it_knows_succeeds(kind: Kind) -> None:
    await put(kind, thing("a", name="one"))
    await put(kind, thing("a", 1, name="two"))
    stored = await get(kind, "a")
    assert (stored.version, stored.state) == (2, Thing(name="two", code="code of a"))


async def test_a_write_over_an_older_version_changes_nothing(kind: Kind) -> None:
    await put(kind, thing("a"))
    await put(kind, thing("a", 1, name="two"))
    assert await kind.documents.write([thing("a", 1, name="late")]) == {"a"}
    assert (await get(kind, "a")).state == Thing(name="two", code="code of a")


async def test_of_two_first_writes_one_wins(kind: Kind) -> None:
    await put(kind, thing("a", name="first"))
    assert await kind.documents.write([thing("a", name="second")]) == {"a"}
    assert (await get(kind, "a")).state == Thing(name="first", code="code of a")


async def test_a_write_over_what_is_not_there_changes_nothing(kind: Kind) -> None:
    assert await kind.documents.write([thing("a", 3)]) == {"a"}
    assert await kind.documents.load(["a"]) == {}


async def test_one_refusal_in_a_bulk_hurts_no_other(kind: Kind) -> None:
    await put(kind, *(thing(f"t{number}") for number in range(6)))
    await put(kind, thing("t1", 1), thing("t4", 1))
    batch = [thing(f"t{number}", 1, name="new") for number in range(6)]
    batch += [thing("t0"), thing("new1"), thing("new2")]
    assert await kind.documents.write(batch[1:]) == {"t0", "t1", "t4"}
    loaded = await kind.documents.load([item.id for item in batch])
    assert {id for id, stored in loaded.items() if stored.state and stored.state.name == "new"} == {
        "t2",
        "t3",
        "t5",
    }
    assert {"new1", "new2"} <= loaded.keys()


async def test_races_for_one_document_have_one_winner_each_round(kind: Kind) -> None:
    wins = 0
    for version in range(5):
        rivals = [thing("a", version, name=f"{version}/{number}") for number in range(8)]
        outcomes = await asyncio.gather(*(kind.documents.write([rival]) for rival in rivals))
        winners = [
            candidate for candidate, refused in zip(rivals, outcomes, strict=True) if not refused
        ]
        assert len(winners) == 1
        stored = await get(kind, "a")
        assert (stored.version, stored.state) == (version + 1, winners[0].state)
        wins += 1
    assert wins == 5


async def test_a_unique_facet_is_given_to_one_document_only(kind: Kind) -> None:
    await put(kind, thing("a", code="K7M2"))
    assert await kind.documents.write([thing("b", code="K7M2"), thing("c", code="Q9PC")]) == {"b"}
    assert await kind.documents.write([thing("c", 1, code="K7M2")]) == {"c"}
    assert (await get(kind, "c")).state == Thing(code="Q9PC")
    await put(kind, thing("a", 1, code="other"))
    await put(kind, thing("b", code="K7M2"))


async def test_settling_empties_the_outbox_of_its_own_version_only(kind: Kind) -> None:
    first = replace(thing("a"), outbox=(OUT,))
    await put(kind, first)
    second = replace(thing("a", 1), outbox=(OUT, OUT))
    await put(kind, second)
    await kind.documents.clear_outboxes([replace(first, version=1)])
    assert (await get(kind, "a")).outbox == (OUT, OUT)
    await kind.documents.clear_outboxes([replace(second, version=2)])
    stored = await get(kind, "a")
    assert (stored.outbox, stored.version) == ((), 2)
    await put(kind, thing("a", 2))
    await kind.documents.clear_outboxes([])
    await kind.documents.clear_outboxes([thing("nobody", 1)])


async def test_waiting_outboxes_are_found_oldest_first(kind: Kind) -> None:
    for id in ("b", "a", "c"):
        await put(kind, replace(thing(id), outbox=(OUT,)))
        kind.clock.advance(timedelta(seconds=10))
    await put(kind, thing("quiet"))
    now = kind.clock.now()
    assert [item.id for item in await kind.documents.pending(now, 10)] == ["b", "a", "c"]
    assert [item.id for item in await kind.documents.pending(now, 2)] == ["b", "a"]
    young = now - timedelta(seconds=15)
    assert [item.id for item in await kind.documents.pending(young, 10)] == ["b", "a"]
    (first, *_) = await kind.documents.pending(now, 1)
    assert first.outbox == (OUT,)
    await kind.documents.clear_outboxes([first])
    assert [item.id for item in await kind.documents.pending(now, 10)] == ["a", "c"]


async def test_a_write_without_an_outbox_waits_no_more(kind: Kind) -> None:
    await put(kind, replace(thing("a"), outbox=(OUT,)))
    await put(kind, thing("a", 1))
    assert await kind.documents.pending(kind.clock.now(), 10) == []


async def test_due_documents_are_found_soonest_first(kind: Kind) -> None:
    for number, id in enumerate(("c", "a", "b")):
        await put(kind, replace(thing(id), due=START + timedelta(seconds=number)))
    await put(kind, thing("never"))
    late = START + timedelta(minutes=1)
    assert [id for _, id in await kind.documents.due(late, 10)] == ["c", "a", "b"]
    assert await kind.documents.due(late, 1) == [(START, "c")]
    assert [id for _, id in await kind.documents.due(START + timedelta(seconds=1), 10)] == [
        "c",
        "a",
    ]
    await put(kind, replace(thing("c", 1), due=None))
    assert [id for _, id in await kind.documents.due(late, 10)] == ["a", "b"]


async def test_a_due_moment_is_never_rounded_down(kind: Kind) -> None:
    due = START + timedelta(microseconds=1_500)
    await put(kind, replace(thing("a"), due=due))
    stored = (await get(kind, "a")).due
    assert stored is not None
    assert timedelta(0) <= stored - due < timedelta(milliseconds=1)
    assert await kind.documents.due(due - timedelta(microseconds=1), 10) == []


async def test_documents_are_found_by_facets(kind: Kind) -> None:
    await put(kind, *(thing(f"t{n}", name="even" if n % 2 == 0 else "odd") for n in range(6)))
    listed = await kind.documents.find({"name": "odd"})
    assert [item.id for item in listed] == ["t1", "t3", "t5"]
    assert await kind.documents.find({"name": "none"}) == []
    assert len(await kind.documents.find({})) == 6
    assert [
        item.id for item in await kind.documents.find({"name": "odd", "code": "code of t3"})
    ] == ["t3"]


async def test_facets_are_found_without_their_states_in_the_same_pages(kind: Kind) -> None:
    await put(kind, *(thing(f"t{n}", name="x", rank=9 - n) for n in range(4)))
    whole = await kind.documents.find({"name": "x"}, order="rank", after=(6, "t3"), limit=2)
    listed = await kind.documents.find_facets({"name": "x"}, order="rank", after=(6, "t3"), limit=2)
    assert [id for id, _ in listed] == [item.id for item in whole] == ["t2", "t1"]
    assert [facets["rank"] for _, facets in listed] == [7, 8]
    assert [facets["code"] for _, facets in listed] == ["code of t2", "code of t1"]


async def test_a_page_of_large_documents_is_read_as_a_listing_shows_them(kind: Kind) -> None:
    # Whole, these are more than a server sends in one answer.
    large = "x" * 2_000_000
    for n in range(30):
        await put(kind, thing(f"t{n:02}", name="x", rank=n, text=large))
    listed = await kind.documents.find_brief(
        {"name": "x"}, order="rank", after=(4, "t04"), limit=40
    )
    assert [(item.id, item.sort) for item in listed] == [(f"t{n:02}", n) for n in range(5, 30)]
    assert [item.state for item in listed] == [
        Thing(name="x", rank=n, code=f"code of t{n:02}") for n in range(5, 30)
    ]
    assert await kind.documents.find_brief({"name": "none"}) == []
    assert (await get(kind, "t00")).state == Thing(name="x", rank=0, code="code of t00", text=large)


async def test_a_short_document_is_listed_as_it_is(kind: Kind) -> None:
    await put(kind, thing("a", text="short"))
    assert await kind.documents.find_brief({}) == [
        Listed("a", "a", Thing(code="code of a", text="short"))
    ]


async def test_what_was_written_without_a_brief_state_is_listed_too(kind: Kind) -> None:
    await kind.newer.write([Stored("a", 0, NewerThing(name="one", colour="green"))])
    assert await kind.documents.find_brief({}) == [Listed("a", "a", Thing(name="one"))]


async def test_what_cannot_be_read_keeps_its_place_in_a_listing(kind: Kind) -> None:
    await put(kind, thing("a"), thing("c"))
    await kind.strange.write([Stored("b", 0, {"rank": "no number"})])
    listed = await kind.documents.find_brief({}, limit=2)
    assert [(item.id, item.sort, item.state is None) for item in listed] == [
        ("a", "a", False),
        ("b", "b", True),
    ]


async def test_versions_are_told_without_documents(kind: Kind) -> None:
    await put(kind, thing("a"), thing("b"))
    await put(kind, thing("a", 1))
    assert await kind.documents.versions(["a", "b", "never"]) == {"a": 2, "b": 1}
    assert await kind.documents.versions([]) == {}


@pytest.mark.parametrize("size", [1, 2, 3, 100])
async def test_pages_cover_everything_once_in_order(kind: Kind, size: int) -> None:
    ranks = [3, 1, 2, 1, 3, 1, 2]
    await put(kind, *(thing(f"t{n}", rank=rank, name="x") for n, rank in enumerate(ranks)))
    seen: list[tuple[int, str]] = []
    after: tuple[object, str] | None = None
    while True:
        page = await kind.documents.find({"name": "x"}, order="rank", after=after, limit=size)
        seen += [(item.state.rank, item.id) for item in page if item.state]
        if len(page) < size:
            break
        after = seen[-1]
    assert seen == sorted((rank, f"t{n}") for n, rank in enumerate(ranks))


async def test_pages_by_id_follow_the_last_id(kind: Kind) -> None:
    await put(kind, *(thing(f"t{number}") for number in range(5)))
    page = await kind.documents.find({}, after=("t1", "t1"), limit=2)
    assert [item.id for item in page] == ["t2", "t3"]


async def test_a_store_that_is_away_says_so(kind: Kind) -> None:
    away = kind.away
    calls = (
        away.load(["a"]),
        away.write([thing("a")]),
        away.clear_outboxes([thing("a", 1)]),
        away.remove([thing("a", 1)]),
        away.pending(START, 1),
        away.due(START, 1),
        away.find({}),
        away.find_facets({}),
        away.find_brief({}),
        away.versions(["a"]),
    )
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(outcome, DependencyDown)


async def test_writing_nothing_asks_nobody(kind: Kind) -> None:
    assert await kind.documents.write([]) == frozenset()


async def test_marks_say_what_was_handled(kind: Kind) -> None:
    document = thing("a")
    document.mark("e1", Origin("desk.tickets", 3, 17), "said")
    await put(kind, document)
    stored = await get(kind, "a")
    assert stored.recent == {"e1": "said"}
    assert stored.has_other("e1", "something else")
    assert not stored.has_other("e1", "said")
    assert stored.has_handled("e1", None)
    assert stored.has_handled("other", Origin("desk.tickets", 3, 17))
    assert not stored.has_handled("other", Origin("desk.tickets", 3, 18))
    assert not stored.has_handled("other", Origin("desk.tickets", 2, 1))


async def test_what_is_left_of_an_outbox_waits_until_it_is_told_to(kind: Kind) -> None:
    later = START + timedelta(minutes=5)
    first, two = replace(OUT, key=b"one"), replace(OUT, key=b"two")
    await put(kind, replace(thing("a"), outbox=(first, two)), replace(thing("b"), outbox=(first,)))
    await kind.documents.postpone([replace(thing("a", 1), outbox=(two,))], later)
    await kind.documents.postpone([replace(thing("b", 7), outbox=())], later)
    assert [item.id for item in await kind.documents.pending(START, 10)] == ["b"]
    assert (await get(kind, "b")).outbox == (first,)
    waiting = await kind.documents.pending(later, 10)
    assert {document.id: document.outbox for document in waiting} == {"a": (two,), "b": (first,)}


async def test_what_waits_is_known_by_when_it_was_recorded_whatever_happened_to_it_since(
    kind: Kind,
) -> None:
    far = START + timedelta(days=1)
    assert not await kind.documents.has_unpublished(far)
    await put(kind, replace(thing("a"), outbox=(OUT,)), thing("silent"))
    assert not await kind.documents.has_unpublished(START - timedelta(seconds=1))
    assert await kind.documents.has_unpublished(START)
    await kind.documents.postpone([replace(thing("a", 1), outbox=(OUT,))], far)
    assert await kind.documents.has_unpublished(START)
    kind.clock.advance(timedelta(minutes=1))
    written = await get(kind, "a")
    await put(kind, replace(written, outbox=(*written.outbox, OUT)))
    assert await kind.documents.has_unpublished(START)
    await kind.documents.clear_outboxes([thing("a", 2)])
    assert not await kind.documents.has_unpublished(far)
    await put(kind, replace(await get(kind, "a"), outbox=(OUT,)))
    assert not await kind.documents.has_unpublished(START)
    assert await kind.documents.has_unpublished(START + timedelta(minutes=1))


async def test_a_timer_is_put_off_only_while_it_is_due(kind: Kind) -> None:
    never = START + timedelta(days=365 * 1000)
    moments = {"due": START, "moved": START + timedelta(hours=1)}
    await put(kind, *(replace(thing(id), due=due) for id, due in moments.items()))
    for id in (*moments, "nobody"):
        await kind.documents.put_off(id, START, never)
    assert await kind.documents.due(never, 10) == [(moments["moved"], "moved"), (never, "due")]
    assert (await get(kind, "due")).version == 1
    assert await kind.documents.take_up(never, START) == 1
    assert await kind.documents.take_up(never, START) == 0
    assert await kind.documents.due(START, 10) == [(START, "due")]


async def test_one_that_cannot_be_read_is_named_and_harms_no_other(kind: Kind) -> None:
    strange: dict[str, object] = {"odd": {"a": "no number"}}
    await put(kind, replace(thing("good"), due=START))
    await kind.strange.write([Stored("bad", 0, strange, outbox=(OUT,), due=START)])
    with pytest.raises(Unreadable) as refused:
        await kind.documents.load(["good", "bad"])
    assert list(refused.value.reasons) == ["bad"]
    states = await kind.documents.states(["good", "bad", "nobody"])
    assert states["good"] == thing("good").state
    assert isinstance(states["bad"], Unreadable)
    assert states.keys() == {"good", "bad"}
    assert set(await kind.documents.load(["good"])) == {"good"}
    (waiting,) = await kind.documents.pending(START, 10)
    assert (waiting.id, waiting.state, waiting.outbox) == ("bad", None, (OUT,))
    assert waiting.unreadable is not None
    assert {id for _, id in await kind.documents.due(START, 10)} == {"bad", "good"}
