"""Merges and splits on real servers: killed after the first side, intake writes the second."""

import asyncio

import pytest
from desk_contracts.events.tickets import LinkKind, TicketLinked
from desk_intake.tickets.evolve import replay

from tests.support.intake_around import Bus, Intake, Person

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]

PAIRS = 4


async def test_the_other_side_is_written_once_however_intake_dies(
    intake: Intake, ana: Person, max_of_network: Person, bus: Bus
) -> None:
    opened = [
        (await ana.post("/tickets", f"o-{number}", title=f"VPN away, {number}")).json()["id"]
        for number in range(2 * PAIRS)
    ]
    kept, gone = opened[:PAIRS], opened[PAIRS:]
    for number, (into, merged) in enumerate(zip(kept, gone, strict=True)):
        answer = await max_of_network.post(f"/tickets/{merged}/merge", f"m-{number}", into=into)
        assert answer.status_code == 200, answer.text
    parts = await asyncio.gather(
        *(max_of_network.post(f"/tickets/{id}/split", f"s-{id}", title="Toner") for id in kept)
    )
    assert {answer.status_code for answer in parts} == {201}
    intake.kill()
    await intake.start()
    for into, merged, part in zip(kept, gone, parts, strict=True):
        # Read until both links are there; a third would be one too many.
        events = await bus.of(into, 3)
        linked = [item.data for item in events if isinstance(item.data, TicketLinked)]
        assert {item.target for item in linked} == {merged, part.json()["id"]}
        assert {item.kind for item in linked} == {LinkKind.TICKET}
        assert [event.sequence for event in events] == [1, 2, 3]
        ticket = replay(events)
        assert ticket is not None
        view = (await max_of_network.get(f"/tickets/{into}")).json()
        assert [link["target"] for link in view["links"]] == [item.target for item in ticket.links]
