"""Skill gaps and bus factors, from what tickets asked teams for."""

from datetime import UTC, datetime

import pytest
from desk_metrics.reports.periods import read_period
from desk_metrics.reports.skill_gaps import SkillDemand, Skills, TeamSkills, gaps_of
from desk_metrics.sla.policies import PolicyBook

from tests.support.metrics_desk import Desk
from tests.support.metrics_measures import second
from tests.support.metrics_story import Story
from tests.support.spoken import codes, english

PERIOD = read_period("2026-11")
NOW = datetime(2026, 12, 1, tzinfo=UTC)
NETWORK = TeamSkills(
    "network", (frozenset({"vpn", "dns"}), frozenset({"wifi", "dns"})), frozenset({"wifi"})
)


def gap_rows(skill: str, came: int, passed: int = 0) -> list[tuple[str, int, list[str]]]:
    demand = {
        ("network", skill): SkillDemand(came, passed),
        ("unknown-team", skill): SkillDemand(99, 99),
    }
    gaps = gaps_of(demand, [NETWORK], PERIOD, "v1")
    return [(gap.skill, gap.bus_factor, codes(gap.reasons)) for gap in gaps]


@pytest.mark.parametrize(
    ("skill", "came", "passed", "wanted"),
    [
        ("vpn", 10, 0, [("vpn", 1, ["skill.few-members"])]),
        ("vpn", 9, 9, []),
        ("dns", 10, 2, []),
        ("dns", 10, 3, [("dns", 2, ["skill.handed-on"])]),
        ("sap", 40, 12, [("sap", 0, ["skill.few-members", "skill.handed-on"])]),
    ],
)
def test_a_gap_is_asked_for_and_rests_on_one_or_is_handed_on(
    skill: str, came: int, passed: int, wanted: list[tuple[str, int, list[str]]]
) -> None:
    assert gap_rows(skill, came, passed) == wanted


def test_the_sentences_say_who_can_and_what_was_handed_on() -> None:
    (gap,) = gaps_of({("network", "wifi"): SkillDemand(46, 18)}, [NETWORK], PERIOD, "v1")
    assert [english(why) for why in gap.reasons] == [
        "46 tickets asked for wifi, and 1 of 2 members can do it, though the team as a whole lists"
        " it.",
        "Of 46 tickets that asked for wifi it handed one on 18 times.",
    ]


async def test_what_teams_were_asked_for_comes_from_tickets_as_they_are_sorted() -> None:
    """Two tickets ask for wifi: one is passed on and back, one is sorted anew."""
    desk = Desk(NOW, PolicyBook(()))
    there = Story("09:00").triaged("09:01", "P3").assigned("09:02", "network")
    there.assigned("09:30", "mail").assigned("10:00", "network").resolved("11:00")
    await desk.tell(there.events)
    await desk.tell(second(Story("09:00").assigned("09:02", "network").triaged("09:05", "P3")))
    await desk.tell(second(Story("09:00").assigned("09:02", "network"), "ticket-3"))
    skills = Skills(PERIOD, NOW, {"mail": ("mailbox", "smtp")})
    for bucket in await desk.buckets():
        skills.add(bucket)
    assert skills.demand == {
        ("network", "mailbox"): SkillDemand(2, 1),
        ("network", "smtp"): SkillDemand(2, 1),
        ("mail", "mailbox"): SkillDemand(1, 1),
        ("mail", "smtp"): SkillDemand(1, 1),
    }
