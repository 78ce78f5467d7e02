"""How long an outage lasted; of one that nobody watches any more only what was seen."""

from datetime import datetime, timedelta

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.signals import SignalCleared, SignalDropped, SignalRaised
from desk_contracts.value_types import Severity, SubjectKind
from desk_metrics.measures.outages import Outages, add_signal, outages_key

from tests.support.triage_desk import MONDAY


def signal_event(data: Payload, at: datetime) -> AnyEvent:
    return Event(
        id=f"{data.TYPE}-{at}", source="/desk/triage", subject="vpn-gw", time=at, data=data
    )


def began(at: datetime) -> AnyEvent:
    raised = SignalRaised(
        episode="e", detector="d", signal="s", title="It fails", severity=Severity.CRITICAL,
        subject_kind=SubjectKind.SERVICE, measurement="m", value=1, threshold=2, service="vpn",
    )  # fmt: skip
    return signal_event(raised, at)


def test_what_many_devices_share_is_no_outage_beside_theirs() -> None:
    event = began(MONDAY)
    assert isinstance(event.data, SignalRaised)
    data = event.data.model_copy(update={"subject_kind": SubjectKind.FLEET})
    assert outages_key(signal_event(data, MONDAY)) is None


def dropped(at: datetime, seen_at: datetime) -> AnyEvent:
    data = SignalDropped(
        episode="e", detector="d", signal="s", title="It fails", seen_at=seen_at,
        subject_kind=SubjectKind.SERVICE, service="vpn",
    )  # fmt: skip
    return signal_event(data, at)


def test_of_a_dropped_one_only_the_time_counts_in_which_it_was_seen() -> None:
    seen, now = MONDAY + timedelta(minutes=20), MONDAY + timedelta(hours=5)
    opened = add_signal(None, began(MONDAY))
    assert opened is not None
    dropping = dropped(now, seen)
    assert outages_key(dropping) == outages_key(began(MONDAY))
    over = add_signal(opened[0], dropping)
    assert over is not None
    (outage,) = over[0].outages
    assert outage.end - outage.start == timedelta(minutes=20) / timedelta(microseconds=1)
    assert over[1]


def test_an_end_that_was_seen_stands() -> None:
    state: Outages | None = None
    cleared = SignalCleared(
        episode="e", detector="d", signal="s", value=1, subject_kind=SubjectKind.SERVICE
    )
    end = MONDAY + timedelta(minutes=9)
    for event in (began(MONDAY), signal_event(cleared, end)):
        change = add_signal(state, event)
        assert change is not None
        state = change[0]
    assert add_signal(state, dropped(MONDAY + timedelta(hours=1), MONDAY)) is None
