"""One bad release stops its consumer before it empties a topic into the dead letters."""

import os

import pytest
from desk_contracts import AnyEvent
from desk_kernel import Context, Decision
from desk_platform.health import State
from desk_platform.kafka import BatchProcessor
from desk_platform.telemetry import names
from desk_testing import eventually
from desk_testing.opening import close_now

from tests.support.bus_desk import Story, noted
from tests.support.bus_rig import GROUP, Rig

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]


def bad_release(
    _state: Story | None, _event: AnyEvent, _context: Context
) -> Decision[Story] | None:
    raise ZeroDivisionError("a bug of this release")


def reason_of(rig: Rig) -> str:
    (matching,) = (
        component for component in rig.health.components() if component.name == f"consumer {GROUP}"
    )
    return matching.reason if matching.state is State.DOWN else ""


async def test_a_release_with_a_bug_stops_and_the_next_one_loses_nothing(rig: Rig) -> None:
    events = [noted(f"t{number}", 1) for number in range(40)]
    await rig.publish(events)
    for _ in range(2):  # started again with the same bug it stops again
        member = await rig.join(BatchProcessor(rig.unit_of_work(bad_release)))
        await eventually(lambda: "reads on when it is started again" in reason_of(rig), timeout=60)
        assert not rig.health.answer_ready().is_ok
        assert rig.health.answer_live().is_ok
        assert rig.telemetry.value(names.CONSUMERS_STOPPED) == 1
        assert len(await rig.letters()) <= 3
        rig.members.remove(member)
        await close_now(member)
    dead_letters = await rig.letters()
    assert len(dead_letters) <= 6
    await rig.join()
    lost = {letter.key for letter in dead_letters}
    wanted = {event.subject: ("1",) for event in events if event.subject.encode() not in lost}

    async def are_told() -> bool:
        return (await rig.stories()).items() >= wanted.items()

    await eventually(are_told, timeout=60)
    await eventually(rig.is_committed)


async def test_what_cannot_be_read_stops_nobody(rig: Rig) -> None:
    for number in range(60):
        await rig.send(b"k", b"\xff garbage %d" % number)
    await rig.publish([noted("t", 1)])
    await rig.join()
    await eventually(lambda: rig.are_told({"t": ("1",)}))
    await eventually(rig.is_committed)
    assert len(await rig.letters()) == 60


async def test_a_letter_that_its_topic_finds_too_large_is_cut_and_holds_nobody_up(
    rig: Rig,
) -> None:
    await rig.limit_letters(20_000)
    await rig.send(b"k", os.urandom(60_000), [(f"h{n}", os.urandom(900)) for n in range(50)])
    await rig.publish([noted("t", 1)])
    await rig.join()
    await eventually(lambda: rig.are_told({"t": ("1",)}))
    await eventually(rig.is_committed)
    (letter,) = await rig.letters()
    assert (letter.key, letter.attempt) == (b"k", 1)
