"""Solutions: what came of what was solved, each from an event of its own and none from silence.

- `answered` (tickets): a member wrote to the person, or it was resolved; on the day of the first.
- `resolved` is what was done; it is counted in `contact.py`.
- `confirmed` (tickets): the person said that the resolution solved it.
- `verified` (tickets): fresh telemetry showed that it works again.
- `lasted`, `returned` (tickets): seven days later it was so still, or the person had to come back.

Each belongs to the day on which it came to be so: a solution lasts on its seventh day. A reopening
takes back what was confirmed and verified, and whoever comes again later what had lasted.

- `confirmed_share`, `verified_share` (share): of resolved.
- `lasted_share` (share): lasted / (lasted + returned); what is not seven days old is in neither.
- `first_contact_lasted` (share): solved by one team, without a question, and lasted
  / (lasted + returned).
"""

from collections.abc import Iterator, Sequence

from desk_metrics.measures.contributions import Contribution
from desk_metrics.measures.ticket_history import TicketHistory
from desk_metrics.sla.facts import Fact, FactKind
from desk_metrics.solutions.decide import LASTS
from desk_metrics.solutions.model import Ledger, Solution

ANSWERED, CONFIRMED, VERIFIED = "answered", "confirmed", "verified"
LASTED, RETURNED, LASTED_AT_ONCE = "lasted", "returned", "lasted_at_once"


def contribute_solutions(
    history: TicketHistory, solutions: Sequence[Solution], ledger: Ledger, facts: Sequence[Fact]
) -> Iterator[Contribution]:
    """What one ticket says of its solutions."""
    answers = [fact.at for fact in facts if fact.kind is FactKind.ANSWERED]
    answers += [solution.at for solution in solutions]
    if answers:
        at = max(history.opened, min(answers))
        yield Contribution(ANSWERED, at, at)
    at_once = {interval.end for interval in history.intervals if interval.at_once}
    for solution in solutions:
        reopened, returned = solution.reopened_at, solution.returned_at
        if solution.confirmed_at is not None:
            yield from _count(CONFIRMED, max(solution.at, solution.confirmed_at), reopened)
        if solution.is_verified:
            yield from _count(VERIFIED, solution.at, reopened)
        if solution.resolution in ledger.lasted:
            lasted_at = solution.at + LASTS
            yield from _count(LASTED, lasted_at, returned)
            if solution.at in at_once:
                yield from _count(LASTED_AT_ONCE, lasted_at, returned)
        if returned is not None and solution.resolution in ledger.returned:
            yield Contribution(RETURNED, returned, returned)


def _count(measure: str, at: int, taken_back: int | None) -> Iterator[Contribution]:
    """One at that moment, and less one of it since it was taken back."""
    yield Contribution(measure, at, at)
    if taken_back is not None:
        yield Contribution(measure, at, max(at, taken_back), -1)
