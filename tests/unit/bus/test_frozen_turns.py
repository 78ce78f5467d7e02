"""A replica that stood still in a turn: others may have vouched for it meanwhile."""

from datetime import timedelta

import pytest
from desk_shared.bus import Reacted, Task, Turn
from desk_shared.errors import Transient

from tests.unit.bus.desk import Desk, Story, noted


async def test_who_was_frozen_before_the_write_does_not_record_a_moment_that_has_passed() -> None:
    loose = Desk(ordered=False)
    loose.ledger.writes_within = timedelta(seconds=7)
    frozen_for = [timedelta(seconds=8), timedelta(seconds=6)]

    def slowly(_state: Story | None, turn: Turn) -> Reacted[Story]:
        loose.clock.advance(frozen_for.pop(0))
        return Reacted(Story(), (noted("slow", 1)._replace(time=turn.now),))

    began = loose.clock.now()
    with pytest.raises(Transient, match="stood still"):
        await loose.ledger.run([Task("slow", slowly)], loose.park)
    assert await loose.documents.load(["slow"]) == {}
    assert loose.ledger.open_moments.take_doubt() == began
    await loose.ledger.run([Task("slow", slowly)], loose.park)
    [event] = loose.publisher.events()
    assert event.time == began + timedelta(seconds=8)
