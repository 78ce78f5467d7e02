"""Where the time goes: rankings with numbers, each with its formula, and a sentence for each list.

Hours are elapsed hours round the clock, shares are between 0 and 1. What the log does not tell is
None, never a zero.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from desk_contracts.frozen import Frozen
from desk_contracts.message import Message

from desk_metrics.history.months import MonthFigures, MonthTrend, list_months, list_trends
from desk_metrics.history.path import Phase
from desk_metrics.history.quotients import hours_if_any, hours_of, rank, share_of
from desk_metrics.history.tallies import NO_NAME, PathTally, Tallies, minutes_at, total_minutes
from desk_metrics.history.teams import (
    HandsOn,
    PingPong,
    Queue,
    WaitSigns,
    rank_givers,
    rank_queues,
    rank_returns,
    rank_wait_signs,
)
from desk_metrics.history.topics import (
    PassedOn,
    Repeated,
    ToEngineerOut,
    list_repeated,
    list_topics,
    rank_alike,
    rank_hard,
    rank_often,
    rank_passed_on,
)
from desk_metrics.history.verdicts import Breaches, describe_breaches
from desk_metrics.sla.worktime import instant


class Waits(Frozen):
    """Time spent waiting for one reason. `share_of_open` = hours ÷ all open hours."""

    reason: str
    times: int
    hours: float
    median_hours: float | None
    share_of_open: float | None
    examples: tuple[str, ...]


class Way(Frozen):
    """Tickets that are over and went one way: the same phases, or the same teams, in one order.

    `share` = tickets ÷ tickets that are over; `broken_share` of those that the log judges.
    """

    steps: tuple[str, ...]
    tickets: int
    share: float | None
    median_hours: float | None
    broken_share: float | None
    examples: tuple[str, ...]


class ReopenedTickets(Frozen):
    """Topics or teams by reopened tickets; `share` = reopened ÷ tickets of it."""

    name: str
    tickets: int
    reopened: int
    share: float | None
    examples: tuple[str, ...]


class WhereTimeGoes(Frozen):
    """The whole report. Open time is from opening to resolution, and again from each reopening.

    `has_updates`: the log tells what changed when. One that has a single row a ticket tells nothing
    of hand-overs, reopenings, waits and paths, so these are None and not ranked. What needs names
    of teams is None for a log that has none; tickets without a topic are in no ranking of topics.
    `at_front_share` = over without being handed on ÷ over, of tickets whose teams are named.
    """

    tickets: int
    over: int
    has_updates: bool
    has_topics: bool
    first_opened: datetime | None
    last_event: datetime | None
    open_hours: float
    queued_share: float | None
    worked_on_share: float | None
    waiting_share: float | None
    median_hours_to_resolve: float | None
    p90_hours_to_resolve: float | None
    reopened_share: float | None
    reopenings: int | None
    reassignments_per_ticket: float | None
    handed_on_share: float | None
    ping_pong_share: float | None
    returned_to_queue_per_ticket: float | None
    first_team_is_last_share: float | None
    at_front_share: float | None
    sentences: tuple[Message, ...] = ()
    breaches: Breaches | None = None
    automate: tuple[Repeated, ...] = ()
    most_repeated: tuple[Repeated, ...] = ()
    engineer_out: tuple[ToEngineerOut, ...] = ()
    passed_on: tuple[PassedOn, ...] = ()
    hand_on: tuple[HandsOn, ...] = ()
    ping_pong: tuple[PingPong, ...] = ()
    waits: tuple[Waits, ...] = ()
    wait_signs: tuple[WaitSigns, ...] = ()
    queues: tuple[Queue, ...] = ()
    reopened_topics: tuple[ReopenedTickets, ...] = ()
    reopened_teams: tuple[ReopenedTickets, ...] = ()
    paths: tuple[Way, ...] = ()
    routes: tuple[Way, ...] = ()
    months: tuple[MonthFigures, ...] = ()
    trends: tuple[MonthTrend, ...] = ()


def rank_findings(tallies: Tallies, *, top: int = 10) -> WhereTimeGoes:
    """The figures of what was added up, each ranking cut after `top`; without sentences."""
    open_minutes = sum(tallies.minutes.values())
    repeated, months = list_repeated(tallies), list_months(tallies)
    rankings: dict[str, object] = {
        "breaches": describe_breaches(tallies),
        "automate": rank_alike(repeated, top),
        "most_repeated": rank_often(repeated, top),
        "engineer_out": rank_hard(tallies, top),
        "hand_on": rank_givers(tallies, top),
        "ping_pong": rank_returns(tallies, top),
        "waits": _rank_waits(tallies, open_minutes, top),
        "wait_signs": rank_wait_signs(tallies, top),
        "queues": rank_queues(tallies, open_minutes, top),
        "reopened_topics": _rank_reopened_topics(tallies, top),
        "reopened_teams": _rank_reopened_teams(tallies, top),
        "months": months,
        "trends": list_trends(months),
    }
    if tallies.has_updates:
        rankings |= {
            "passed_on": rank_passed_on(tallies, top),
            "paths": _rank_ways(tallies.paths, tallies.over, top),
            "routes": _rank_ways(tallies.routes, tallies.over, top),
        }
    return _measure_whole(tallies, open_minutes).model_copy(update=rankings)


def _measure_whole(tallies: Tallies, open_minutes: float) -> WhereTimeGoes:
    """The figures of all tickets together."""
    phases = _share_phases(tallies, open_minutes)
    return WhereTimeGoes(
        tickets=tallies.tickets,
        over=tallies.over,
        has_updates=tallies.has_updates,
        has_topics=any(True for _ in list_topics(tallies)),
        first_opened=_moment(tallies.first),
        last_event=_moment(tallies.last),
        open_hours=hours_of(open_minutes),
        queued_share=phases[Phase.QUEUED],
        worked_on_share=phases[Phase.WORKED_ON],
        waiting_share=phases[Phase.WAITING],
        median_hours_to_resolve=hours_if_any(minutes_at(tallies.to_resolve, 0.5)),
        p90_hours_to_resolve=hours_if_any(minutes_at(tallies.to_resolve, 0.9)),
        reopened_share=_of_updates(tallies, share_of(tallies.reopened, tallies.tickets)),
        reopenings=tallies.reopenings if tallies.has_updates else None,
        reassignments_per_ticket=_of_teams(tallies, tallies.reassignments),
        handed_on_share=_of_teams(tallies, tallies.handed_on),
        ping_pong_share=_of_teams(tallies, tallies.ping_pong),
        returned_to_queue_per_ticket=_of_updates(
            tallies, share_of(tallies.requeues, tallies.tickets)
        ),
        first_team_is_last_share=_of_updates(
            tallies, share_of(tallies.first_is_last, tallies.with_team)
        ),
        at_front_share=_of_updates(tallies, share_of(tallies.at_front, tallies.with_team)),
    )


def _share_phases(tallies: Tallies, open_minutes: float) -> Mapping[Phase, float | None]:
    """A log that tells no work cannot tell a queue from it, and one without waits no waiting."""
    is_told = {
        Phase.QUEUED: tallies.has_work,
        Phase.WORKED_ON: tallies.has_work,
        Phase.WAITING: tallies.has_waits and tallies.has_updates,
    }
    return {
        phase: share_of(tallies.minutes.get(phase, 0.0), open_minutes) if is_there else None
        for phase, is_there in is_told.items()
    }


def _rank_waits(tallies: Tallies, open_minutes: float, top: int) -> tuple[Waits, ...]:
    entries = (
        Waits(
            reason=reason,
            times=tally.waited.count,
            hours=hours_of(total_minutes(tally.waited)),
            median_hours=hours_if_any(minutes_at(tally.waited, 0.5)),
            share_of_open=share_of(total_minutes(tally.waited), open_minutes),
            examples=tally.examples.numbers,
        )
        for reason, tally in tallies.reasons.items()
    )
    return rank(entries, lambda entry: (entry.hours, entry.times, entry.reason), top)


def _rank_ways(table: Mapping[tuple[str, ...], PathTally], over: int, top: int) -> tuple[Way, ...]:
    entries = (
        Way(
            steps=steps,
            tickets=tally.tickets,
            share=share_of(tally.tickets, over),
            median_hours=hours_if_any(minutes_at(tally.took, 0.5)),
            broken_share=share_of(
                tally.verdicts.broken, tally.verdicts.kept + tally.verdicts.broken
            ),
            examples=tally.examples.numbers,
        )
        for steps, tally in table.items()
    )
    return rank(entries, lambda entry: (entry.tickets, 0, " ".join(entry.steps)), top)


def _rank_reopened_topics(tallies: Tallies, top: int) -> tuple[ReopenedTickets, ...]:
    return _rank_reopened(
        (
            ReopenedTickets(
                name=name,
                tickets=topic.tickets,
                reopened=topic.reopened,
                share=share_of(topic.reopened, topic.tickets),
                examples=topic.returned.numbers,
            )
            for name, topic in list_topics(tallies)
        ),
        top,
    )


def _rank_reopened_teams(tallies: Tallies, top: int) -> tuple[ReopenedTickets, ...]:
    return _rank_reopened(
        (
            ReopenedTickets(
                name=name,
                tickets=team.resolved,
                reopened=team.reopened,
                share=share_of(team.reopened, team.resolved),
                examples=team.reopened_examples.numbers,
            )
            for name, team in tallies.teams.items()
            if name != NO_NAME
        ),
        top,
    )


def _rank_reopened(entries: Iterable[ReopenedTickets], top: int) -> tuple[ReopenedTickets, ...]:
    """By count; of as many, those of fewer tickets are the greater share."""
    return rank(entries, lambda entry: (entry.reopened, -entry.tickets, entry.name), top)


def _of_teams(tallies: Tallies, count: int) -> float | None:
    """A count per ticket, if the log names teams at all and tells when they changed."""
    if not set(tallies.teams) - {NO_NAME}:
        return None
    return _of_updates(tallies, share_of(count, tallies.tickets))


def _of_updates(tallies: Tallies, figure: float | None) -> float | None:
    """What only a log of updates tells."""
    return figure if tallies.has_updates else None


def _moment(us: int | None) -> datetime | None:
    return None if us is None else instant(us)
