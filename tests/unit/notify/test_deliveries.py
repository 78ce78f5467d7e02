"""A delivery's way: which channels, when the next attempt comes, and when it ends."""

from datetime import timedelta

import pytest
from desk_contracts import Event
from desk_contracts.events.notifications import Audience, MessageKind, Notified
from desk_contracts.message import message, verbatim
from desk_notify.deliveries.decide import (
    HeldBack,
    Later,
    Outcome,
    Refused,
    Sent,
    claim_due,
    derive_mail_id,
    find_due,
    pause,
    plan_dispatch,
    record_outcome,
    select_channels,
)
from desk_notify.deliveries.model import Delivery, DeliveryState, Dispatch

from tests.support.notify_deliveries import LEASE, MAIL, dispatch, notified
from tests.support.notify_desk import ANA, NOON, directory

SECOND = timedelta(seconds=1)


def after(outcome: Outcome, attempts: int = 1, most: int = 3) -> Dispatch:
    """A dispatch after so many attempts that all ended like this."""
    state, now = dispatch(), NOON
    for _ in range(attempts):
        state, channels = claim_due(state, now, LEASE, "mailto")
        assert channels == (MAIL,)
        state = record_outcome(state, MAIL, outcome, now, most)
        now = find_due(state) or now
    return state


def test_a_team_has_the_channels_of_the_charter() -> None:
    assert select_channels(notified(), directory()) == ("log:", MAIL)
    assert select_channels(notified("gone"), directory()) == ()


@pytest.mark.parametrize(
    ("recipient", "channels"),
    [
        (ANA, (f"mailto:{ANA}",)),
        ("network-1", ("mailto:nina@desk.example",)),
        ("ana", ()),
        ("a?b c@desk.example", ("mailto:a%3Fb%20c@desk.example",)),
    ],
)
def test_a_person_is_reached_where_they_have_a_mailbox(
    recipient: str, channels: tuple[str, ...]
) -> None:
    assert select_channels(notified(recipient, Audience.PERSON), directory()) == channels


@pytest.mark.parametrize(
    ("kind", "has_mail"),
    [
        (MessageKind.TICKET_ASSIGNED, False),
        (MessageKind.SLA_BREACHED, False),
        (MessageKind.TICKET_CHANGED, True),
        (MessageKind.PROBLEM_DECLARED, True),
    ],
)
def test_what_is_solved_with_its_problem_fills_no_mailbox(
    kind: MessageKind, *, has_mail: bool
) -> None:
    channels = select_channels(notified(kind=kind, problem="p-1"), directory())
    assert (MAIL in channels, "log:" in channels) == (has_mail, True)


def test_a_log_line_is_sent_at_once_and_mail_is_due_now() -> None:
    log, mail = dispatch("log:", MAIL).deliveries
    assert (log.state, log.next_at) == (DeliveryState.SENT, None)
    assert (mail.state, mail.next_at) == (DeliveryState.PENDING, NOON)
    assert find_due(dispatch("log:")) is None


@pytest.mark.parametrize(
    ("ticket", "problem", "thread"),
    [("t", "p", "t"), ("t", "", "t"), ("", "p", "p"), ("", "", "m-1")],
)
def test_a_dispatch_says_what_its_message_does(ticket: str, problem: str, thread: str) -> None:
    data = Notified(
        audience=Audience.TEAM, recipient="network", kind=MessageKind.TICKET_ASSIGNED, title="T",
        body="B", ticket=ticket, problem=problem,
    )  # fmt: skip
    event = Event("m-1", "/t", "network", NOON, data, traceparent="00-1")
    later = NOON + SECOND
    assert plan_dispatch(event, (MAIL, "log:"), later) == Dispatch(
        message="m-1", recipient="network", kind=MessageKind.TICKET_ASSIGNED, title="T", body="B",
        thread=thread, ticket=ticket, happened_at=NOON, traceparent="00-1",
        deliveries=(
            Delivery(channel=MAIL, state=DeliveryState.PENDING, next_at=later, changed_at=later),
            Delivery(channel="log:", state=DeliveryState.SENT, attempts=1, changed_at=later),
        ),
    )  # fmt: skip


def test_what_is_in_hand_is_nobody_elses_until_the_claim_runs_out() -> None:
    state, channels = claim_due(dispatch(), NOON, LEASE, "mailto")
    assert channels == (MAIL,)
    assert find_due(state) == NOON + LEASE
    assert claim_due(state, NOON + LEASE - SECOND, LEASE, "mailto")[1] == ()
    state, channels = claim_due(state, NOON + LEASE, LEASE, "mailto")
    assert channels == (MAIL,)
    assert state.deliveries[0].attempts == 2


@pytest.mark.parametrize(
    ("outcome", "attempts", "state", "is_over"),
    [
        (Sent(), 1, DeliveryState.SENT, True),
        (Refused(verbatim("550 no such user")), 1, DeliveryState.FAILED, True),
        (Later(verbatim("450 busy")), 1, DeliveryState.PENDING, False),
        (Later(verbatim("450 busy")), 3, DeliveryState.FAILED, True),
        (Later(verbatim("cut off"), is_unknown=True), 1, DeliveryState.UNKNOWN, False),
        (Later(verbatim("cut off"), is_unknown=True), 3, DeliveryState.UNKNOWN, True),
    ],
)
def test_each_outcome_has_its_end(
    outcome: Outcome, attempts: int, state: DeliveryState, *, is_over: bool
) -> None:
    [delivery] = after(outcome, attempts).deliveries
    assert (delivery.state, delivery.attempts, delivery.next_at is None) == (
        state,
        attempts,
        is_over,
    )
    assert delivery.reason == getattr(outcome, "reason", None)


CUT = Later(verbatim("the line broke"), is_unknown=True)


def tried(*outcomes: Outcome | None, most: int = 3) -> Dispatch:
    """A dispatch after these tries, one after the other; None is a worker that died over it."""
    state, now = dispatch(), NOON
    for outcome in outcomes:
        state, _ = claim_due(state, now, LEASE, "mailto")
        if outcome is not None:
            state = record_outcome(state, MAIL, outcome, now, most)
        now = find_due(state) or now
    return state


@pytest.mark.parametrize("first", [CUT, None])
@pytest.mark.parametrize(
    ("then", "waits"),
    [
        (Refused(verbatim("550 nobody here")), False),
        (Later(verbatim("450 busy")), True),
        (HeldBack(verbatim("too many within an hour")), False),
    ],
)
def test_what_may_have_arrived_stays_unknown_whatever_a_later_try_says(
    first: Outcome | None, then: Refused | Later | HeldBack, waits: bool
) -> None:
    [delivery] = tried(first, then).deliveries
    assert delivery.state is DeliveryState.UNKNOWN
    assert (delivery.next_at is not None) is waits
    assert delivery.reason == message("delivery.may-have-arrived", last=then.reason)


def test_it_stays_so_to_the_last_try() -> None:
    [delivery] = tried(CUT, Later(verbatim("450 busy")), Later(verbatim("450 busy"))).deliveries
    assert (delivery.state, delivery.next_at) == (DeliveryState.UNKNOWN, None)


def test_only_a_yes_settles_it() -> None:
    [delivery] = tried(CUT, Sent("250 ok")).deliveries
    assert (delivery.state, delivery.reason) == (DeliveryState.SENT, None)
    assert not delivery.in_doubt


def test_a_plain_no_before_anything_was_sent_stays_a_no() -> None:
    [delivery] = tried(Later(verbatim("450 busy")), Refused(verbatim("550 nobody here"))).deliveries
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, verbatim("550 nobody here"))


def test_an_outcome_is_only_that_of_its_channel() -> None:
    other = "mailto:second@desk.example"
    state, channels = claim_due(dispatch(MAIL, other), NOON, LEASE, "mailto")
    assert channels == (MAIL, other)
    state = record_outcome(state, MAIL, Sent(), NOON, 3)
    assert [delivery.state for delivery in state.deliveries] == [
        DeliveryState.SENT,
        DeliveryState.SENDING,
    ]


def test_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    seconds = [pause(attempts).total_seconds() for attempts in (1, 2, 3, 8, 9, 100)]
    assert seconds == [5, 10, 20, 640, 900, 900]


def test_every_attempt_has_the_same_mail_id_and_every_channel_its_own() -> None:
    state = dispatch()
    assert derive_mail_id(state, MAIL) == derive_mail_id(after(Later(verbatim("x"))), MAIL)
    assert derive_mail_id(state, MAIL) != derive_mail_id(state, "mailto:other@desk.example")


def test_a_line_in_the_log_is_sent_at_once_by_one_attempt() -> None:
    [logged, mailed] = dispatch("log:", MAIL).deliveries
    assert (logged.state, logged.attempts, logged.next_at) == (DeliveryState.SENT, 1, None)
    assert (mailed.state, mailed.attempts, mailed.next_at) == (DeliveryState.PENDING, 0, NOON)
