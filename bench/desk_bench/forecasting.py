"""Were tickets solved when the desk would have said so? Real incidents, each from those before it.

Reads `uci_incident` (UCI Machine Learning Repository, data set 498) from the folder `DESK_DATA`.
"""

import csv
import gzip
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from desk_intake.tickets.forecast import SHARE, PastTicket, TeamPast, foresee

# After May 2016 the file has only those that were closed early.
_CUT_OFF = datetime(2016, 6, 1, tzinfo=UTC)
_LEAST_OF_TEAM, _LATEST, _EVERY = 60, 600, 3
_HOUR = 3_600


def main() -> int:
    """A line for each thing that came, and the share of those between the two moments."""
    folder = Path(os.environ.get("DESK_DATA", "../shared/data"))
    path = folder / "uci_incident" / "incident_event_log.csv.gz"
    if not path.exists():
        print(f"There is no {path}; set DESK_DATA to the folder that has it.", file=sys.stderr)
        return 1
    counts: Counter[str] = Counter()
    hours: list[float] = []
    for tickets in _read_teams(path).values():
        for number in range(0, len(tickets), _EVERY):
            earlier = TeamPast(tuple(tickets[max(0, number - _LATEST) : number]))
            counts[_compare(tickets[number], earlier, hours)] += 1
    compared = sum(counts[name] for name in ("within", "earlier", "later"))
    print(dict(counts))
    print(f"within: {counts['within'] / compared:.1%} of {compared}; said: {SHARE:.0%}")
    print(f"between the two moments: {sorted(hours)[len(hours) // 2]:.0f} h (median)")
    return 0


def _read_teams(path: Path) -> dict[str, list[PastTicket]]:
    with gzip.open(path, "rt") as file:
        last = {row["number"]: row for row in csv.DictReader(file)}
    teams = defaultdict(list)
    for row in last.values():
        for ticket in _read_ticket(row):
            teams[row["assignment_group"]].append(ticket)
    return {
        team: sorted(tickets, key=lambda ticket: ticket.opened_at)
        for team, tickets in teams.items()
        if team != "?" and len(tickets) >= _LEAST_OF_TEAM
    }


def _read_ticket(row: dict[str, str]) -> Iterator[PastTicket]:
    if "?" in {row["opened_at"], row["resolved_at"]}:
        return
    opened_at, ended_at = _read_moment(row["opened_at"]), _read_moment(row["resolved_at"])
    if opened_at < ended_at and opened_at < _CUT_OFF:
        yield PastTicket(opened_at, ended_at, True, row["category"])


def _read_moment(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def _compare(ticket: PastTicket, earlier: TeamPast, hours: list[float]) -> str:
    opened_at, ended_at = ticket.opened_at, ticket.ended_at
    now = ticket._replace(ended_at=None, is_solved=False)
    forecast = foresee(now, earlier.look_from(opened_at), opened_at)
    if forecast.earliest is None or ended_at is None:
        return "nothing said"
    if forecast.latest is None:
        return "open-ended"
    hours.append((forecast.latest - forecast.earliest).total_seconds() / _HOUR)
    if ended_at < forecast.earliest:
        return "earlier"
    return "within" if ended_at <= forecast.latest else "later"


if __name__ == "__main__":
    sys.exit(main())
