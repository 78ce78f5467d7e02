"""What each measure says of lives that can be reckoned by hand."""

from functools import reduce

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import RunHealed, RunRelapsed
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.tickets import How, Kind, TicketStarted
from desk_contracts.value_types import Severity, SubjectKind
from desk_metrics.measures.figures import figures_of
from desk_metrics.measures.sketch import ACCURACY, Sketch
from desk_metrics.measures.totals import QuerySpan, spans_of, totals_of

from tests.support.metrics_desk import Desk
from tests.support.metrics_measures import (
    MONDAY,
    NOBODY,
    NOW,
    TUESDAY,
    buckets_of,
    figures,
    second,
    utc,
)
from tests.support.metrics_story import Story, at, book, policy


async def test_volume_counts_people_who_ask_and_what_the_desk_found() -> None:
    measured = await figures(
        Story("09:00").events,
        second(Story("10:00", kind=Kind.REQUEST)),
        second(Story("11:00", kind=Kind.PROACTIVE), "ticket-3"),
    )
    assert (measured["contacts"], measured["proactive"]) == (2, 1)
    assert measured["contacts_per_person_per_day"] == pytest.approx(2 / 100)


async def test_backlog_age_and_littles_law_are_those_of_a_queue_served_in_turn() -> None:
    """Two tickets of six hours each within the day: half a ticket on average."""
    first = Story("2026-11-23 07:00").resolved("2026-11-23 13:00")
    two = Story("2026-11-23 13:00").resolved("2026-11-23 19:00")
    measured = await figures(first.events, second(two))
    assert (measured["arrivals"], measured["departures"], measured["backlog"]) == (2, 2, 0)
    assert measured["average_backlog"] == pytest.approx(0.5)
    assert measured["time_in_system"] == 6 * 3600
    assert measured["little"] == pytest.approx(1)
    assert measured["backlog_age"] is None


async def test_the_backlog_of_a_day_knows_the_days_before() -> None:
    old = Story("2026-11-20 09:00").resolved("2026-11-24 09:00")
    measured = await figures(old.events)
    assert (measured["arrivals"], measured["backlog"]) == (0, 1)
    assert measured["average_backlog"] == 1
    assert measured["backlog_age"] == (utc(TUESDAY) - at("2026-11-20 09:00")).total_seconds()


async def test_as_of_noon_shows_what_was_known_at_noon() -> None:
    life = Story("09:00").resolved("11:00").reopened("13:00").resolved("15:00")
    noon = await figures(life.events, as_of=at("12:00"))
    assert (noon["backlog"], noon["resolved"], noon["first_contact_resolution"]) == (0, 1, 1)
    assert noon["mttr"] == 2 * 3600
    afternoon = await figures(life.events, as_of=at("14:00"))
    assert (afternoon["backlog"], afternoon["resolved"], afternoon["reopened"]) == (1, 0, 1)
    evening = await figures(life.events)
    assert (evening["backlog"], evening["resolved"], evening["reopen_rate"]) == (0, 1, 0.5)
    assert (evening["mttr"], evening["first_contact_resolution"]) == (6 * 3600, 0)


async def test_a_reopening_days_later_amends_the_day_of_the_resolution_and_says_so() -> None:
    life = Story("09:00").resolved("11:00")
    assert (await figures(life.events))["amended"] == 0
    late = await figures(life.reopened("2026-11-25 09:00").events)
    assert (late["resolved"], late["mttr_count"]) == (0, 0)
    assert late["amended"] == 3


async def test_facts_that_come_late_are_counted_on_their_own_day_and_marked() -> None:
    life = Story("09:00").assigned("2026-11-25 10:00", "network").answered("09:30")
    measured = await figures(life.events)
    assert measured["mtta"] == 1800
    assert measured["amended"] == 1


async def test_acknowledged_is_what_a_person_does_and_never_a_machine() -> None:
    assert (await figures(Story("09:00").events))["mtta"] is None
    started = Story("09:00").say("09:10", TicketStarted(by="bo")).answered("09:20")
    assert (await figures(started.events))["mtta"] == 600
    healed = Story("09:00").resolved("09:05", How.AUTOMATION)
    assert (await figures(healed.events))["mtta"] is None


async def test_withdrawn_and_merged_tickets_leave_but_are_not_restored() -> None:
    gone = Story("09:00").resolved("10:00", How.WITHDRAWN)
    merged = Story("09:00").merged("10:00")
    measured = await figures(gone.events, second(merged))
    assert (measured["departures"], measured["backlog"]) == (2, 0)
    assert (measured["resolved"], measured["mttr"]) == (0, None)


async def test_at_first_contact_means_one_team_and_no_question_back() -> None:
    plain = Story("09:00").assigned("09:01", "network").resolved("10:00")
    passed_on = Story("09:00").assigned("09:01", "network").assigned("09:30", "mail")
    passed_on.resolved("10:00")
    questioned = Story("09:00").paused("09:10").resumed("09:20").resolved("10:00")
    measured = await figures(plain.events, second(passed_on), second(questioned, "ticket-3"))
    assert measured["first_contact_resolution"] == pytest.approx(1 / 3)
    assert measured["handovers"] == 1


async def test_what_nobody_could_sort_is_counted_until_somebody_does() -> None:
    unknown = Story("09:00").assigned("09:01", "service-care").assigned("09:30", "mail")
    familiar = Story("09:00").triaged("09:01", "P3").assigned("09:01", "network")
    measured = await figures(unknown.events, second(familiar), second(Story("09:00"), "ticket-3"))
    assert measured["not_placed"] == 1
    assert measured["not_placed_share"] == pytest.approx(1 / 3)
    sorted_at_last = unknown.triaged("10:00", "P3")
    assert (await figures(sorted_at_last.events))["not_placed"] == 0


async def test_people_who_help_themselves_and_machines_that_help_are_self_service() -> None:
    self_served = Story("09:00").resolved("09:30", How.SELF_SERVICE)
    measured = await figures(self_served.events, second(Story("09:00").resolved("10:00")))
    assert measured["self_service_share"] == 0.5


async def test_slas_count_once_on_the_day_of_their_verdict() -> None:
    policies = book(policy(minutes=60))
    kept = Story("09:00").resolved("09:30")
    broken = Story("09:00").resolved("2026-11-25 09:30")
    measured = await figures(kept.events, second(broken), policies=policies)
    assert (measured["sla_evaluated"], measured["sla_met"]) == (2, 0.5)
    assert measured["resolution_met"] == 0.5
    assert measured["response_met"] is None
    early = await figures(second(broken), policies=policies, as_of=at("09:59"))
    assert early["sla_evaluated"] == 0


async def test_lost_minutes_are_open_hours_of_incidents() -> None:
    policies = book(policy())
    night = Story("16:00").resolved("2026-11-24 10:00")
    request = second(Story("16:00", kind=Kind.REQUEST).resolved("2026-11-24 10:00"))
    measured = await figures(night.events, request, day=TUESDAY, policies=policies, cost=0.5)
    assert (measured["lost_minutes"], measured["lost_cost"]) == (120, 60)


def _heal(run: str, when: str, person: str = "") -> AnyEvent:
    data = RunHealed(run=run, runbook="free-disk", title="Free the disk", person=person)
    return Event(f"{run}-healed", "/desk/automation", "laptop-1", at(when), data)


def _relapse(run: str, healed: str, relapsed: str) -> AnyEvent:
    data = RunRelapsed(
        run=run,
        runbook="free-disk",
        title="Free the disk",
        again="laptop-1/2",
        healed_at=at(healed),
        relapsed_at=at(relapsed),
        team="workplace",
    )
    return Event(f"{run}-relapsed", "/desk/automation", "laptop-1", at(relapsed), data)


async def test_a_repair_counts_until_the_same_trouble_is_back() -> None:
    lasting = [_heal("r1", "09:05", "ana")]
    measured = await figures(lasting)
    assert (measured["auto_healed"], measured["prevented_contacts"], measured["relapses"]) == (
        1,
        1,
        0,
    )
    back = [*lasting, _relapse("r1", "09:05", "20:00")]
    measured = await figures(back)
    assert measured == await figures([*reversed(back), back[1]])
    early = await figures(back, as_of=at("19:59"))
    assert (early["auto_healed"], early["relapses"]) == (1, 0)
    assert (measured["auto_healed"], measured["prevented_contacts"], measured["relapses"]) == (
        0,
        0,
        1,
    )
    assert (await figures(back, as_of=at("12:00")))["auto_healed"] == 1


async def test_runs_told_twice_and_in_any_order_count_once() -> None:
    events = [_heal("r1", "09:05"), _heal("r2", "09:00"), _relapse("r2", "09:00", "09:04")]
    again = [event._replace(id=f"{event.id}-again") for event in reversed(events)]
    measured = await figures([*events, *again])
    assert (measured["auto_healed"], measured["relapses"]) == (1, 1)


def _warning(when: str) -> AnyEvent:
    data = SignalRaised(
        episode="e1", detector="d", signal="slow", title="Slow", severity=Severity.WARNING,
        subject_kind=SubjectKind.SERVICE, measurement="latency", value=9, threshold=5,
        service="mail",
    )  # fmt: skip
    return Event("warning", "/desk/triage", "mail", at(when), data)


async def test_the_lead_is_from_the_warning_to_the_first_who_asks() -> None:
    reports = [Story("09:30", service="mail").events, second(Story("09:45", service="mail"))]
    measured = await figures([_warning("09:00")], *reports)
    assert (measured["detection_lead"], measured["foreseen_share"]) == (1800, 1)
    assert await figures(*reversed(reports), [_warning("09:00")]) == measured
    late = await figures([_warning("09:40")], *reports)
    assert (late["detection_lead"], late["foreseen_share"]) == (None, 0)
    assert (await figures([_warning("09:00")]))["foreseen_share"] is None


async def test_slices_follow_what_a_ticket_is_known_as_today() -> None:
    life = Story("09:00").assigned("10:00", "network").assigned("11:00", "mail").resolved("12:00")
    (span,) = spans_of(utc(MONDAY), utc(TUESDAY), 1, NOW)
    totals = totals_of(await buckets_of(life.events), [span], "team")
    assert [name for _, name in totals] == ["mail"]
    measured = figures_of(totals[span, "mail"], span)
    assert (measured["arrivals"], measured["departures"], measured["backlog"]) == (1, 1, 0)


async def test_what_is_read_back_from_the_store_posts_nothing_anew() -> None:
    desk = Desk(NOW, NOBODY)
    life = Story("09:00").assigned("10:00", "network").answered("11:00", automatic=True)
    await desk.tell(life.events[:2])
    before = (await desk.collections.tickets.load([life.ticket]))[life.ticket].state
    desk.restarted()
    await desk.tell(life.events[2:])
    after = (await desk.collections.tickets.load([life.ticket]))[life.ticket].state
    assert before is not None
    assert after is not None
    assert (before.revision, before.published) == (after.revision, after.published)


async def test_a_week_is_the_sum_of_its_days() -> None:
    lives = []
    for n in range(9):
        life = Story(f"2026-11-2{3 + n % 4} 0{n}:00").resolved(f"2026-11-2{4 + n % 3} 12:0{n}")
        lives.append(second(life, f"t-{n}"))
    buckets = await buckets_of(*lives)
    days = list(spans_of(utc(MONDAY), utc("2026-11-30"), 1, NOW))
    (week,) = spans_of(utc(MONDAY), utc("2026-11-30"), 7, NOW)
    by_day, whole = totals_of(buckets, days, ""), totals_of(buckets, [week], "")[week, ""]
    for measure in whole.sketches:
        merged = reduce(_merged, (by_day[day, ""].sketch(measure) for day in days), Sketch())
        assert merged == whole.sketches[measure]
    assert sum(by_day[day, ""].integral for day in days) == whole.integral
    assert by_day[days[-1], ""].status == whole.status


def _merged(sketch: Sketch, other: Sketch) -> Sketch:
    sketch.merge(other)
    return sketch


def test_a_sketch_is_within_one_per_cent_and_forgets_what_is_taken_back() -> None:
    sketch, samples = Sketch(), [1, 7, 60_000_000, 61_000_000, 3_600_000_000, 10**13]
    for amount in samples:
        sketch.add(amount)
    for place, amount in enumerate(samples, 1):
        quantile = sketch.quantile(place / len(samples))
        assert quantile == pytest.approx(amount, rel=ACCURACY * 1.001)
    sketch.add(0)
    assert sketch.quantile(0.01) == 0
    for amount in (0, *samples):
        sketch.add(amount, -1)
    assert sketch == Sketch()
    assert (sketch.mean, sketch.quantile(0.5)) == (None, None)
    sketch.add(10, 3)
    sketch.add(50)
    assert sketch.mean == 20


def test_a_span_that_has_not_begun_has_no_length() -> None:
    assert QuerySpan(10, 20, 5).length == 0
    assert QuerySpan(10, 20, 15).length == 5
