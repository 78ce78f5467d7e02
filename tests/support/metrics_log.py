"""A made log of any length for measuring the import: ten rows a ticket, tickets mixed.

python tests/support/metrics_log.py 1000000 /tmp/log.csv
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

MAPPING = """
name: made
shape: updates
source: /history/made
columns: {ticket: no, at: at, order: n, state: state, team: team}
states:
  New: new
  Active: in_progress
  Wait User: waiting employee
  Wait Part: waiting vendor
  Done: resolved
  Closed: closed
"""

_STATES = ("New", "Active", "Wait User", "Active", "Wait Part", "Active", "Done", "Closed")
_BEGUN = datetime(2024, 1, 1, tzinfo=UTC)
# Rows of one ticket stand this far apart, so that no reader can group by simply reading on.
_STRIDE = 1_000
_PER_TICKET = 10


def write_rows(path: Path, count: int) -> None:
    """Every hundredth row has no readable time, every two hundredth an unknown state."""
    with path.open("w") as stream:
        stream.write("no,at,n,state,team\n")
        for number in range(count):
            block, place = divmod(number, _STRIDE * _PER_TICKET)
            step, ticket = divmod(place, _STRIDE)
            moment = _BEGUN + timedelta(minutes=block * 7 + step * 61 + ticket % 17)
            at = "soon" if number % 100 == 99 else moment.isoformat()
            state = "Odd" if number % 200 == 50 else _STATES[step % len(_STATES)]
            team = f"Group {(ticket + step // 4) % 40}"
            stream.write(f"T{block * _STRIDE + ticket},{at},{step},{state},{team}\n")


if __name__ == "__main__":
    write_rows(Path(sys.argv[2]), int(sys.argv[1]))
