"""The snapshot gives decisions of changes, open problems and loads, as of the last look."""

from functools import partial

from desk_contracts.events.tickets import TicketAssigned
from desk_platform.store import Documents
from desk_triage.changes.store import find_suspects
from desk_triage.changes.worker import SnapshotCache, SnapshotReads
from desk_triage.detection.store import find_population
from desk_triage.problems.model import ProblemRegister
from desk_triage.problems.store import count_people
from desk_triage.routing.store import count_load

from tests.support.triage_desk import TriageDesk, change_started, event, opened, vpn_failures


def cache_of(desk: TriageDesk, register: Documents[ProblemRegister]) -> SnapshotCache:
    reads = SnapshotReads(
        changes=partial(find_suspects, desk.changes),
        people=partial(count_people, register),
        load=partial(count_load, desk.tickets),
        population=partial(find_population, desk.subjects),
    )
    return SnapshotCache(reads, desk.clock)


async def test_a_look_shows_changes_problems_and_loads() -> None:
    desk = TriageDesk()
    crowd = [opened("VPN", 1 + n * 0.1, person=f"person-{n}") for n in range(6)]
    # The gateway shows it: so it is no mere proposal.
    await desk.feed(*(vpn_failures(0.9, n / 2) for n in range(3)))
    taken = TicketAssigned(team="network", member="network-1")
    await desk.feed(*crowd, event(crowd[0].subject, taken, 2, 2), change_started("vpn", 0))
    snapshot = cache_of(desk, desk.register)
    assert snapshot.current.people == {}
    await snapshot.refresh(with_load=True)
    assert snapshot.current.people == {("vpn", "vpn"): 6}
    assert snapshot.current.load == {"network-1": 1}
    assert [item.title for item in snapshot.current.changes["vpn"]] == ["Gateway 7.2"]
    await desk.feed(event(crowd[1].subject, taken, 3, 2))
    await snapshot.refresh(with_load=False)
    assert snapshot.current.load == {"network-1": 1}


async def test_loads_are_counted_without_reading_the_tickets() -> None:
    """There are thousands, and they are counted every ten seconds."""
    desk = TriageDesk()
    tickets = [opened("VPN", 1 + n * 0.1, person=f"person-{n}") for n in range(3)]
    taken = TicketAssigned(team="network", member="network-1")
    await desk.feed(*tickets, *(event(item.subject, taken, 2, 2) for item in tickets))
    for item in tickets:
        desk.tickets.damage(item.subject)
    assert await count_load(desk.tickets) == {"network-1": 3}
