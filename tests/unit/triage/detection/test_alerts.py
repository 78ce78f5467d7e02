"""Alerts of monitoring systems: one episode each, told when they rise, open while they are."""

from datetime import timedelta

import pytest
from desk_contracts.errors import Invalid
from desk_contracts.events.signals import SignalCleared, SignalRaised, SignalSeverityChanged
from desk_contracts.value_types import Severity
from desk_triage.changes.snapshot import EMPTY
from desk_triage.detection.alerts import FLAP_CHANGES, MAX_ALERTS, MAX_OPEN, QUIET, fire
from desk_triage.detection.model import AlertWatch, Subject

from tests.support.triage_desk import CHARTER, TriageDesk, at, cleared, fired, over, raised


async def alert_of(desk: TriageDesk) -> AlertWatch:
    (stored,) = await desk.subjects.find({})
    assert stored.state is not None
    (alert,) = stored.state.alerts
    return alert


def changes(desk: TriageDesk) -> list[tuple[Severity, Severity, str]]:
    """From which severity to which, and what the newest title is."""
    texts = [event.data for event in desk.emitted(SignalSeverityChanged)]
    assert all(isinstance(item, SignalSeverityChanged) for item in texts)
    return [(item.previous, item.severity, item.title) for item in texts]  # type: ignore[attr-defined]


async def test_an_alert_is_one_signal_however_often_it_is_sent() -> None:
    desk = TriageDesk()
    await desk.feed(fired(0), fired(1), fired(2))
    (signal,) = raised(desk, "mail-queue-high")
    assert signal.title == "Mail piles up"
    assert not signal.is_measured, "the monitor's word, not the desk's measurement"
    await desk.feed(over(3), over(4))
    (end,) = cleared(desk, "mail-queue-high")
    assert end.episode == signal.episode


async def test_an_alerts_end_that_comes_before_its_beginning_raises_nothing() -> None:
    desk = TriageDesk()
    await desk.feed(over(5), fired(3))
    assert desk.emitted(SignalRaised) == []
    await desk.feed(fired(6))
    assert len(raised(desk, "mail-queue-high")) == 1


async def test_what_begins_after_an_end_that_had_no_beginning_is_a_new_alert() -> None:
    desk = TriageDesk()
    await desk.feed(over(5), fired(6))
    assert len(raised(desk, "mail-queue-high")) == 1


async def test_a_flapping_alert_is_held_open_until_it_is_quiet() -> None:
    desk = TriageDesk()
    for number in range(FLAP_CHANGES):
        await desk.feed(fired(number), over(number + 0.5))
    open_before = len(raised(desk, "mail-queue-high"))
    await desk.feed(fired(5), over(5.5))
    assert len(raised(desk, "mail-queue-high")) == open_before
    ends = len(cleared(desk, "mail-queue-high"))
    ((due, id),) = await desk.subjects.due(at(600), 10)
    assert due == at(5.5) + QUIET
    await desk.feed(over(6))  # said again: that is no change
    assert await desk.subjects.due(at(600), 10) == [(due, id)]
    desk.clock.advance(due - desk.clock.now())
    await desk.on_timer(desk.subjects_unit_of_work, id)
    await desk.on_timer(desk.subjects_unit_of_work, id)
    assert len(cleared(desk, "mail-queue-high")) == ends + 1
    assert open_before == len(cleared(desk, "mail-queue-high"))


async def test_more_alerts_than_can_be_kept_forget_the_oldest_that_is_over() -> None:
    desk = TriageDesk()
    await desk.feed(fired(0, "old"), over(1, "old"))
    for number in range(MAX_ALERTS):
        await desk.feed(fired(2 + number, f"f{number}"))
    (stored,) = await desk.subjects.find({})
    assert stored.state is not None
    kept = {entry.fingerprint for entry in stored.state.alerts}
    assert len(kept) == MAX_ALERTS
    assert "old" not in kept


async def test_an_open_alert_is_never_forgotten_and_one_too_many_is_refused() -> None:
    desk = TriageDesk()
    for number in range(MAX_ALERTS + 2):
        await desk.feed(fired(2 + number / 60, f"f{number}"))
    (stored,) = await desk.subjects.find({})
    subject = stored.state
    assert subject is not None
    assert len({item.episode for item in subject.alerts if item.episode}) == MAX_ALERTS + 2
    await desk.feed(over(20, "f0"), over(21, "f1"))
    assert len(cleared(desk, "mail-queue-high")) == 2

    first = subject.alerts[0]
    many = [first.model_copy(update={"fingerprint": f"g{n}"}) for n in range(MAX_OPEN)]
    full = subject.model_copy(update={"alerts": tuple(many)})
    remembered = fire(full, fired(30, "g0"), desk.charter, EMPTY, at(30))
    assert remembered is not None
    with pytest.raises(Invalid, match="too-many"):
        fire(full, fired(30, "new"), desk.charter, EMPTY, at(30))


async def test_copies_and_late_ends_of_an_alert_change_nothing() -> None:
    desk = TriageDesk()
    first, end = fired(5), over(6)
    await desk.feed(first, fired(4), over(3), first)
    assert desk.emitted(SignalCleared) == []
    await desk.feed(end, end, first)
    assert len(desk.emitted(SignalCleared)) == 1
    assert len(desk.emitted(SignalRaised)) == 1


async def test_an_alert_that_fires_again_while_its_clear_is_held_stays_one_episode() -> None:
    desk = TriageDesk()
    for minute in (0, 1, 2, 3):
        await desk.feed(fired(minute), over(minute + 0.5))
    count = len(desk.emitted(SignalRaised))
    await desk.feed(fired(4), over(4.5), fired(5))
    assert len(desk.emitted(SignalRaised)) == count
    assert await desk.subjects.due(at(600), 10) == []
    assert len(await desk.subjects.find({"open": True})) == 1


async def test_a_rise_is_told_and_the_episode_stays_one() -> None:
    desk = TriageDesk()
    await desk.feed(fired(0), fired(5, severity=Severity.CRITICAL, summary="Mail is lost"))
    (signal,) = raised(desk, "mail-queue-high")
    assert changes(desk) == [(Severity.WARNING, Severity.CRITICAL, "Mail is lost")]
    (emitted,) = desk.emitted(SignalSeverityChanged)
    assert isinstance(emitted.data, SignalSeverityChanged)
    assert (emitted.data.episode, emitted.data.is_worse) == (signal.episode, True)
    episode = (await alert_of(desk)).episode
    assert episode is not None
    assert (episode.title, episode.severity) == ("Mail is lost", Severity.CRITICAL)
    await desk.feed(over(6))
    (end,) = cleared(desk, "mail-queue-high")
    assert end.episode == signal.episode


async def test_a_fall_and_a_new_title_are_followed() -> None:
    desk = TriageDesk()
    await desk.feed(fired(0, severity=Severity.CRITICAL), fired(1, severity=Severity.INFO))
    await desk.feed(fired(2, severity=Severity.INFO, summary="Nearly over"))
    assert changes(desk) == [(Severity.CRITICAL, Severity.INFO, "Mail piles up")]
    episode = (await alert_of(desk)).episode
    assert episode is not None
    assert episode.title == "Nearly over"


async def test_a_rise_is_believed_though_its_clock_is_behind_and_a_fall_is_not() -> None:
    desk = TriageDesk()
    await desk.feed(fired(5), fired(1, severity=Severity.CRITICAL), fired(2, summary="Old"))
    assert [(before, now) for before, now, _ in changes(desk)] == [
        (Severity.WARNING, Severity.CRITICAL)
    ]
    episode = (await alert_of(desk)).episode
    assert episode is not None
    assert (episode.severity, episode.title) == (Severity.CRITICAL, "Mail piles up")


@pytest.mark.parametrize("minutes", [0, -30, 4, 9])
async def test_what_fires_after_its_end_under_a_new_id_is_open_again(minutes: float) -> None:
    desk = TriageDesk()
    await desk.feed(fired(0), over(5), over(5), fired(minutes))
    assert len(raised(desk, "mail-queue-high")) == 2
    assert len({item.episode for item in raised(desk, "mail-queue-high")}) == 2
    await desk.feed(over(30))
    assert len(cleared(desk, "mail-queue-high")) == 2


async def test_an_end_with_the_same_moment_as_the_wrong_one_before_ends_what_fired_again() -> None:
    desk = TriageDesk()
    await desk.feed(fired(0), over(5), fired(0), over(5))
    # Twice in a few minutes is a flap: it is over once it has been quiet.
    ((due, id),) = await desk.subjects.due(at(600), 10)
    desk.clock.advance(due - desk.clock.now())
    await desk.on_timer(desk.subjects_unit_of_work, id)
    assert len(cleared(desk, "mail-queue-high")) == 2
    assert (await alert_of(desk)).episode is None


async def test_an_end_in_the_far_future_does_not_keep_an_alert_from_firing() -> None:
    desk = TriageDesk()
    await desk.feed(fired(0))
    end = over(0)._replace(time=at(24 * 60))
    for unit_of_work in desk.units_of_work:  # the clock does not follow a time that is not here yet
        await unit_of_work.run(unit_of_work.work_items_of(desk._received(end)), desk._on_failed)
    await desk.feed(fired(1))
    assert len(raised(desk, "mail-queue-high")) == 2
    assert len(cleared(desk, "mail-queue-high")) == 1


async def test_a_start_in_the_far_future_does_not_keep_an_alert_from_ending() -> None:
    desk = TriageDesk()
    begun = fired(0)._replace(time=at(24 * 60))
    for unit_of_work in desk.units_of_work:
        await unit_of_work.run(unit_of_work.work_items_of(desk._received(begun)), desk._on_failed)
    await desk.feed(over(1))
    assert len(cleared(desk, "mail-queue-high")) == 1


async def test_two_monitors_with_one_id_and_one_fingerprint_are_two_alerts() -> None:
    desk = TriageDesk()
    first, other = (fired(0)._replace(id="17", source=f"/monitor/{name}") for name in "ab")
    await desk.feed(first, other)
    assert len({signal.episode for signal in raised(desk, "mail-queue-high")}) == 2
    await desk.feed(over(1)._replace(source="/monitor/b"))
    assert len(cleared(desk, "mail-queue-high")) == 1


async def test_another_alert_under_a_known_id_is_told_however_many_events_lie_between() -> None:
    desk = TriageDesk()
    await desk.feed(fired(0)._replace(id="17"))
    for number in range(80):
        await desk.feed(fired(0, f"other-{number}"))
    with pytest.raises(Invalid, match="17") as emitted:
        await desk.feed(fired(1)._replace(id="17"))
    assert emitted.value.kind == "id-reused"
    await desk.feed(fired(0)._replace(id="17"))
    assert len(raised(desk, "mail-queue-high")) == 81


async def test_a_severity_that_flaps_is_held_at_its_worst_until_it_is_quiet() -> None:
    desk = TriageDesk()
    critical, warning = Severity.CRITICAL, Severity.WARNING
    await desk.feed(fired(0))
    for minute in range(1, FLAP_CHANGES + 3):
        await desk.feed(fired(minute, severity=critical if minute % 2 else warning))
    emitted = len(changes(desk))
    assert emitted == FLAP_CHANGES - 1
    assert changes(desk)[-1][1] is critical
    ((due, id),) = await desk.subjects.due(at(600), 10)
    assert due == at(FLAP_CHANGES + 2) + QUIET
    desk.clock.advance(due - desk.clock.now())
    await desk.on_timer(desk.subjects_unit_of_work, id)
    await desk.on_timer(desk.subjects_unit_of_work, id)
    assert changes(desk)[emitted:] == [(critical, warning, "Mail piles up")]
    assert await desk.subjects.due(at(6000), 10) == []


async def test_a_monitor_that_always_gives_the_same_time_flaps_like_any_other() -> None:
    desk = TriageDesk()
    for _ in range(FLAP_CHANGES):
        await desk.feed(fired(0), over(0))
    assert len(cleared(desk, "mail-queue-high")) < FLAP_CHANGES
    assert (await alert_of(desk)).clears_at is not None


async def test_a_counter_that_starts_again_loses_no_alarm_at_another_device_or_long_after() -> None:
    """The first use of the id is at another subject, or forgotten: what follows has ids anew."""
    desk = TriageDesk()
    await desk.feed(fired(0, "first"))
    await desk.feed(fired(0)._replace(id="17"), fired(0)._replace(id="17", subject="mail-2"))
    for number in range(80):
        await desk.feed(fired(1, f"other-{number}"))
    with pytest.raises(Invalid, match="used before"):
        await desk.feed(fired(3, "f2")._replace(id="17"))
    # Eight days later its topic has forgotten the first use, and so have we.
    desk.clock.advance(timedelta(days=8))
    await desk.subjects.identities.sweep(1_000)
    await desk.feed(over(2), fired(3, "f2")._replace(id="17"))
    signals = desk.emitted(SignalRaised)
    assert len(signals) == 84
    assert len({item.data.episode for item in signals if isinstance(item.data, SignalRaised)}) == 84


async def test_an_alert_that_is_over_is_remembered_while_there_is_room() -> None:
    desk = TriageDesk()
    await desk.feed(fired(0, "over"), over(1, "over"))
    for number in range(99):
        await desk.feed(fired(2 + number / 60, f"f{number}"))
    (stored,) = await desk.subjects.find({})
    assert stored.state is not None
    assert len(stored.state.alerts) == 100
    assert "over" in {entry.fingerprint for entry in stored.state.alerts}


async def test_what_an_alert_remembers_of_itself_is_bounded() -> None:
    """The last sixteen reports, and of its changes as many as make a flap twice."""
    desk = TriageDesk()
    reports = [item for n in range(12) for item in (fired(n / 60), over(n / 60 + 0.001))]
    await desk.feed(*reports)
    alert = await alert_of(desk)
    assert len(alert.reports) == 16
    assert alert.changes[-1] == max(alert.changes)
    assert len(alert.changes) == 8


async def test_the_last_sixteen_reports_are_known_again() -> None:
    reports = [fired(minute) for minute in range(17)]
    subject: Subject | None = None
    for report in reports:
        decision = fire(subject, report, CHARTER, EMPTY, report.time)
        assert decision is not None
        subject = decision.state
    assert [fire(subject, report, CHARTER, EMPTY, at(60)) for report in reports[1:]] == [None] * 16


@pytest.mark.parametrize(("minutes", "is_held"), [(10.0, True), (10.1, False)])
async def test_changes_more_than_ten_minutes_apart_are_no_flap(
    minutes: float, *, is_held: bool
) -> None:
    desk = TriageDesk()
    await desk.feed(fired(0), over(1), fired(5), over(minutes))
    assert ((await alert_of(desk)).clears_at is not None) is is_held
    assert len(cleared(desk, "mail-queue-high")) == (1 if is_held else 2)
