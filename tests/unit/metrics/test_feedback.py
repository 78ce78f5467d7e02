"""Happiness and experience: what is said and seen becomes figures, once, in any order."""

from itertools import permutations

import pytest
from desk_contracts.events.feedback import DemandObsoleteReported, DemandRequested, SurveyAnswered
from desk_contracts.value_types import SubjectKind
from desk_kernel.wilson import wilson
from desk_metrics.measures.experience import Experience, Impressions, Of
from desk_metrics.measures.figures import figures_of
from desk_metrics.measures.happiness import Happiness, quotient_of
from desk_metrics.measures.totals import QuerySpan, totals_of
from desk_metrics.sla.worktime import micros

from tests.support.metrics_desk import Desk
from tests.support.metrics_feedback import (
    DAY,
    HOUR,
    NOW,
    after,
    answered,
    cleared,
    figures,
    happened,
    raised,
)
from tests.support.metrics_story import REQUESTER, Story


async def experiences(desk: Desk, of: Of) -> dict[str, Experience]:
    impressions = Impressions(QuerySpan(micros(DAY), micros(NOW), micros(NOW)), of)
    for bucket in await desk.buckets():
        impressions.add(bucket)
    return {experience.name: experience for experience in impressions.experiences()}


async def test_a_later_answer_replaces_the_earlier_one_in_any_order_and_however_often() -> None:
    answers = [answered(5, 9, 1, team="mail"), answered(1, 10, 2, team="network")]
    for order in permutations([*answers, *answers]):
        measured = await figures(await after(*order), "team")
        assert (measured["network"]["surveys"], measured["network"]["survey_mean"]) == (1, 1.0)
        assert "mail" not in measured


async def test_as_of_still_knows_the_answer_that_was_replaced() -> None:
    desk = await after(answered(5, 9, 1), answered(1, 10, 2))
    then = (await figures(desk, as_of=DAY + 9.5 * HOUR))[""]
    now = (await figures(desk))[""]
    assert (then["happiness"], now["happiness"]) == (1.0, -1.0)
    assert now["amended"] == 1


async def test_without_answers_there_is_no_happiness_and_none_is_not_zero() -> None:
    measured = (await figures(await after()))[""]
    assert measured["surveys"] == 0
    assert [measured[name] for name in ("happiness", "happiness_low", "survey_mean")] == [None] * 3


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Values of Wilson's interval as Newcombe (1998, table I) gives them.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)],
)
def test_the_interval_of_a_share_is_wilsons(part: int, whole: int, low: float, high: float) -> None:
    assert wilson(part, whole, 1.959964) == pytest.approx((low, high), abs=5e-5)


def test_few_answers_say_little_and_many_say_more() -> None:
    few, many = quotient_of({5: 1}), quotient_of({5: 1000})
    assert few is not None
    assert many is not None
    assert few == pytest.approx(Happiness(1.0, -0.12, 1.0), abs=0.01)
    assert many.low > 0.99
    mixed = quotient_of({1: 50, 5: 50})
    assert mixed is not None
    assert mixed.quotient == 0
    assert mixed.low == pytest.approx(-mixed.high)
    # The plain formula for this case: 1.96 * sqrt((p + q - (p - q)^2) / n).
    assert mixed.high == pytest.approx(0.196, abs=0.01)


async def test_trouble_counts_on_the_days_it_lasted_in_any_order_of_its_events() -> None:
    events = [raised("lt-1", 23), cleared("lt-1", 25)]
    for order in permutations([*events, *events]):
        desk = await after(*order)
        days = [
            QuerySpan(micros(DAY), micros(DAY + 24 * HOUR), micros(NOW)),
            QuerySpan(micros(DAY + 24 * HOUR), micros(DAY + 48 * HOUR), micros(NOW)),
        ]
        totals = totals_of(await desk.buckets(), days)
        minutes = [figures_of(totals[day, ""], day)["abnormal_minutes"] for day in days]
        assert minutes == [60, 60]


async def test_a_device_that_nobody_watches_is_not_called_healthy() -> None:
    desk = await after(raised("lt-1", 1))
    assert await experiences(desk, Of.DEVICE) == {}


async def test_a_device_in_trouble_a_tenth_of_the_time_has_half_its_part() -> None:
    desk = await after(raised("lt-1", 0), cleared("lt-1", 16.8))
    device = (await experiences(desk, Of.DEVICE))["lt-1"]
    assert device.score == pytest.approx(50)
    assert device.quiet == pytest.approx(0.5)
    assert device.abnormal_minutes == pytest.approx(1008)
    assert device.sentiment is None
    person = (await experiences(desk, Of.PERSON))["ana"]
    assert person.score == pytest.approx(50)
    # A device in trouble is no trouble of the service that it uses.
    assert await experiences(desk, Of.SERVICE) == {}


async def test_two_troubles_at_once_all_the_time_are_no_worse_than_one_all_the_time() -> None:
    """Half of its part for each tenth of the time: in trouble for ten tenths, a 1,024th is left."""
    week = 7 * 24
    twice = [raised("lt-1", 0, episode=name) for name in ("hot", "full")]
    ends = [cleared("lt-1", week, episode=name) for name in ("hot", "full")]
    once = (await experiences(await after(twice[0], ends[0]), Of.DEVICE))["lt-1"]
    both = (await experiences(await after(*twice, *ends), Of.DEVICE))["lt-1"]
    assert both.abnormal_minutes == 2 * once.abnormal_minutes == 2 * week * 60
    assert both.quiet == once.quiet == pytest.approx(0.5**10)


async def test_a_service_in_trouble_is_told_by_its_own_signals() -> None:
    service = SubjectKind.SERVICE
    desk = await after(raised("vpn", 0, service), cleared("vpn", 16.8, service))
    assert (await experiences(desk, Of.SERVICE))["vpn"].score == pytest.approx(50)
    assert await experiences(desk, Of.DEVICE) == {}


async def test_lost_work_and_breached_slas_are_part_of_a_persons_technology() -> None:
    # Two hours of a working week of forty: half of "working"; the SLA of an hour is broken.
    life = Story("09:00", service="vpn").assigned("09:05", "network").resolved("11:00")
    desk = await after(*life.events)
    person = (await experiences(desk, Of.PERSON))[REQUESTER]
    assert (person.lost_minutes, person.sla) == (120, 0)
    assert person.working == pytest.approx(0.5)
    assert person.technology == person.score == pytest.approx(100 * (2 * 0.5 + 0) / 3)
    assert (await experiences(desk, Of.SERVICE))["vpn"].people == 1


async def test_one_answer_weighs_a_sixth_and_many_a_half() -> None:
    device = [raised("lt-1", 0), cleared("lt-1", 16.8)]
    desk = await after(*device, answered(5, 30, device="lt-1"))
    assert (await experiences(desk, Of.DEVICE))["lt-1"].score == pytest.approx(50 + 50 / 6)
    crowd = [
        happened(
            SurveyAnswered(
                ticket=f"t-{n}", cycle=0, revision=1, score=5, by=f"p-{n}", device="lt-1"
            ),
            f"t-{n}",
            DAY + 30 * HOUR,
        )
        for n in range(98)
    ]
    many = (await experiences(await after(*device, *crowd), Of.DEVICE))["lt-1"]
    assert many.score == pytest.approx(50 + 50 * 0.98 / 2)
    assert (many.answers, many.people) == (98, 99)


async def test_demands_count_once_each() -> None:
    wanted = happened(
        DemandRequested(feedback="f-1", what="Whiteboard", by="ana"), "whiteboard", DAY
    )
    unused = happened(DemandObsoleteReported(feedback="f-2", service="fax", by="ben"), "fax", DAY)
    desk = await after(wanted, unused, wanted, unused)
    measured = await figures(desk, "service")
    assert (measured["fax"]["obsolete_reported"], measured[""]["demand_requested"]) == (1, 1)


async def test_praise_of_ones_own_solution_counts_in_no_score() -> None:
    own = SurveyAnswered(ticket="t-1", cycle=0, revision=2, score=5, by="max", counted=False)
    alone = await figures(await after(happened(own, "t-1", DAY + 10 * HOUR)))
    assert (alone[""]["surveys"], alone[""]["happiness"]) == (0, None)
    for order in permutations([answered(1, 9, 1), happened(own, "t-1", DAY + 10 * HOUR)]):
        assert (await figures(await after(*order)))[""]["surveys"] == 0
