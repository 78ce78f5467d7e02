"""The snapshot gives decisions of changes, open problems and loads, as of the last look."""

from dataclasses import replace
from functools import partial

from desk_contracts.events.tickets import TicketAssigned
from desk_platform.store import Documents
from desk_testing.fakes import FakeDocuments
from desk_triage.changes.store import find_suspects
from desk_triage.changes.worker import SnapshotCache, SnapshotReads
from desk_triage.detection.store import find_population
from desk_triage.problems.model import IncidentCluster
from desk_triage.problems.store import CLUSTERS, count_people
from desk_triage.routing.store import count_load

from tests.support.triage_desk import TriageDesk, change_started, event, opened


def cache_of(desk: TriageDesk, clusters: Documents[IncidentCluster]) -> SnapshotCache:
    reads = SnapshotReads(
        changes=partial(find_suspects, desk.changes),
        people=partial(count_people, clusters),
        load=partial(count_load, desk.tickets),
        population=partial(find_population, desk.subjects),
    )
    return SnapshotCache(reads, desk.clock)


async def test_a_look_shows_changes_problems_and_loads() -> None:
    desk = TriageDesk()
    crowd = [opened("VPN", n * 0.1, person=f"person-{n}") for n in range(6)]
    taken = TicketAssigned(team="network", member="network-1")
    await desk.feed(*crowd, event(crowd[0].subject, taken, 1, 2), change_started("vpn", 0))
    snapshot = cache_of(desk, desk.clusters)
    assert snapshot.current.people == {}
    await snapshot.refresh(with_load=True)
    assert snapshot.current.people == {("vpn", "vpn"): 6}
    assert snapshot.current.load == {"network-1": 1}
    assert [item.title for item in snapshot.current.changes["vpn"]] == ["Gateway 7.2"]
    await desk.feed(event(crowd[1].subject, taken, 2, 2))
    await snapshot.refresh(with_load=False)
    assert snapshot.current.load == {"network-1": 1}


async def test_a_problem_kept_without_its_count_of_people_is_counted() -> None:
    desk = TriageDesk()
    await desk.feed(*(opened("VPN", n * 0.1, person=f"person-{n}") for n in range(6)))
    old = replace(CLUSTERS, facets=lambda _: {"open": True})
    clusters = FakeDocuments(old, desk.clock)
    kept = await desk.clusters.find({}, limit=9)
    await clusters.write([replace(entry, version=0) for entry in kept])
    snapshot = cache_of(desk, clusters)
    await snapshot.refresh(with_load=False)
    assert snapshot.current.people == {("vpn", "vpn"): 6}
