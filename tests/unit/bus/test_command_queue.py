"""Changes asked for one by one are written together and answered each for itself."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from desk_contracts.errors import DependencyDown, Rejected, Transient
from desk_kernel import Context, Decision
from desk_platform.kafka import Cause, CommandQueue
from desk_platform.kafka import command_queue as module
from desk_platform.store import Stored

from tests.support.bus_desk import START, Desk, Story, noted, received


def add(text: str) -> Callable[[Story | None, Context], Decision[Story]]:
    def rule(state: Story | None, _context: Context) -> Decision[Story]:
        event = noted("t", 1)
        return Decision(Story(notes=(*(state or Story()).notes, text)), (event,))

    return rule


def refuse(_state: Story | None, _context: Context) -> Decision[Story]:
    raise Rejected("no")


@pytest.fixture
def desk() -> Desk:
    return Desk(ordered=False)


async def test_changes_asked_together_make_one_write(desk: Desk) -> None:
    writes: list[int] = []
    write = desk.documents.write

    async def counted(documents: object) -> frozenset[str]:
        writes.append(len(documents))  # type: ignore[arg-type]
        return await write(documents)  # type: ignore[arg-type]

    desk.documents.write = counted  # type: ignore[method-assign]
    commands = CommandQueue(desk.unit_of_work)
    stored = await asyncio.gather(*(commands.change(f"t{n}", add("x")) for n in range(50)))
    assert writes == [50]
    assert all(item.state == Story(notes=("x",)) for item in stored)


class Gate:
    """A store that writes nothing until it is open; notes which documents it was asked to write."""

    def __init__(self, desk: Desk) -> None:
        self.open, self.begun = asyncio.Event(), list[set[str]]()
        self._write = desk.documents.write
        desk.documents.write = self.write  # type: ignore[method-assign]

    async def write(self, documents: Sequence[Stored[Story]]) -> frozenset[str]:
        self.begun.append({document.id for document in documents})
        await self.open.wait()
        return await self._write(documents)


async def let_others_run() -> None:
    """Whatever can go on without the store has gone on."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_while_the_store_writes_one_group_it_is_given_another_and_the_rest_gathers(
    desk: Desk,
) -> None:
    gate, commands = Gate(desk), CommandQueue(desk.unit_of_work)
    changes = []
    for number in range(module.MAX_WRITING + 3):
        changes.append(asyncio.create_task(commands.change(f"t{number}", add("x"))))
        await let_others_run()
    assert gate.begun == [{f"t{number}"} for number in range(module.MAX_WRITING)]
    gate.open.set()
    await asyncio.gather(*changes)
    rest = {f"t{module.MAX_WRITING + number}" for number in range(3)}
    assert gate.begun[module.MAX_WRITING :] == [rest]


async def test_a_document_is_not_written_by_two_groups_at_once(desk: Desk) -> None:
    gate, commands = Gate(desk), CommandQueue(desk.unit_of_work)
    changes = []
    for text in "abc":
        changes.append(asyncio.create_task(commands.change("t", add(text))))
        await let_others_run()
    assert gate.begun == [{"t"}]
    gate.open.set()
    await asyncio.gather(*changes)
    assert await desk.notes("t") == ("a", "b", "c")
    assert all(begun == {"t"} for begun in gate.begun)
    assert len(gate.begun) <= 3, "nothing was refused and written again"


async def test_changes_of_one_document_follow_each_other(desk: Desk) -> None:
    commands = CommandQueue(desk.unit_of_work)
    await asyncio.gather(*(commands.change("t", add(str(n))) for n in range(5)))
    assert await desk.notes() == ("0", "1", "2", "3", "4")


async def test_a_refusal_hurts_only_who_asked(desk: Desk) -> None:
    commands = CommandQueue(desk.unit_of_work)
    outcomes = await asyncio.gather(
        commands.change("t", add("a")),
        commands.change("t", refuse),
        commands.change("u", add("b")),
        commands.change("t", add("c")),
        return_exceptions=True,
    )
    assert [isinstance(outcome, Rejected) for outcome in outcomes] == [False, True, False, False]
    assert await desk.notes("t") == ("a", "c")
    assert await desk.notes("u") == ("b",)


async def test_a_repeat_with_the_same_cause_is_answered_and_changes_nothing(desk: Desk) -> None:
    commands = CommandQueue(desk.unit_of_work)
    first = await commands.change("t", add("a"), Cause("key"))
    again = await commands.change("t", add("a"), Cause("key"))
    assert first.state == again.state == Story(notes=("a",))
    assert first.version == again.version


async def test_too_many_waiting_changes_are_refused_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    commands = CommandQueue(desk.unit_of_work)
    outcomes = await asyncio.gather(
        *(commands.change(f"t{n}", add("x")) for n in range(5)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, Transient)]
    assert [item.kind for item in refused] == ["overloaded", "overloaded"]


async def test_an_answer_does_not_wait_for_a_slow_bus(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PUBLISH_TIMEOUT", timedelta(milliseconds=50))
    released = asyncio.Event()

    async def hang(_messages: object) -> None:
        await released.wait()

    desk.publisher.publish = hang  # type: ignore[method-assign,assignment]
    commands = CommandQueue(desk.unit_of_work)
    stored = await commands.change("t", add("a"))
    assert stored.state == Story(notes=("a",))
    later = await commands.change("u", add("b"))  # the first publish gave up: not stuck behind it
    assert later.state == Story(notes=("b",))
    await commands.finish()
    left = await desk.documents.pending(START + timedelta(hours=1), 10)
    assert {item.id for item in left} == {"t", "u"}


async def test_a_bus_that_is_away_does_not_refuse_what_is_safe(desk: Desk) -> None:
    desk.publisher.is_down = True
    stored = await CommandQueue(desk.unit_of_work).change("t", add("a"))
    assert stored.state == Story(notes=("a",))


async def test_a_store_that_is_away_refuses_with_the_reason(desk: Desk) -> None:
    desk.documents.is_down = True
    commands = CommandQueue(desk.unit_of_work)
    with pytest.raises(DependencyDown):
        await commands.change("t", add("a"))
    desk.documents.is_down = False
    await commands.change("t", add("a"))
    assert await desk.notes() == ("a",)


async def test_a_store_that_hangs_is_not_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PUBLISH_TIMEOUT", timedelta(milliseconds=50))

    async def hang(_ids: object) -> object:
        return await asyncio.Event().wait()

    desk.documents.load = hang  # type: ignore[method-assign,assignment]
    with pytest.raises(Transient):
        await CommandQueue(desk.unit_of_work).change("t", add("a"))


async def test_an_unforeseen_failure_answers_everybody_and_later_ones_too(desk: Desk) -> None:
    write = desk.documents.write

    async def break_down(_documents: object) -> frozenset[str]:
        raise ZeroDivisionError("a bug")

    desk.documents.write = break_down  # type: ignore[method-assign,assignment]
    commands = CommandQueue(desk.unit_of_work)
    first = asyncio.create_task(commands.change("t", add("a")))
    await asyncio.sleep(0)
    with pytest.raises(ZeroDivisionError):
        await first
    desk.documents.write = write  # type: ignore[method-assign]
    assert (await commands.change("t", add("b"))).state == Story(notes=("b",))


async def test_changes_and_events_meet_in_one_document(desk: Desk) -> None:
    commands = CommandQueue(desk.unit_of_work)
    await asyncio.gather(
        *(commands.change("t", add(f"c{n}")) for n in range(20)),
        *(desk.feed(received(noted("t", n), n)) for n in range(20)),
    )
    notes = await desk.notes()
    assert sorted(notes) == sorted([f"c{n}" for n in range(20)] + [str(n) for n in range(20)])
    assert not desk.failures


async def test_a_slow_bus_does_not_hold_the_next_write_until_too_many_are_on_their_way(
    desk: Desk,
) -> None:
    """Each change is answered when it is stored, though nothing is published yet."""
    free, publish = asyncio.Event(), desk.publisher.publish

    async def slow(messages: object) -> None:
        await free.wait()
        await publish(messages)  # type: ignore[arg-type]

    desk.publisher.publish = slow  # type: ignore[method-assign]
    commands = CommandQueue(desk.unit_of_work)
    for number in range(module.MAX_PUBLISHING):
        await commands.change(f"t{number}", add("x"))
    one_more = asyncio.create_task(commands.change("one more", add("x")))
    await asyncio.wait([one_more], timeout=0.05)
    assert not one_more.done()
    assert not desk.publisher.messages
    free.set()
    await one_more
    await commands.finish()
    assert len(desk.publisher.messages) == module.MAX_PUBLISHING + 1


async def test_a_document_changed_again_before_it_is_published_keeps_its_order(desk: Desk) -> None:
    free, publish = asyncio.Event(), desk.publisher.publish

    async def slow(messages: object) -> None:
        await free.wait()
        await publish(messages)  # type: ignore[arg-type]

    desk.publisher.publish = slow  # type: ignore[method-assign]

    def emit_number(number: int) -> Callable[[Story | None, Context], Decision[Story]]:
        return lambda state, _context: Decision(state or Story(), (noted("t", number),))

    commands = CommandQueue(desk.unit_of_work)
    for number in (1, 2, 3):
        await commands.change("t", emit_number(number))
    free.set()
    await commands.finish()
    firsts = list(dict.fromkeys(event.id for event in desk.publisher.events()))
    assert firsts == ["t-1", "t-2", "t-3"]
    assert not await desk.documents.pending(START + timedelta(days=1), 10)
