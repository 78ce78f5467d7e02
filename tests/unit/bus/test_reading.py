"""How long a consumer gathers before its next batch."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from desk_platform.kafka.subscription import Reading
from desk_platform.precedence import BURST, Precedence

NOTHING, A_MOMENT, LONG = timedelta(0), timedelta(milliseconds=100), timedelta(seconds=2)


@pytest.mark.parametrize(
    ("linger", "calls", "records", "pause"),
    [
        (NOTHING, 0, 10, NOTHING),
        (NOTHING, BURST - 1, 10, NOTHING),
        (NOTHING, BURST, 10, A_MOMENT),
        (NOTHING, BURST, 500, NOTHING),
        (LONG, 0, 10, LONG),
        (LONG, BURST, 10, LONG),
        (LONG, BURST, 500, NOTHING),
    ],
)
def test_it_gathers_beside_a_burst_and_where_nobody_waits_and_never_behind_a_backlog(
    linger: timedelta, calls: int, records: int, pause: timedelta
) -> None:
    precedence = Precedence()
    reading = Reading(linger=linger, precedence=precedence)
    with ExitStack() as burst:
        for _ in range(calls):
            burst.enter_context(precedence.call())
        assert reading.pause_after(records) == pause
    assert reading.pause_after(10) == linger
