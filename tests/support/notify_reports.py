"""Reports of metrics that notify has words for."""

from collections.abc import Iterator
from datetime import date, timedelta

from desk_contracts.events.notifications import Notified
from desk_contracts.events.reports import (
    Answer,
    AnswerOutcome,
    Proposal,
    ServiceRanked,
    SkillGapReported,
)
from desk_contracts.message import verbatim

from tests.support.notify_desk import NOON, Story

_WHY = "The desk repaired it 31 times, and 12 of these repairs did not last a day."
_PEOPLE = {"deflected": 4, "reported_lost_minutes": 95.0, "reported_lost_answers": 3}


def rank_services(story: Story) -> Iterator[Notified]:
    """Which services cost most, what was answered, and which skill is missing."""
    ranked = ServiceRanked(
        service="vpn",
        team="network",
        period="2026-W44/2026-W47",
        since=NOON - timedelta(days=28),
        until=NOON,
        rank=1,
        of=13,
        contacts=84,
        contacts_before=61,
        lost_minutes=5310,
        repeat_contacts=9,
        healing_debt=31,
        relapses=12,
        slas_breached=7,
        score=6_569,
        proposal=Proposal.REPAIR,
        in_a_row=2,
        reasons=(verbatim(_WHY),),
        based_on=verbatim("84 contacts and 31 repairs."),
    )
    for update in ({}, {"is_before_known": False}, _PEOPLE):
        yield from story.happens(ranked.model_copy(update=update), "network")
    quiet = ranked.model_copy(update={"proposal": Proposal.LEAVE})
    assert not list(story.happens(quiet, "network"))
    yield from _answers(story, ranked)
    yield from _miss_skill(story)


def _miss_skill(story: Story) -> Iterator[Notified]:
    gap = SkillGapReported(
        team="network",
        skill="wifi",
        period="2026-W35/2026-W47",
        since=NOON - timedelta(days=91),
        until=NOON,
        bus_factor=1,
        members=2,
        requested=46,
        handed_on=18,
        reasons=(verbatim("46 tickets asked for wifi; one member has it."),),
    )
    yield from story.happens(gap, "network")


def _answers(story: Story, ranked: ServiceRanked) -> Iterator[Notified]:
    silent = {"unanswered": 2, "unanswered_since": NOON - timedelta(days=14), "escalated": True}
    others = {**silent, "escalated_to": "service-care"}
    yield from story.happens(ranked.model_copy(update=others), "network")
    yield from story.happens(ranked.model_copy(update=silent), "network")
    planned = {"answer": Answer.ACCEPTED, "target_date": date(2026, 11, 20)}
    yield from story.happens(ranked.model_copy(update=planned), "network")
    for outcome in AnswerOutcome:
        done = {"answer": Answer.DONE, "outcome": outcome, "proposal": Proposal.LEAVE}
        yield from story.happens(ranked.model_copy(update=done), "network")
