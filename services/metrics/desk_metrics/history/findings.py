"""Where the time goes: rankings with numbers, each with its formula, and a sentence for each list.

Hours are elapsed hours round the clock, shares are between 0 and 1.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from desk_contracts.frozen import Frozen
from desk_contracts.message import Message, message

from desk_metrics.history.path import Phase
from desk_metrics.history.tallies import (
    NO_NAME,
    Tallies,
    TeamTally,
    TopicTally,
    minutes_at,
    total_minutes,
)
from desk_metrics.sla.worktime import instant

# Fewer tickets than this make no pattern; what repeats is also so large a share of all tickets.
MIN_TICKETS = 10
REPEATS = 0.005
T = TypeVar("T")


class ToAutomate(Frozen):
    """A topic that repeats and goes the same easy way each time.

    `routine_tickets`: over, in the hands of their first team, never reopened.
    `median_hours` of those, queue and work together, waiting left out.
    Listed are topics with at least half a per cent of all tickets: only what repeats pays.
    `hours_to_win` = routine_tickets times median_hours: a few long ones do not lead.
    """

    topic: str
    tickets: int
    routine_tickets: int
    median_hours: float
    hours_to_win: float
    share_of_tickets: float


class ToEngineerOut(Frozen):
    """A topic whose tickets do not go easily: handed on, reopened, or never finished.

    `hours_lost` = all open hours of its tickets that are not routine, waiting included.
    `months` = calendar months (UTC) in which at least one ticket of it was opened.
    """

    topic: str
    tickets: int
    hard_tickets: int
    hours_lost: float
    handed_on_share: float
    reopened_share: float
    waited_share: float
    months: int


class HandsOn(Frozen):
    """A team that gives tickets away.

    `given` counts reassignments from it to another team, `per_ticket` = given ÷ tickets it had,
    `hours_before` = open hours that those tickets had lain with it each time, all together.
    """

    team: str
    tickets: int
    given: int
    taken: int
    per_ticket: float
    median_hours_before: float
    hours_before: float
    mostly_to: str


class Waits(Frozen):
    """Time spent waiting for one reason. `share_of_open` = hours ÷ all open hours."""

    reason: str
    times: int
    hours: float
    median_hours: float
    share_of_open: float


class Queue(Frozen):
    """Time in which tickets lay with a team and nobody worked on them; `times` are intervals."""

    team: str
    times: int
    hours: float
    median_hours: float
    share_of_open: float


class ReopenedTickets(Frozen):
    """Topics or teams by reopened tickets; `share` = reopened ÷ tickets of it."""

    name: str
    tickets: int
    reopened: int
    share: float


class WhereTimeGoes(Frozen):
    """The whole report. Open time is from opening to resolution, and again from each reopening.

    What needs names of teams is None for a log that has none; tickets without a topic are in no
    ranking of topics.
    """

    tickets: int
    over: int
    first_opened: datetime | None
    last_event: datetime | None
    open_hours: float
    queued_share: float
    worked_on_share: float
    waiting_share: float
    median_hours_to_resolve: float
    p90_hours_to_resolve: float
    reopened_share: float
    reopenings: int
    reassignments_per_ticket: float | None
    handed_on_share: float | None
    ping_pong_share: float | None
    returned_to_queue_per_ticket: float
    first_team_is_last_share: float | None
    sentences: tuple[Message, ...] = ()
    automate: tuple[ToAutomate, ...] = ()
    most_repeated: tuple[ToAutomate, ...] = ()
    engineer_out: tuple[ToEngineerOut, ...] = ()
    hand_on: tuple[HandsOn, ...] = ()
    waits: tuple[Waits, ...] = ()
    queues: tuple[Queue, ...] = ()
    reopened_topics: tuple[ReopenedTickets, ...] = ()
    reopened_teams: tuple[ReopenedTickets, ...] = ()


def where_time_goes(tallies: Tallies, *, top: int = 10) -> WhereTimeGoes:
    """The report of what was added up, each ranking cut after `top`."""
    automate, repeated = _automate(tallies, top)
    open_minutes = sum(tallies.minutes.values())
    phases = {phase: _share(tallies.minutes.get(phase, 0.0), open_minutes) for phase in Phase}
    topics = ((name, topic.tickets, topic.reopened) for name, topic in _topics(tallies))
    teams = ((name, team.resolved, team.reopened) for name, team in tallies.teams.items())
    report = WhereTimeGoes(
        tickets=tallies.tickets,
        over=tallies.over,
        first_opened=_moment(tallies.first),
        last_event=_moment(tallies.last),
        open_hours=_hours(open_minutes),
        queued_share=phases[Phase.QUEUED],
        worked_on_share=phases[Phase.WORKED_ON],
        waiting_share=phases[Phase.WAITING],
        median_hours_to_resolve=_hours(minutes_at(tallies.to_resolve, 0.5)),
        p90_hours_to_resolve=_hours(minutes_at(tallies.to_resolve, 0.9)),
        reopened_share=_share(tallies.reopened, tallies.tickets),
        reopenings=tallies.reopenings,
        reassignments_per_ticket=_of_teams(tallies, tallies.reassignments),
        handed_on_share=_of_teams(tallies, tallies.handed_on),
        ping_pong_share=_of_teams(tallies, tallies.ping_pong),
        returned_to_queue_per_ticket=_share(tallies.requeues, tallies.tickets),
        first_team_is_last_share=_share(tallies.first_is_last, tallies.with_team)
        if tallies.with_team
        else None,
        automate=automate,
        most_repeated=repeated,
        engineer_out=_engineer_out(tallies, top),
        hand_on=_hand_on(tallies, top),
        waits=_waits(tallies, open_minutes, top),
        queues=_queues(tallies, open_minutes, top),
        reopened_topics=_rank_reopened(topics, top),
        reopened_teams=_rank_reopened(teams, top),
    )
    sentences = [*_of_topics(report), *_of_teams_and_waits(report)]
    if tallies.tickets and not any(True for _ in _topics(tallies)):
        sentences.insert(0, message("history.no-topics"))
    return report.model_copy(update={"sentences": tuple(sentences)})


def _automate(tallies: Tallies, top: int) -> tuple[tuple[ToAutomate, ...], tuple[ToAutomate, ...]]:
    """By hours to win, and by how often they come."""

    def build(name: str, topic: TopicTally) -> ToAutomate:
        median = minutes_at(topic.routine, 0.5)
        return ToAutomate(
            topic=name,
            tickets=topic.tickets,
            routine_tickets=topic.routine.count,
            median_hours=_hours(median),
            hours_to_win=_hours(topic.routine.count * median),
            share_of_tickets=_share(topic.tickets, tallies.tickets),
        )

    all_ = (build(n, t) for n, t in _topics(tallies) if t.routine.count >= MIN_TICKETS)
    often = [entry for entry in all_ if entry.tickets >= REPEATS * tallies.tickets]
    return (
        _best(often, lambda entry: (entry.hours_to_win, entry.routine_tickets, entry.topic), top),
        _best(often, lambda entry: (entry.tickets, entry.hours_to_win, entry.topic), top),
    )


def _engineer_out(tallies: Tallies, top: int) -> tuple[ToEngineerOut, ...]:
    all_ = (
        ToEngineerOut(
            topic=name,
            tickets=topic.tickets,
            hard_tickets=topic.hard.count,
            hours_lost=_hours(total_minutes(topic.hard)),
            handed_on_share=_share(topic.handed_on, topic.tickets),
            reopened_share=_share(topic.reopened, topic.tickets),
            waited_share=_share(topic.waited, topic.tickets),
            months=len(topic.months),
        )
        for name, topic in _topics(tallies)
        if topic.hard.count >= MIN_TICKETS
    )
    return _best(all_, lambda entry: (entry.hours_lost, entry.hard_tickets, entry.topic), top)


def _hand_on(tallies: Tallies, top: int) -> tuple[HandsOn, ...]:
    def build(name: str, team: TeamTally) -> HandsOn:
        takers = {taker: n for (giver, taker), n in tallies.pairs.items() if giver == name}
        return HandsOn(
            team=name,
            tickets=team.tickets,
            given=team.given,
            taken=team.taken,
            per_ticket=_share(team.given, team.tickets),
            median_hours_before=_hours(minutes_at(team.held_before_giving, 0.5)),
            hours_before=_hours(total_minutes(team.held_before_giving)),
            mostly_to=max(takers, key=lambda taker: (takers[taker], taker), default=""),
        )

    givers = sorted(tallies.teams.items(), key=lambda item: (-item[1].given, item[0]))
    return tuple(build(name, team) for name, team in givers[:top] if team.given)


def _waits(tallies: Tallies, open_minutes: float, top: int) -> tuple[Waits, ...]:
    all_ = (
        Waits(
            reason=reason,
            times=durations.count,
            hours=_hours(total_minutes(durations)),
            median_hours=_hours(minutes_at(durations, 0.5)),
            share_of_open=_share(total_minutes(durations), open_minutes),
        )
        for reason, durations in tallies.waits.items()
    )
    return _best(all_, lambda entry: (entry.hours, entry.times, entry.reason), top)


def _queues(tallies: Tallies, open_minutes: float, top: int) -> tuple[Queue, ...]:
    all_ = (
        Queue(
            team=name,
            times=team.queued.count,
            hours=_hours(total_minutes(team.queued)),
            median_hours=_hours(minutes_at(team.queued, 0.5)),
            share_of_open=_share(total_minutes(team.queued), open_minutes),
        )
        for name, team in tallies.teams.items()
        if team.queued.count
    )
    return _best(all_, lambda entry: (entry.hours, entry.times, entry.team), top)


def _rank_reopened(
    counted: Iterable[tuple[str, int, int]], top: int
) -> tuple[ReopenedTickets, ...]:
    all_ = (
        ReopenedTickets(name=name, tickets=tickets, reopened=times, share=_share(times, tickets))
        for name, tickets, times in counted
        if times
    )
    return _best(all_, lambda entry: (entry.reopened, entry.share, entry.name), top)


def _of_topics(report: WhereTimeGoes) -> Iterable[Message]:
    if report.automate:
        first = report.automate[0]
        yield message(
            "history.automate-first",
            topic=first.topic,
            routine=first.routine_tickets,
            tickets=first.tickets,
            each=first.median_hours,
            hours=round(first.hours_to_win),
        )
    if report.most_repeated:
        most = report.most_repeated[0]
        yield message(
            "history.comes-most-often",
            topic=most.topic,
            tickets=most.tickets,
            share=most.share_of_tickets,
            routine=most.routine_tickets,
        )
    if report.engineer_out:
        worst = report.engineer_out[0]
        yield message(
            "history.engineer-out",
            topic=worst.topic,
            tickets=worst.hard_tickets,
            hours=round(worst.hours_lost),
            count=worst.months,
        )


def _of_teams_and_waits(report: WhereTimeGoes) -> Iterable[Message]:
    if report.hand_on:
        giver = report.hand_on[0]
        yield message(
            "history.hands-on-most",
            team=giver.team,
            count=giver.given,
            taker=giver.mostly_to,
            hours=round(giver.hours_before),
        )
    if report.waits:
        wait = report.waits[0]
        yield message(
            "history.waits-longest",
            reason=wait.reason,
            count=wait.times,
            hours=round(wait.hours),
            share=wait.share_of_open,
        )


def _of_teams(tallies: Tallies, count: int) -> float | None:
    """A count per ticket, if the log names teams at all."""
    return _share(count, tallies.tickets) if set(tallies.teams) - {NO_NAME} else None


def _topics(tallies: Tallies) -> Iterable[tuple[str, TopicTally]]:
    return ((name, topic) for name, topic in tallies.topics.items() if name != NO_NAME)


def _best(
    all_: Iterable[T], key: Callable[[T], tuple[float, float, str]], top: int
) -> tuple[T, ...]:
    return tuple(sorted(all_, key=key, reverse=True)[:top])


def _hours(minutes: float) -> float:
    return round(minutes / 60, 1)


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _moment(us: int | None) -> datetime | None:
    return None if us is None else instant(us)
