"""A cluster loses no ticket: within a window, in any order, all of a crowd are in one problem."""

from desk_contracts import AnyEvent
from desk_contracts.events.problems import ProblemDetected, ProblemUpdated
from desk_contracts.events.triage import DuplicateFound
from desk_kernel import Decision
from desk_triage.changes.snapshot import EMPTY
from desk_triage.problems.decide import add_ticket, emit_joined
from desk_triage.problems.model import IncidentCluster
from hypothesis import given
from hypothesis import strategies as st

from tests.support.triage_desk import CHARTER, at, opened

RULES = CHARTER.routing.problems
MINUTES = RULES.window.total_seconds() / 60
crowds = st.lists(
    st.tuples(st.floats(0, MINUTES, allow_nan=False), st.integers(0, 12)), max_size=40
)


@given(data=st.data(), crowd=crowds)
def test_every_ticket_of_a_crowd_is_listed_exactly_once_in_any_order(
    data: st.DataObject, crowd: list[tuple[float, int]]
) -> None:
    tickets = [
        opened("VPN", minutes, ticket=f"t{number}", person=f"person-{person}")
        for number, (minutes, person) in enumerate(crowd)
    ]
    cluster: IncidentCluster | None = None
    emitted: list[AnyEvent] = []
    for item in data.draw(st.permutations(tickets)):
        outcome = add_ticket("vpn/vpn", cluster, item, CHARTER, EMPTY, at(MINUTES))
        assert outcome is not None
        if data.draw(st.booleans()):  # the end of a batch
            outcome = emit_joined(outcome, at(MINUTES), item)
        cluster = outcome.state
        emitted += outcome.events
    if cluster is not None:
        emitted += emit_joined(Decision(cluster), at(MINUTES)).events
    assert len({event.id for event in emitted}) == len(emitted)
    detected = [item for item in emitted if isinstance(item.data, ProblemDetected)]
    people = {person for _, person in crowd}
    assert len(detected) == (len(people) >= RULES.min_tickets)
    listed = [
        ticket
        for item in emitted
        if isinstance(item.data, ProblemDetected | ProblemUpdated)
        for ticket in item.data.tickets
    ]
    assert sorted(listed) == (sorted(item.subject for item in tickets) if detected else [])
    linked = [item.subject for item in emitted if isinstance(item.data, DuplicateFound)]
    founders = detected[0].data.tickets if detected else ()  # type: ignore[attr-defined]
    assert sorted([*linked, *founders]) == sorted(listed)
    kept = {report.ticket for report in cluster.reports} if cluster else set()
    assert kept == (set() if detected else {entry.subject for entry in tickets})
