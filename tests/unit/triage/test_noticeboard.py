"""The board tells decisions of changes, open problems and loads, as of the last look."""

from dataclasses import replace

from desk_shared.events.tickets import TicketAssigned
from desk_shared.store import Schema
from desk_shared.testing.fakes import FakeDocuments
from desk_triage.noticeboard import StoredBoard
from desk_triage.store import CLUSTERS

from tests.unit.triage.desk import TriageDesk, change_started, event, opened


async def test_a_look_shows_changes_problems_and_loads() -> None:
    desk = TriageDesk()
    crowd = [opened("VPN", n * 0.1, person=f"person-{n}") for n in range(6)]
    taken = TicketAssigned(team="network", member="network-1")
    await desk.feed(*crowd, event(crowd[0].subject, taken, 1, 2), change_started("vpn", 0))
    board = StoredBoard(desk.tickets, desk.clusters, desk.changes, desk.clock)
    assert board.current.people == {}
    await board.look(with_load=True)
    assert board.current.people == {("vpn", "vpn"): 6}
    assert board.current.load == {"network-1": 1}
    assert [one.title for one in board.current.changes["vpn"]] == ["Gateway 7.2"]
    await desk.feed(event(crowd[1].subject, taken, 2, 2))
    await board.look(with_load=False)
    assert board.current.load == {"network-1": 1}


async def test_a_problem_kept_without_its_count_of_people_is_counted() -> None:
    desk = TriageDesk()
    await desk.feed(*(opened("VPN", n * 0.1, person=f"person-{n}") for n in range(6)))
    old = Schema(CLUSTERS.collection, CLUSTERS.model, facets=lambda _: {"open": True})
    clusters = FakeDocuments(old, desk.clock)
    kept = await desk.clusters.find({}, limit=9)
    await clusters.write([replace(one, version=0) for one in kept])
    board = StoredBoard(desk.tickets, clusters, desk.changes, desk.clock)
    await board.look(with_load=False)
    assert board.current.people == {("vpn", "vpn"): 6}
