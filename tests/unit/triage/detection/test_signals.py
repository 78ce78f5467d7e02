"""What is raised and cleared from telemetry: once each, after it has lasted, never without data."""

from datetime import timedelta
from typing import Any

from desk_contracts import AnyEvent
from desk_triage.changes.decide import follow
from desk_triage.changes.snapshot import EMPTY, ContextSnapshot
from desk_triage.detection.decide import measure
from desk_triage.detection.window import MAX_SAMPLES

from tests.support.spoken import english
from tests.support.triage_desk import (
    CHARTER,
    TriageDesk,
    at,
    change_started,
    cleared,
    measured,
    raised,
    vpn_failures,
)


def falling(*values: float, every: float = 10) -> list[AnyEvent]:
    return [measured(value, number * every) for number, value in enumerate(values)]


async def test_a_full_disk_is_one_episode_until_it_is_well_again() -> None:
    desk = TriageDesk()
    more: dict[str, Any] = {"person": "ana", "site": "Berlin", "unit": "%"}
    more["attributes"] = {"agent_url": "x"}
    await desk.feed(measured(30, 0, **more), measured(9, 10, **more), measured(8, 20, **more))
    (signal,) = raised(desk, "disk-filling")
    assert signal.title == "The disk of laptop-1 has only 9 % free"
    assert (signal.person, signal.site, signal.service) == ("ana", "Berlin", "laptop")
    assert signal.attributes == {"agent_url": "x"}
    assert english(signal.explanation[0]) == "disk.free.percent is 9 %; the line is 10 %."
    assert len(await desk.subjects.find({"open": True})) == 1
    await desk.feed(measured(12, 30), measured(40, 40))
    (end,) = cleared(desk, "disk-filling")
    assert end.episode == signal.episode


async def test_the_next_trouble_is_another_episode() -> None:
    desk = TriageDesk()
    await desk.feed(measured(9, 0), measured(40, 10), measured(9, 20))
    first, second = raised(desk, "disk-filling")
    assert first.episode != second.episode


async def test_trouble_has_to_last_as_long_as_the_charter_says() -> None:
    desk = TriageDesk()
    await desk.feed(vpn_failures(0.5, 0), vpn_failures(0.01, 0.2), vpn_failures(0.5, 0.4))
    await desk.feed(vpn_failures(0.5, 0.8))
    assert raised(desk, "vpn-failing") == []
    await desk.feed(vpn_failures(0.5, 0.9))
    assert len(raised(desk, "vpn-failing")) == 1


async def test_a_measurement_older_than_the_newest_healthy_one_raises_nothing() -> None:
    desk = TriageDesk()
    await desk.feed(measured(50, 10), measured(5, 3))
    assert raised(desk, "disk-filling") == []


async def test_what_nobody_watches_is_not_even_stored() -> None:
    desk = TriageDesk()
    await desk.feed(measured(5, 0, "cpu.load"))
    assert await desk.subjects.find({}) == []


async def test_the_trend_is_told_hours_before_the_disk_is_full() -> None:
    desk = TriageDesk()
    await desk.feed(*falling(60, 52, 44, 36, 28, 20, every=60))
    (signal,) = raised(desk, "disk-will-fill")
    assert signal.expected_at == at(300) + timedelta(hours=15 / 8)
    assert "By the trend of the last 5 hours it reaches 5 in about 1 hour 52 minutes." in [
        english(entry) for entry in signal.explanation
    ]
    assert raised(desk, "disk-filling") == []
    await desk.feed(measured(80, 360))
    assert len(cleared(desk, "disk-will-fill")) == 1


async def test_a_dip_that_is_less_than_half_of_the_way_is_no_forecast_on_the_first_day() -> None:
    desk = TriageDesk()
    await desk.feed(*falling(60, 57, 54, 51, 48, 45, 42))
    assert raised(desk, "disk-will-fill") == []


async def test_a_slow_leak_is_forecast_from_day_to_day() -> None:
    desk = TriageDesk()
    # A percent an hour: within the window of six hours that is far from half of the way.
    leak = [measured(60 - max(0, hour - 30), 60 * hour) for hour in range(80)]
    await desk.feed(*leak)
    (signal,) = raised(desk, "disk-will-fill")
    assert signal.expected_at is not None
    assert signal.expected_at - at(60 * 85) < timedelta(hours=1)
    assert signal.value >= 5 + 12


async def test_too_few_samples_or_mere_noise_are_no_trend() -> None:
    desk = TriageDesk()
    await desk.feed(*falling(40, 30, 20, 18, 16))
    assert raised(desk, "disk-will-fill") == []
    other = TriageDesk()
    await other.feed(*falling(40, 41, 39, 40, 41, 39, 40, 41, 39, 40))
    assert raised(other, "disk-will-fill") == []


def queue(value: float, minutes: float) -> AnyEvent:
    return measured(value, minutes, "mail.queue.length", "mail-1")


async def test_a_queue_far_beyond_its_past_is_unusual_until_it_was_calm_for_a_while() -> None:
    desk = TriageDesk()
    await desk.feed(*(queue(10 + n % 3, n) for n in range(60)))
    await desk.feed(*(queue(300, 60 + n) for n in range(4)))
    (signal,) = raised(desk, "mail-delayed")
    assert signal.value == 300
    assert "Until now it has always been between 10 and 12." in map(english, signal.explanation)
    await desk.feed(*(queue(10 + n % 3, 64 + n) for n in range(119)))
    assert cleared(desk, "mail-delayed") == []
    await desk.feed(queue(11, 183))
    (end,) = cleared(desk, "mail-delayed")
    assert english(end.explanation[0]) == "mail.queue.length is well again: 11."


async def test_a_level_that_stays_ends_as_the_new_level_and_not_as_health() -> None:
    desk = TriageDesk()
    await desk.feed(*(queue(10 + n % 3, n) for n in range(60)))
    await desk.feed(*(queue(300 + n % 3, 60 + 10 * n) for n in range(74)))
    assert len(raised(desk, "mail-delayed")) == 1
    (end,) = cleared(desk, "mail-delayed")
    assert [reason.code for reason in end.explanation] == ["signal.new-level"]
    await desk.feed(*(queue(300 + n % 3, 900 + 10 * n) for n in range(74)))
    assert len(raised(desk, "mail-delayed")) == 1


async def test_no_data_ends_no_unusual_time() -> None:
    desk = TriageDesk()
    await desk.feed(*(queue(10 + n % 3, n) for n in range(60)), queue(300, 60))
    await desk.feed(queue(10, 60 * 24 * 3))
    assert cleared(desk, "mail-delayed") == []
    await desk.feed(*(queue(10 + n % 3, 60 * 24 * 3 + 1 + n) for n in range(12)))
    assert len(cleared(desk, "mail-delayed")) == 1


async def test_a_counter_is_judged_by_its_rate_and_may_start_anew() -> None:
    desk = TriageDesk()
    count = [100.0 * n + n % 3 for n in range(200)]
    await desk.feed(*(queue(value, n) for n, value in enumerate(count)))
    await desk.feed(*(queue(value, 200 + n) for n, value in enumerate(count)))
    assert raised(desk, "mail-delayed") == []
    await desk.feed(queue(count[-1] + 9_000, 400))
    assert len(raised(desk, "mail-delayed")) == 1


async def test_what_was_learned_in_one_unit_says_nothing_of_another() -> None:
    desk = TriageDesk()
    await desk.feed(*(measured(0.1, n, "mail.queue.length", "mail-1", unit="1") for n in range(60)))
    await desk.feed(
        *(measured(1e6, 60 + n, "mail.queue.length", "mail-1", unit="By") for n in range(9))
    )
    assert raised(desk, "mail-delayed") == []


async def test_what_is_remembered_stays_small() -> None:
    desk = TriageDesk()
    for start in range(0, 2000, 100):
        await desk.feed(*(measured(50 + n % 7, start / 6 + n / 6) for n in range(100)))
    (stored,) = await desk.subjects.find({})
    assert stored.state is not None
    assert all(len(watch.state.samples) <= MAX_SAMPLES for watch in stored.state.watches)
    # Of 2,000 measurements most train nothing and were not written.
    assert stored.version <= 20
    assert len(stored.state.model_dump_json()) < 4_000


async def test_a_clock_that_runs_ahead_is_not_believed() -> None:
    desk = TriageDesk()
    ahead = measured(50, 60 * 24 * 365)
    await desk.subjects_unit_of_work.run(
        desk.subjects_unit_of_work.work_items_of(desk._received(ahead)), desk._on_failed
    )
    await desk.feed(measured(5, 5))
    assert len(raised(desk, "disk-filling")) == 1


async def test_a_release_shortly_before_is_a_reason() -> None:
    outcome = follow(None, change_started("vpn", -12))
    assert outcome is not None
    desk = TriageDesk(snapshot=ContextSnapshot(changes={"vpn": outcome.state.changes}))
    await desk.feed(vpn_failures(0.5, 0), vpn_failures(0.5, 1))
    (signal,) = raised(desk, "vpn-failing")
    assert "c-1" in [reason.params.get("change") for reason in signal.explanation]


async def test_a_disk_that_is_full_already_needs_no_trend() -> None:
    desk = TriageDesk()
    await desk.feed(measured(3, 0))
    (signal,) = raised(desk, "disk-will-fill")
    assert signal.expected_at == at(0)
    assert "it reaches 5 now." in english(signal.explanation[1])


async def test_work_that_is_expected_at_that_time_is_a_reason() -> None:
    desk = TriageDesk()
    saturday_night = 5 * 24 * 60 + 15 * 60
    await desk.feed(vpn_failures(0.5, saturday_night), vpn_failures(0.5, saturday_night + 1))
    (signal,) = raised(desk, "vpn-failing")
    assert "Work on Remote access (VPN) is expected at this time: Gateway updates." in [
        english(item) for item in signal.explanation
    ]


def test_of_what_nobody_watches_nothing_is_kept() -> None:
    assert measure(None, measured(9, 0, site="Berlin"), (), CHARTER, EMPTY, at(0)) is None
