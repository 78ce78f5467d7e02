"""Teams of a history, ranked: who hands on, who gets tickets straight back, whose tickets wait."""

from desk_contracts.frozen import Frozen

from desk_metrics.history.quotients import MIN_TICKETS, hours_if_any, hours_of, rank, share_of
from desk_metrics.history.tallies import NO_NAME, Tallies, TeamTally, minutes_at, total_minutes


class HandsOn(Frozen):
    """A team that gives tickets away.

    `given` counts reassignments from it to another team, `per_ticket` = given ÷ tickets it had,
    `hours_before` = open hours that those tickets had lain with it each time, all together.
    """

    team: str
    tickets: int
    given: int
    taken: int
    per_ticket: float | None
    median_hours_before: float | None
    hours_before: float
    mostly_to: str
    examples: tuple[str, ...]


class PingPong(Frozen):
    """Tickets that `team` gave to `other` and got straight back.

    `hours` = open hours that they lay with `other` each time before they came back.
    """

    team: str
    other: str
    times: int
    tickets: int
    hours: float
    examples: tuple[str, ...]


class Queue(Frozen):
    """Time in which tickets lay with a team and nobody worked on them; `times` are intervals."""

    team: str
    times: int
    hours: float
    median_hours: float | None
    share_of_open: float | None
    examples: tuple[str, ...]


class WaitSigns(Frozen):
    """Waits of a team's tickets that may have stopped a clock and nothing else.

    `to_the_end`: waits after which nobody worked on the ticket until it was resolved; `hours` is
    what these took. `again`: waits set within an hour after the last one of the ticket ended.
    Neither proves anything: an answer can be all that was missing.
    """

    team: str
    waits: int
    to_the_end: int
    to_the_end_share: float | None
    hours: float
    again: int
    examples: tuple[str, ...]


def rank_givers(tallies: Tallies, top: int) -> tuple[HandsOn, ...]:
    """By tickets given away."""

    def describe(name: str, team: TeamTally) -> HandsOn:
        takers = {taker: n for (giver, taker), n in tallies.pairs.items() if giver == name}
        return HandsOn(
            team=name,
            tickets=team.tickets,
            given=team.given,
            taken=team.taken,
            per_ticket=share_of(team.given, team.tickets),
            median_hours_before=hours_if_any(minutes_at(team.held_before_giving, 0.5)),
            hours_before=hours_of(total_minutes(team.held_before_giving)),
            mostly_to=max(takers, key=lambda taker: (takers[taker], taker), default=""),
            examples=team.given_examples.numbers,
        )

    givers = sorted(tallies.teams.items(), key=lambda item: (-item[1].given, item[0]))
    return tuple(describe(name, team) for name, team in givers[:top] if team.given)


def rank_returns(tallies: Tallies, top: int) -> tuple[PingPong, ...]:
    """By how often a ticket came straight back."""
    entries = (
        PingPong(
            team=team,
            other=other,
            times=tally.times,
            tickets=tally.tickets,
            hours=hours_of(total_minutes(tally.held)),
            examples=tally.examples.numbers,
        )
        for (team, other), tally in tallies.returns.items()
    )
    return rank(entries, lambda entry: (entry.times, entry.hours, entry.team + entry.other), top)


def rank_queues(tallies: Tallies, open_minutes: float, top: int) -> tuple[Queue, ...]:
    """By hours; of a log that tells no work there is no queue to tell from it."""
    if not tallies.has_work:
        return ()
    entries = (
        Queue(
            team=name,
            times=team.queued.count,
            hours=hours_of(total_minutes(team.queued)),
            median_hours=hours_if_any(minutes_at(team.queued, 0.5)),
            share_of_open=share_of(total_minutes(team.queued), open_minutes),
            examples=team.queued_examples.numbers,
        )
        for name, team in tallies.teams.items()
    )
    return rank(entries, lambda entry: (entry.hours, entry.times, entry.team), top)


def rank_wait_signs(tallies: Tallies, top: int) -> tuple[WaitSigns, ...]:
    """By hours of the waits that ended with the ticket; teams with few waits show no pattern.

    Waits under no team are left out, unless the log names none at all.
    """
    is_named = set(tallies.teams) != {NO_NAME}
    entries = (
        WaitSigns(
            team=name,
            waits=team.waits.count,
            to_the_end=team.waits_to_the_end.count,
            to_the_end_share=share_of(team.waits_to_the_end.count, team.waits.count),
            hours=hours_of(total_minutes(team.waits_to_the_end)),
            again=team.waits_again,
            examples=team.wait_examples.numbers,
        )
        for name, team in tallies.teams.items()
        if team.waits.count >= MIN_TICKETS and not (is_named and name == NO_NAME)
    )
    return rank(entries, lambda entry: (entry.hours, entry.again, entry.team), top)
