"""How long the work on a ticket took: of its first stay, where one team solved it at once."""

import pytest
from desk_contracts.events.tickets import How
from desk_metrics.measures.contributions import Contribution, Slice
from desk_metrics.measures.handling import HANDLED, contribute_handling
from desk_metrics.measures.ticket_history import Interval, TicketHistory

SLICE = Slice()

OPENED, TOUCHED, ENDED = 100, 130, 200
FIRST = Interval(OPENED, ENDED, How.MEMBER, at_once=True)


def handle(*intervals: Interval, touched: int | None = TOUCHED) -> list[Contribution]:
    history = TicketHistory(OPENED, "", "", SLICE, intervals, touched, ())
    return list(contribute_handling(history))


@pytest.mark.parametrize(
    ("interval", "touched"),
    [
        (FIRST, None),
        (FIRST, ENDED),
        (FIRST._replace(end=None), TOUCHED),
        (FIRST._replace(how=How.WITHDRAWN), TOUCHED),
        (FIRST._replace(at_once=False), TOUCHED),
    ],
)
def test_where_the_log_cannot_tell_there_is_no_sample(
    interval: Interval, touched: int | None
) -> None:
    assert handle(interval, touched=touched) == []


def test_the_first_stay_is_a_sample_and_a_reopening_takes_it_back_once() -> None:
    sample = Contribution(HANDLED, ENDED, ENDED, amount=70)
    assert handle(FIRST) == [sample]
    back = Contribution(HANDLED, ENDED, 300, -1, 70)
    later = (Interval(300, 400, How.MEMBER, at_once=True), Interval(500, None, "", at_once=True))
    assert handle(FIRST, *later[:1]) == handle(FIRST, *later) == [sample, back]
