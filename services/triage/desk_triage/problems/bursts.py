"""When reports are so unusual that they have one cause, and which of them belong to it."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from desk_triage.problems.model import Problem, Report
from desk_triage.problems.profile import MOST_EVIDENCE, Profile, Scales, count_profile
from desk_triage.problems.rates import Rates, hour_of_week, surprise_of
from desk_triage.problems.terms import number_key, number_terms
from desk_triage.problems.window import LEAST_PEOPLE, Burst, Counted

# Terms of one ticket that could be unusual independently of each other, times lengths of window.
_TESTS_A_TICKET = 30
# Texts are no dice: of an ordinary day the most unusual term stays below, with room to spare.
_MARGIN = 2.6
# It is told to people without anybody's word if chance is out of the question.
_OVERWHELMING, _PEOPLE_OVERWHELMING = 10.0, 10
# Of those that join, so many may be tickets of their own; and each says something by itself.
_WRONG = 0.01
LEAST_SAID = 3.0
# Where too little is known of other tickets, only those join that are hardly like any other.
_FEW_OTHERS, _SAYS_ENOUGH = 30, 6.0
_ROUNDS = 4
# One ticket from before in so many may be like a group by chance.
_LIKE_BY_CHANCE = 200
# A count that is less unusual than is needed is enough if its people say the same as well; more is
# needed if they do not. It counts by how much the third says more than others do by chance.
_CREDIT, _LEAD, _LEAST_CREDIT, _MOST_CREDIT, _ONE_WORD = 0.25, 4.0, -0.5, 2.0, 1.0
# A count of the last quiet time that is less unusual than this is an ordinary one again.
_ORDINARY = 1.3


def require_surprise(tickets: int, window: timedelta) -> float:
    """How unusual a count must be at this load, so that false problems stay as rare at any load."""
    a_day = max(1.0, tickets * (timedelta(days=1) / window))
    return math.log10(a_day * _TESTS_A_TICKET) + _MARGIN


def count_report(report: Report) -> Counted:
    """The report as it is counted: a person counts once."""
    terms = frozenset[int]() if report.is_repeated else number_terms(*report.wording)
    return Counted(report.counted_at, report.person, terms)


def keys_of(report: Report) -> tuple[int, ...]:
    """What of it is counted by the hour of the week."""
    if not report.service:
        return ()
    category = f"{report.service}/{report.category}"
    return number_key("service", report.service), number_key("category", category)


class Group(NamedTuple):
    """The reports of one trouble, what they say, and the weight from which on a ticket joins.

    `third` is the weight of what its third person says, `by_chance` one that hardly any ticket from
    before has.
    """

    burst: Burst
    members: list[Report]
    profile: Profile
    enough: float
    third: float
    by_chance: float

    @property
    def head_count(self) -> int:
        """How many people are in it."""
        return len({report.person for report in self.members})


def began(first: datetime, window: timedelta) -> datetime:
    """What came before is surely no report of a trouble whose first known report came then.

    Its very first ones may be worded in another way, and would then look like ordinary tickets.
    """
    return first - window / 3


def gather(
    burst: Burst,
    recent: Sequence[Report],
    others: Sequence[Report],
    rates: Rates,
    window: timedelta,
) -> Group:
    """The reports of one trouble among the recent ones, from those that have the unusual term.

    What these say makes a profile; whoever says it too belongs to it and makes the next profile.
    `others` came before.
    """
    members = [
        report
        for report in recent
        if report.at >= burst.since and burst.term in number_terms(*report.wording)
    ]
    since = began(members[0].at if members else burst.since, window)
    during = [report for report in recent if report.at >= since]
    others = [*others, *(report for report in recent if report.at < since)]
    for _ in range(_ROUNDS):
        profile = count_profile([report.wording for report in members])
        scales = Scales(profile, rates)
        weights = weigh_all(scales, others)
        enough = find_threshold(weights, len(members) / max(1, len(during)))
        matching = [report for report in during if scales.weigh(report.wording) >= enough]
        if matching == members:
            break
        members = matching
    people = weigh_all(scales, {report.person: report for report in members}.values())
    third = people[LEAST_PEOPLE - 1] if len(people) >= LEAST_PEOPLE else 0.0
    by_chance = weights[len(weights) // _LIKE_BY_CHANCE] if len(weights) >= _FEW_OTHERS else third
    return Group(burst, members, profile, enough, third, by_chance)


def weigh_all(scales: Scales, reports: Iterable[Report]) -> list[float]:
    """What each of them weighs, the heaviest first."""
    return sorted((scales.weigh(report.wording) for report in reports), reverse=True)


def is_enough(group: Group) -> bool:
    """Whether it has one cause, by its count and by what its people say beside that."""
    if group.third <= MOST_EVIDENCE:  # they have one word in common, and that may be chance
        return group.burst.beyond >= _ONE_WORD
    credit = _CREDIT * (group.third - group.by_chance - _LEAD)
    return group.burst.beyond + min(_MOST_CREDIT, max(_LEAST_CREDIT, credit)) >= 0


def find_threshold(weights: Sequence[float], share: float) -> float:
    """The weight that so few of the other tickets reach that hardly a wrong one joins.

    `weights` are those of the others; `share` is the share of all tickets that join at this time.
    """
    if len(weights) < _FEW_OTHERS:
        return _SAYS_ENOUGH
    share = min(0.9, share)
    allowed = int(_WRONG * share / (1 - share) * len(weights))
    return max(LEAST_SAID, weights[min(allowed, len(weights) - 1)] + 0.1)


def is_overwhelming(problem: Problem, rates: Rates, at: datetime, needed: float) -> bool:
    """Whether so many people report it that chance is out of the question."""
    tally, people = problem.tally, len(problem.people)
    if people < _PEOPLE_OVERWHELMING:
        return False
    joined = tally.joined + tally.joined_before
    seen = max(joined, tally.seen + tally.seen_before)
    surprise = rates.surprise(problem.seed, joined, seen, hour_of_week(at))
    return surprise >= needed + _OVERWHELMING


def is_ordinary(problem: Problem, joining: int, compared: int) -> bool:
    """Whether as many joined in the last quiet time as would have without any trouble.

    Of `compared` tickets from before so many would have joined by chance.
    """
    tally, by_chance = problem.tally, joining + 0.5
    mean = max(tally.seen, tally.joined) * by_chance / (compared + 1)
    return surprise_of(tally.joined, mean, by_chance) < _ORDINARY
