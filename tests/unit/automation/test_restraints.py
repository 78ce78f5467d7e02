"""Windows, announced changes and open signals hold runs back, and what waited is asked anew."""

from datetime import datetime, timedelta

import pytest
from desk_automation.runs.model import Phase
from desk_automation.windows.decide import find_open
from desk_automation.windows.model import Affected, PlannedChanges
from desk_charter.dated_calendars import DatedCalendar
from desk_charter.services import Service
from desk_contracts.events.automation import RunWithheld
from desk_contracts.message import message, verbatim

from tests.support.automation_engine import (
    START,
    FakeTarget,
    act,
    cleared,
    guard,
    measured,
    raised,
)
from tests.support.automation_held_back import (
    FREEZE,
    HOUR,
    MINUTE,
    at_service,
    engine,
    finished,
    planned,
    reason_of,
    window,
)

_CALENDARS: dict[str, DatedCalendar] = {}
NONE = _CALENDARS.__getitem__


@pytest.mark.parametrize(
    ("changes", "code"), [({}, "refusal.maintenance"), (FREEZE, "refusal.freeze")]
)
async def test_a_match_in_a_window_starts_nothing_and_says_why(
    changes: dict[str, object], code: str
) -> None:
    desk = engine(window(**changes))
    await desk.hear(raised())
    await desk.settle()
    assert desk.emitted() == ["skipped"]
    assert reason_of(desk) == code
    assert desk.target.calls == []
    run = await desk.run()
    assert run.reason is not None
    assert (run.phase, run.reason.code) == (Phase.SKIPPED, code)
    assert run.reason.params["by"] == "network"


@pytest.mark.parametrize(
    "changes",
    [
        {"starts": START - HOUR, "ends": START},
        {"starts": START + HOUR, "ends": START + 2 * HOUR},
        {"devices": ["printer-*"]},
        {"devices": [], "services": ["mail"]},
        {"devices": [], "sites": ["berlin"]},
        {**FREEZE, "allowed": ["clean-disk"]},
    ],
)
async def test_a_window_of_another_time_or_scope_holds_nothing_back(
    changes: dict[str, object],
) -> None:
    desk = engine(window(**changes))
    await desk.hear(raised())
    await desk.settle(10 * MINUTE)
    assert desk.target.kinds() == ["act"]


async def test_a_match_that_waits_acts_after_the_window_once_it_is_measured_ill() -> None:
    desk = engine(window(), in_window="wait")
    await desk.hear(raised(), measured(4.0, START))
    await desk.settle(29 * MINUTE)
    waiting = await desk.run()
    assert waiting.reason is not None
    assert (waiting.phase, waiting.reason.code) == (Phase.QUEUED, "refusal.maintenance")
    [held] = [e.data for e in desk.bus.events() if isinstance(e.data, RunWithheld)]
    assert (held.run, held.reason.code) == (waiting.id, "refusal.maintenance")
    assert held.until == START + 30 * MINUTE
    await desk.settle(MINUTE + timedelta(seconds=5))
    assert desk.target.calls == []
    asks = await desk.run()
    assert asks.reason is not None
    assert asks.reason.code == "run.waits-for-measurement"
    await desk.hear(measured(4.0, desk.clock.now() - timedelta(seconds=1)))
    await desk.settle(timedelta(seconds=2))
    assert desk.target.kinds() == ["act"]


async def test_what_waited_for_a_window_has_as_long_for_its_turn_as_before() -> None:
    desk = engine(window(), in_window="wait")
    await desk.hear(raised())
    latest = (await desk.run()).queue_until
    await desk.settle(30 * MINUTE)
    assert (await desk.run()).queue_until - latest >= 30 * MINUTE - timedelta(seconds=5)


async def test_a_match_that_waited_does_nothing_if_it_is_well_by_then() -> None:
    desk = engine(window(), in_window="wait")
    await desk.hear(raised())
    await desk.settle(30 * MINUTE + timedelta(seconds=5))
    await desk.hear(measured(60.0, desk.clock.now() - timedelta(seconds=1)))
    await desk.settle()
    assert (desk.emitted(), reason_of(desk)) == (["withheld", "skipped"], "run.well-meanwhile")
    assert desk.target.calls == []


async def test_only_what_is_measured_after_the_end_counts_and_else_people_get_it() -> None:
    desk = engine(window(), in_window="wait")
    await desk.hear(raised())
    await desk.settle(30 * MINUTE + timedelta(seconds=5))
    await desk.hear(measured(4.0, START + 10 * MINUTE))
    await desk.settle()
    assert desk.target.calls == []
    assert desk.emitted() == ["withheld", "escalated"]
    run = await desk.run()
    assert run.reason is not None
    assert run.reason.code == "run.nothing-measured-since"


async def test_people_get_it_also_where_every_worker_was_away_when_its_time_was_over() -> None:
    desk = engine(window(), in_window="wait")
    await desk.hear(raised())
    await desk.settle(30 * MINUTE + timedelta(seconds=5))
    desk.clock.advance(HOUR)
    await desk.settle(timedelta(seconds=1))
    assert desk.emitted() == ["withheld", "escalated"]


async def test_a_signal_that_is_over_before_the_window_is_starts_nothing() -> None:
    desk = engine(window(), in_window="wait")
    event = raised()
    await desk.hear(event)
    await desk.settle(10 * MINUTE)
    await desk.hear(cleared(event, desk.clock.now()))
    await desk.settle()
    assert desk.emitted() == ["withheld", "skipped"]
    assert reason_of(desk) == "run.signal-cleared-before"


async def test_a_run_let_in_before_a_freeze_does_not_begin_an_act_in_it() -> None:
    target = FakeTarget()
    desk = engine(target=target, guards=[guard()])

    def freeze(_attempt: object) -> None:
        desk.restraints.windows = (window(**FREEZE),)

    target.on_call = freeze
    await desk.hear(raised())
    await desk.settle()
    assert target.kinds() == ["guard"]
    assert reason_of(desk) == "refusal.freeze"
    assert (await desk.targets.load(["laptop-1"]))["laptop-1"].state.holder == ""  # type: ignore[union-attr]


async def test_a_run_that_steps_back_gives_its_turn_to_another_and_asks_its_guard_again() -> None:
    target = FakeTarget()
    desk = engine(target=target, guards=[guard()], in_window="wait")

    def freeze(_attempt: object) -> None:
        desk.restraints.windows = (window(**FREEZE),)
        target.on_call = lambda _: None

    target.on_call = freeze
    await desk.hear(raised())
    await desk.settle(MINUTE)
    assert (await desk.run()).phase is Phase.QUEUED
    assert (await desk.targets.load(["laptop-1"]))["laptop-1"].state.holder == ""  # type: ignore[union-attr]
    await desk.settle(29 * MINUTE)
    await desk.hear(measured(4.0, desk.clock.now() + timedelta(seconds=2)))
    desk.clock.advance(timedelta(seconds=3))
    await desk.hear(measured(5.0, desk.clock.now()))
    await desk.settle(timedelta(seconds=2))
    assert target.kinds() == ["guard", "guard", "act"]


async def test_a_run_that_steps_back_probes_again_and_does_not_wait_again() -> None:
    target = FakeTarget()
    wait = {"id": "rest", "kind": "wait", "for": "20s"}
    probe = guard() | {"kind": "probe"}
    desk = engine(target=target, steps=[wait, probe, act()], in_window="wait")

    def freeze(_attempt: object) -> None:
        desk.restraints.windows = (window(**FREEZE),)
        target.on_call = lambda _: None

    target.on_call = freeze
    await desk.hear(raised())
    await desk.settle(30 * MINUTE)
    assert target.kinds() == ["probe"]
    await desk.hear(measured(4.0, desk.clock.now() + timedelta(seconds=2)))
    desk.clock.advance(timedelta(seconds=3))
    await desk.hear(measured(5.0, desk.clock.now()))
    await desk.settle(timedelta(seconds=2))
    assert target.kinds() == ["probe", "probe", "act"]


async def test_a_run_that_has_begun_an_act_goes_on_in_a_freeze() -> None:
    target = FakeTarget()
    desk = engine(target=target, steps=[act(id="first"), act(id="second")])

    def freeze(_attempt: object) -> None:
        desk.restraints.windows = (window(**FREEZE),)

    target.on_call = freeze
    await desk.hear(raised())
    await desk.settle(MINUTE)
    assert target.effects == {"first": 1, "second": 1}


async def test_nobody_is_asked_for_a_yes_in_a_window() -> None:
    desk = engine(window(), mode="approve")
    await desk.hear(raised())
    await desk.settle()
    assert desk.emitted() == ["skipped"]


async def test_an_announced_change_is_a_window_until_it_is_finished() -> None:
    desk = engine(in_window="wait")
    await desk.hear(planned(), at_service(raised()))
    await desk.settle(10 * MINUTE)
    waiting = await desk.run()
    assert waiting.reason is not None
    assert waiting.reason.code == "refusal.planned-change"
    assert waiting.reason.params["window"] == "CHG-7"
    await desk.hear(finished())
    await desk.settle(6 * MINUTE)
    asks = await desk.run()
    assert asks.reason is not None
    # Long before the announced end, and nothing was measured since.
    assert asks.reason.code == "run.nothing-measured-since"


async def test_a_change_that_is_finished_early_or_moved_holds_nothing_back() -> None:
    for second in (
        finished(),
        planned(starts=START + 2 * HOUR, ends=START + 3 * HOUR),
    ):
        desk = engine()
        await desk.hear(planned(), second, at_service(raised()))
        await desk.settle(10 * MINUTE)
        assert desk.target.kinds() == ["act"]


@pytest.mark.parametrize(
    "changes",
    [
        {"starts": START + HOUR, "ends": START},
        {"ends": START + timedelta(days=300)},
    ],
)
async def test_a_change_without_an_end_in_sight_or_with_none_is_no_window(
    changes: dict[str, object],
) -> None:
    desk = engine()
    await desk.hear(planned(**changes), at_service(raised()))
    await desk.settle(10 * MINUTE)
    assert desk.target.kinds() == ["act"]


@pytest.mark.parametrize("number", range(1, 13))
async def test_a_worker_that_dies_at_any_write_while_a_match_waits_changes_nothing(
    number: int,
) -> None:
    desk = engine(window(), in_window="wait")
    desk.boundary.after = number
    await desk.hear(raised())
    await desk.settle(30 * MINUTE + timedelta(seconds=5))
    assert desk.target.calls == []
    await desk.hear(measured(4.0, desk.clock.now()))
    await desk.settle(timedelta(seconds=20))
    await desk.hear(measured(60.0, desk.clock.now()))
    await desk.settle()
    assert desk.emitted().count("healed") == 1
    assert desk.target.distinct_effects == 1


def test_weekly_windows_of_a_service_are_windows() -> None:
    """What the charter says of old systems is obeyed without being written twice."""
    monday = datetime.fromisoformat("2026-03-02T22:30:00+01:00")
    maintained = Service.model_validate(
        {
            "name": "erp",
            "title": "ERP",
            "owner": "network",
            "criticality": 1,
            "maintenance": [
                {
                    "title": "Batch",
                    "zone": "Europe/Berlin",
                    "hours": {"days": ["mon"], "from": "22:00", "to": "23:30"},
                }
            ],
        }
    )
    affected = Affected(runbook="r", subject="server", service="erp")
    window = find_open((), NONE, maintained, PlannedChanges(), affected, monday)
    assert window is not None
    assert window.until == datetime.fromisoformat("2026-03-02T22:30:00+00:00")
    assert find_open((), NONE, maintained, PlannedChanges(), affected, window.until) is None
    for other in ("asset-store", "payroll"):
        elsewhere = Affected(runbook="r", subject="server", service=other)
        assert find_open((), NONE, maintained, PlannedChanges(), elsewhere, monday) is None


async def test_a_freeze_that_follows_a_calendar_holds_back_until_that_opens_or_closes() -> None:
    """09:00 of a Monday in UTC is 10:00 in Berlin: office hours, till 12:00 for once."""
    office = DatedCalendar.model_validate(
        {
            "name": "office",
            "title": "Office",
            "zone": "Europe/Berlin",
            "week": {"mon": ["08:00-17:00"], "tue": ["08:00-17:00"]},
            "special_days": [{"date": "2026-03-02", "hours": ["08:00-12:00"], "name": "Half"}],
        }
    )
    times = {"starts": None, "ends": None}
    desk = engine(window(**FREEZE, **times, during="office"), in_window="wait")
    desk.restraints.calendars["office"] = office
    await desk.hear(raised())
    await desk.settle(timedelta(hours=1, minutes=59))
    assert (await desk.run()).reason == message(
        "refusal.freeze",
        window="rebuild",
        why=verbatim("Disks are exchanged."),
        by="network",
        until=START + 2 * HOUR,
    )
    await desk.settle(MINUTE + timedelta(seconds=5))
    await desk.hear(measured(4.0, desk.clock.now() - timedelta(seconds=1)))
    await desk.settle(timedelta(seconds=2))
    assert desk.target.kinds() == ["act"]
    free = engine(window(**FREEZE, **times, outside="office"))
    free.restraints.calendars["office"] = office
    await free.hear(raised())
    await free.settle(MINUTE)
    assert free.target.kinds() == ["act"]
