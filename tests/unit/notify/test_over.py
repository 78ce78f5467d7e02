"""Since when a delivery is not needed, and that a message that is too old is not sent again."""

from datetime import timedelta

import pytest
from desk_contracts import Event
from desk_contracts.message import verbatim
from desk_kernel import Context
from desk_kernel.retention import FORGOTTEN_AFTER
from desk_notify.deliveries.decide import Later, Outcome, Refused, Sent, claim_due, record_outcome
from desk_notify.deliveries.store import DELIVERIES, delivery_projection
from desk_platform.clock import FakeClock
from desk_testing.fakes import FakeDocuments

from tests.support.notify_deliveries import LEASE, MAIL, dispatch, notified
from tests.support.notify_desk import NOON, directory

HOUR = timedelta(hours=1)


BUSY = verbatim("busy")


@pytest.mark.parametrize(
    ("outcome", "is_over"),
    [
        (Sent(), True),
        (Refused(BUSY), True),
        (Later(BUSY), False),
        (Later(BUSY, is_unknown=True), False),
    ],
)
def test_a_delivery_is_over_once_nothing_is_tried_any_more(outcome: Outcome, is_over: bool) -> None:
    state, _ = claim_due(dispatch(), NOON, LEASE, "mailto")
    assert state.over_since is None
    after = record_outcome(state, MAIL, outcome, NOON + HOUR, most=3)
    assert after.over_since == (NOON + HOUR if is_over else None)


def test_a_delivery_is_not_over_before_what_it_tells_of() -> None:
    state, _ = claim_due(dispatch(), NOON, LEASE, "mailto")
    later = state.model_copy(update={"happened_at": NOON + 2 * HOUR})
    sent = record_outcome(later, MAIL, Sent(), NOON + HOUR, most=3)
    assert sent.over_since == NOON + 2 * HOUR


@pytest.mark.parametrize(("age", "is_sent"), [(FORGOTTEN_AFTER, True), (31 * 24 * HOUR, False)])
def test_a_message_that_is_too_old_is_not_sent(age: timedelta, is_sent: bool) -> None:
    """Its delivery may have been removed."""
    documents = FakeDocuments(DELIVERIES, FakeClock(NOON))
    projection = delivery_projection(documents, directory, ["mailto"])
    event = Event(id="m-1", source="/t", subject="network", time=NOON - age, data=notified())
    assert list(projection.keys(event)) == ["m-1"]
    assert (projection.react(None, event, Context(NOON, id="m-1")) is not None) is is_sent
