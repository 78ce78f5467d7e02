"""Solutions: what came of what was solved, each from an event of its own and none from silence.

- `answered` (tickets): a member wrote to the person, or it was resolved; on the day of the first.
- `resolved` is what was done; it is counted in `contact.py`.
- `confirmed` (tickets): the person said that the resolution solved it.
- `verified` (tickets): fresh telemetry showed that it works again.
- `lasted`, `returned` (tickets): seven days later it was so still, or the person had to come back.

Each belongs to the day on which it came to be so: a solution lasts on its seventh day. A reopening
takes back what was confirmed and verified.

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
from desk_metrics.solutions.model import Solution

ANSWERED, CONFIRMED, VERIFIED = "answered", "confirmed", "verified"
LASTED, RETURNED, LASTED_AT_ONCE = "lasted", "returned", "lasted_at_once"


def contribute_solutions(
    history: TicketHistory, solutions: Sequence[Solution], facts: Sequence[Fact], now: int
) -> Iterator[Contribution]:
    """What one ticket says of its solutions by now."""
    answers = [fact.at for fact in facts if fact.kind is FactKind.ANSWERED]
    answers += [solution.at for solution in solutions]
    if answers:
        yield _count(ANSWERED, max(history.opened, min(answers)))
    at_once = {interval.end for interval in history.intervals if interval.at_once}
    for solution in solutions:
        if solution.confirmed_at is not None:
            confirmed_at = max(solution.at, solution.confirmed_at)
            yield from _count_until(CONFIRMED, confirmed_at, solution.reopened_at)
        if solution.is_verified:
            yield from _count_until(VERIFIED, solution.at, solution.reopened_at)
        if solution.returned_at is not None:
            yield _count(RETURNED, solution.returned_at)
        elif now >= solution.at + LASTS:
            yield _count(LASTED, solution.at + LASTS)
            if solution.at in at_once:
                yield _count(LASTED_AT_ONCE, solution.at + LASTS)


def _count(measure: str, at: int) -> Contribution:
    return Contribution(measure, at, at)


def _count_until(measure: str, at: int, until: int | None) -> Iterator[Contribution]:
    """One at that moment, and less one of it since it was taken back."""
    yield _count(measure, at)
    if until is not None:
        yield Contribution(measure, at, max(at, until), -1)
