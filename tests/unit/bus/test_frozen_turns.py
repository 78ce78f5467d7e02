"""A replica that stood still in a turn: others may have vouched for it meanwhile."""

from datetime import timedelta

import pytest
from desk_shared.bus import WorkItem
from desk_shared.bus.open_moments import STILL
from desk_shared.errors import Transient
from desk_shared.kernel import Context, Decision

from tests.unit.bus.desk import Desk, Story, noted


async def test_who_was_frozen_before_the_write_does_not_record_a_moment_that_has_passed() -> None:
    desk = Desk(ordered=False)
    moments = desk.unit_of_work.open_moments
    moments.beat(desk.clock.now())

    def freeze(_state: Story | None, context: Context) -> Decision[Story]:
        desk.clock.advance(STILL + timedelta(seconds=1))
        return Decision(Story(), (noted("slow", 1)._replace(time=context.now),))

    began = desk.clock.now()
    with pytest.raises(Transient, match="stood still"):
        await desk.unit_of_work.run([WorkItem("slow", freeze)], desk.park)
    assert await desk.documents.load(["slow"]) == {}
    assert moments.take_doubt() == began


async def test_who_woke_before_it_wrote_has_slept_all_the_same() -> None:
    """The heart may beat again before the turn goes on."""
    desk = Desk(ordered=False)
    moments = desk.unit_of_work.open_moments
    moments.beat(desk.clock.now())

    def freeze(_state: Story | None, _context: Context) -> Decision[Story]:
        desk.clock.advance(STILL + timedelta(seconds=1))
        moments.beat(desk.clock.now())
        return Decision(Story())

    with pytest.raises(Transient, match="stood still"):
        await desk.unit_of_work.run([WorkItem("slow", freeze)], desk.park)
    await desk.unit_of_work.run([WorkItem("slow", lambda _s, _t: Decision(Story()))], desk.park)
    assert (await desk.documents.load(["slow"])).keys() == {"slow"}


@pytest.mark.parametrize("has_heart", [True, False])
async def test_who_only_waits_for_a_slow_store_goes_on(has_heart: bool) -> None:
    desk = Desk(ordered=False)

    def slowly(_state: Story | None, _context: Context) -> Decision[Story]:
        for _ in range(40):
            desk.clock.advance(timedelta(seconds=1))
            if has_heart:
                desk.unit_of_work.open_moments.beat(desk.clock.now())
        return Decision(Story())

    await desk.unit_of_work.run([WorkItem("slow", slowly)], desk.park)
    assert (await desk.documents.load(["slow"])).keys() == {"slow"}
