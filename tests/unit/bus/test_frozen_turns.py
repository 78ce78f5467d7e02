"""A replica that stood still in a turn: others may have vouched for it meanwhile."""

from datetime import timedelta

import pytest
from desk_contracts.errors import DependencyDown
from desk_kernel import Context, Decision
from desk_platform.kafka import WorkItem

from tests.support.bus_desk import Desk, Story, noted

TERM = timedelta(seconds=10)


async def test_who_was_frozen_before_the_write_does_not_record_a_moment_that_has_passed() -> None:
    desk = Desk(ordered=False)
    moments = desk.unit_of_work.open_moments
    began = desk.clock.now()
    moments.record_until(began + TERM)

    def freeze(_state: Story | None, context: Context) -> Decision[Story]:
        desk.clock.advance(TERM)
        return Decision(Story(), (noted("slow", 1)._replace(time=context.now),))

    with pytest.raises(DependencyDown) as refused:
        await desk.unit_of_work.run([WorkItem("slow", freeze)], desk.on_failed)
    assert refused.value.kind == "not-recording"
    assert await desk.documents.load(["slow"]) == {}
    assert moments.take_uncertain() == began


async def test_who_took_a_new_lease_before_it_wrote_has_slept_all_the_same() -> None:
    """Others may have vouched for the moment at which the turn began."""
    desk = Desk(ordered=False)
    moments = desk.unit_of_work.open_moments
    moments.record_until(desk.clock.now() + TERM)

    def freeze(_state: Story | None, _context: Context) -> Decision[Story]:
        desk.clock.advance(TERM)
        moments.close()
        moments.record_until(desk.clock.now() + TERM)
        moments.open(desk.clock.now())
        return Decision(Story())

    with pytest.raises(DependencyDown):
        await desk.unit_of_work.run([WorkItem("slow", freeze)], desk.on_failed)
    await desk.unit_of_work.run(
        [WorkItem("slow", lambda _s, _t: Decision(Story()))], desk.on_failed
    )
    assert (await desk.documents.load(["slow"])).keys() == {"slow"}


@pytest.mark.parametrize("has_lease", [True, False])
async def test_who_only_waits_for_a_slow_store_goes_on(has_lease: bool) -> None:
    desk = Desk(ordered=False)

    def slowly(_state: Story | None, _context: Context) -> Decision[Story]:
        for _ in range(40):
            desk.clock.advance(timedelta(seconds=1))
            if has_lease:
                desk.unit_of_work.open_moments.record_until(desk.clock.now() + TERM)
        return Decision(Story())

    await desk.unit_of_work.run([WorkItem("slow", slowly)], desk.on_failed)
    assert (await desk.documents.load(["slow"])).keys() == {"slow"}
