"""The contributions of an imported ticket: what metrics would have stored of it.

No SLA was in force in another system, so none is judged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from desk_contracts.events.contributions import ContributionsChanged
from desk_contracts.events.sla import ClockName

from desk_metrics.history.model import Imported
from desk_metrics.measures.contributions import Contribution, Slice, day_of
from desk_metrics.measures.decide import measure_ticket, record_event
from desk_metrics.measures.figures import OF_SERVICES_ONLY
from desk_metrics.measures.model import TicketRecord
from desk_metrics.measures.repeat_contacts import is_person
from desk_metrics.measures.rollups import Bucket, Entry
from desk_metrics.sla.model import TicketClocks
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.worktime import micros

_NO_SLAS = PolicyBook(())
# What an old desk's tickets say nothing of: repairs and warnings, SLAs of this desk, answers and
# wishes, who came again (their contacts are not joined), whether a person or a machine solved it or
# chose its team, and what came of solutions.
UNTOLD = OF_SERVICES_ONLY | {
    *("came_again", "came_again_share", "proactive", "self_service_share"),
    *("sla_met", *(f"{clock}_met" for clock in ClockName)),
    *("surveys", "survey_mean", "happiness", "demand_requested", "obsolete_reported"),
    *("abnormal_minutes", "not_placed", "not_placed_share", "answered", "confirmed"),
    *("confirmed_share", "verified", "verified_share", "lasted", "returned", "lasted_share"),
    "first_contact_lasted",
}
# With one row a ticket nothing is known of what happened between its dates.
UNTOLD_BY_ONE_ROW = frozenset({"handovers", "reopened", "reopen_rate", "first_contact_resolution"})


def list_contributions(events: Sequence[Imported]) -> Iterator[Bucket]:
    """What one ticket contributes, each day as a bucket of its own."""
    record = TicketRecord(TicketClocks(events[0].event.subject))
    for imported in events:
        record = record_event(record, imported.event)
    ended = max(micros(imported.event.time) for imported in events)
    measured = measure_ticket(record, replace(record.clocks, as_of=ended), _NO_SLAS)
    for event in measured.events:
        change = event.data
        if isinstance(change, ContributionsChanged) and not is_person(event.subject):
            by = Slice(change.kind, change.service, change.team, change.site)
            amounts = tuple(Contribution(*amount) for amount in change.contributions)
            yield Bucket(day_of(event.subject), (Entry(change.of, change.revision, by, amounts),))
