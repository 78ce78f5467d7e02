"""Topics of a history, ranked: what goes the same way each time, what does not, what a first team
passes on although it ends others of the kind.
"""

from collections.abc import Iterable

from desk_contracts.frozen import Frozen

from desk_metrics.history.quotients import MIN_TICKETS, hours_if_any, hours_of, rank, share_of
from desk_metrics.history.tallies import NO_NAME, Tallies, TopicTally, minutes_at, total_minutes

# What repeats is at least so large a share of all tickets.
REPEATS = 0.005


class Repeated(Frozen):
    """A topic that repeats: at least half a per cent of all tickets.

    `sameness` = the product of what is known of `one_hop_share` (over, never handed on, never
    reopened ÷ tickets), `one_team_share` (ended by `team`, which ended most of them ÷ over) and
    `evenness` = 2 q1 ÷ (q1 + q3) of the hours without waiting, which is one less the quartile
    coefficient of dispersion (Bonett 2006): 1 if all took equally long.
    `alike` = tickets times sameness. Hours are elapsed: no log says how much work a ticket took.
    """

    topic: str
    tickets: int
    alike: float | None
    sameness: float | None
    one_hop_share: float | None
    one_team_share: float | None
    team: str
    evenness: float | None
    q1_hours: float | None
    median_hours: float | None
    q3_hours: float | None
    share_of_tickets: float | None
    examples: tuple[str, ...]


class ToEngineerOut(Frozen):
    """A topic whose tickets do not go easily: handed on, reopened, or never finished.

    `hours_lost` = all open hours of its tickets that are not routine, waiting included.
    `months` = calendar months (UTC) in which at least one ticket of it was opened.
    """

    topic: str
    tickets: int
    hard_tickets: int
    hours_lost: float
    handed_on_share: float | None
    reopened_share: float | None
    waited_share: float | None
    months: int
    examples: tuple[str, ...]


class PassedOn(Frozen):
    """A topic of which the team that has a ticket first ends some itself and passes others on.

    `at_front` = over without being handed on. Those passed on may be harder ones, so the difference
    of the medians is no saving, only a place to look.
    """

    topic: str
    tickets: int
    at_front: int
    at_front_share: float | None
    passed_on: int
    median_hours_at_front: float | None
    median_hours_passed_on: float | None
    examples: tuple[str, ...]


def list_repeated(tallies: Tallies) -> list[Repeated]:
    """Every topic that repeats, in no order."""
    least = max(MIN_TICKETS, REPEATS * tallies.tickets)
    return [
        _describe(name, topic, tallies)
        for name, topic in list_topics(tallies)
        if topic.tickets >= least
    ]


def rank_alike(repeated: Iterable[Repeated], top: int) -> tuple[Repeated, ...]:
    """By count times sameness."""
    evened = (entry for entry in repeated if entry.alike is not None)
    return rank(
        evened,
        lambda entry: (
            entry.alike or 0,  # desk-skip: mutate a rank leaves out zero and less
            entry.tickets,
            entry.topic,
        ),
        top,
    )


def rank_often(repeated: Iterable[Repeated], top: int) -> tuple[Repeated, ...]:
    """By how often they come."""
    return rank(repeated, lambda entry: (entry.tickets, entry.alike or 0, entry.topic), top)


def rank_hard(tallies: Tallies, top: int) -> tuple[ToEngineerOut, ...]:
    """By hours lost."""
    entries = (
        ToEngineerOut(
            topic=name,
            tickets=topic.tickets,
            hard_tickets=topic.hard.count,
            hours_lost=hours_of(total_minutes(topic.hard)),
            handed_on_share=share_of(topic.handed_on, topic.tickets),
            reopened_share=share_of(topic.reopened, topic.tickets),
            waited_share=share_of(topic.waited, topic.tickets) if tallies.has_waits else None,
            months=len(topic.months),
            examples=topic.hardest.numbers,
        )
        for name, topic in list_topics(tallies)
        if topic.hard.count >= MIN_TICKETS
    )
    return rank(entries, lambda entry: (entry.hours_lost, entry.hard_tickets, entry.topic), top)


def rank_passed_on(tallies: Tallies, top: int) -> tuple[PassedOn, ...]:
    """By tickets passed on, of topics that first teams end often enough themselves."""
    entries = (
        PassedOn(
            topic=name,
            tickets=topic.tickets,
            at_front=topic.at_front.count,
            at_front_share=share_of(
                topic.at_front.count, topic.at_front.count + topic.passed_on.count
            ),
            passed_on=topic.passed_on.count,
            median_hours_at_front=hours_if_any(minutes_at(topic.at_front, 0.5)),
            median_hours_passed_on=hours_if_any(minutes_at(topic.passed_on, 0.5)),
            examples=topic.passed.numbers,
        )
        for name, topic in list_topics(tallies)
        if topic.at_front.count >= MIN_TICKETS
    )
    return rank(entries, lambda entry: (entry.passed_on, entry.at_front, entry.topic), top)


def list_topics(tallies: Tallies) -> Iterable[tuple[str, TopicTally]]:
    """Those with a name."""
    return ((name, topic) for name, topic in tallies.topics.items() if name != NO_NAME)


def _describe(name: str, topic: TopicTally, tallies: Tallies) -> Repeated:
    resolvers = {team: count for team, count in topic.resolvers.items() if team != NO_NAME}
    team = max(resolvers, key=lambda team: (resolvers[team], team), default="")
    # A log with one row a ticket shows neither that it was handed on nor that it came back.
    one_hop = share_of(topic.routine, topic.tickets) if tallies.has_updates else None
    one_team = share_of(resolvers[team], topic.over) if team else None
    q1, q3 = minutes_at(topic.own, 0.25), minutes_at(topic.own, 0.75)
    evenness = None
    if topic.own.count >= MIN_TICKETS and q1 is not None and q3 is not None:
        evenness = round(2 * q1 / (q1 + q3), 4)
    factors = [factor for factor in (one_hop, one_team, evenness) if factor is not None]
    sameness = None
    if evenness is not None:
        sameness = 1.0
        for factor in factors:
            sameness *= factor
    return Repeated(
        topic=name,
        tickets=topic.tickets,
        alike=None if sameness is None else round(topic.tickets * sameness, 1),
        sameness=None if sameness is None else round(sameness, 4),
        one_hop_share=one_hop,
        one_team_share=one_team,
        team=team,
        evenness=evenness,
        q1_hours=hours_if_any(q1),
        median_hours=hours_if_any(minutes_at(topic.own, 0.5)),
        q3_hours=hours_if_any(q3),
        share_of_tickets=share_of(topic.tickets, tallies.tickets),
        examples=topic.latest.numbers,
    )
