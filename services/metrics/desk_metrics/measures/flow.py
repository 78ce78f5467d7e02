"""Flow: what comes in, what goes out, what is there, and whether the three agree.

- `arrivals` (tickets): openings and reopenings. `departures` (tickets): resolutions, withdrawals
  and merges; closing what is resolved already is none.
- `backlog` (tickets): arrivals less departures since the beginning of the log.
- `backlog_age` (seconds): mean time that the tickets of the backlog have been there, each since
  its opening or last reopening. Formula: (sum of (T - start) over arrivals - the same over those
  departed) / backlog; linear, so it needs no list of tickets.
- `time_in_system` (seconds, W): mean stay of what departed.
- `average_backlog` (tickets, L): time average. Formula: integral of the backlog / length.
- `little` (ratio): L / (lambda * W), lambda = departures per second. Near 1 where a period ends as
  it began; far from 1 while a backlog grows, shrinks or is not served in turn.
"""

from collections.abc import Iterator

from desk_metrics.measures.contributions import Contribution
from desk_metrics.measures.ticket_history import TicketHistory

ARRIVALS, DEPARTURES = "arrivals", "departures"


def contribute_flow(history: TicketHistory) -> Iterator[Contribution]:
    """A contribution for each arrival, and for each departure with the length of the interval."""
    for interval in history.intervals:
        yield Contribution(ARRIVALS, interval.start, interval.start)
        if interval.end is not None:
            yield Contribution(
                DEPARTURES, interval.end, interval.end, amount=interval.end - interval.start
            )


def little(
    average_backlog: float, departures: int, length: float, time_in_system: float | None
) -> float | None:
    """L / (lambda * W), where there is something to divide by."""
    if not departures or not length or not time_in_system:
        return None
    return average_backlog / (departures / length * time_in_system)
