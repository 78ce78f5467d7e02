"""A request of another system is one ticket: its own, and nobody else's."""

from collections.abc import Sequence

from desk_contracts import Event
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.ids import request_ticket_id
from desk_platform.kafka.records import Failure

from tests.support.intake_world import MONDAY, Desk, triage_says


async def test_a_request_makes_one_ticket_however_often_it_comes(desk: Desk) -> None:
    request = TicketRequested(requester="ana", title="VPN away", device="lt-7")
    for _ in range(3):
        await desk.hear(request, "ana", "r-1", "/crm")
    await desk.hear(request, "ana", "r-1", "/erp")
    ticket = request_ticket_id("/crm", "r-1")
    assert desk.types(ticket) == ["opened"]
    opened = desk.log(ticket)[0].data
    assert isinstance(opened, TicketOpened)
    assert (opened.channel, opened.device, opened.requester) == ("event", "lt-7", "ana")
    assert len(desk.publisher.messages) == 2


async def test_another_request_of_the_same_source_and_id_is_told_however_late(
    desk: Desk,
) -> None:
    """Whoever publishes an incident's number first swallows nobody's request without a trace."""
    ticket = request_ticket_id("/monitor/zabbix", "INC-1001")
    forged = TicketRequested(requester="mallory", title="Nothing to see")
    await desk.hear(forged, "mallory", "INC-1001", "/monitor/zabbix")
    for number in range(70):
        moved = triage_says("network" if number % 2 else "service-desk")
        await desk.hear(moved, ticket, f"e-{number}", "/desk/triage")
    refused: list[Failure] = []

    async def on_failed(failures: Sequence[Failure]) -> None:
        refused.extend(failures)

    real = TicketRequested(requester="ana", title="The core switch is on fire")
    event = Event("INC-1001", "/monitor/zabbix", "ana", MONDAY, real)
    await desk.hear_events(event, on_failed=on_failed)
    assert [getattr(item.error, "kind", "") for item in refused] == ["id-reused"]
    assert (await desk.ticket(ticket)).requester == "mallory"
    assert desk.types(ticket).count("opened") == 1


async def test_what_two_sources_say_under_one_id_happens_twice(desk: Desk) -> None:
    """The source and the id are kept apart, wherever a line break or a slash is put."""
    data = TicketRequested(requester="ana", title="VPN away")
    for source, id in (("/crm", "a\nb"), ("/crm\na", "b"), ("/crm/a", "b"), ("/crm", "/ab")):
        await desk.hear(data, "ana", id, source)
    assert len(desk.publisher.messages) == 4
    assert len({event.subject for event in desk.publisher.events()}) == 4


async def test_two_facts_with_one_id_change_a_ticket_twice_under_ids_of_their_own(
    desk: Desk,
) -> None:
    await desk.hear(TicketRequested(requester="ana", title="VPN away"), "ana", "r-1", "/crm")
    ticket = request_ticket_id("/crm", "r-1")
    for source, team in (("/a", "network"), ("/b", "service-desk"), ("/c", "network")):
        await desk.hear(triage_says(team), ticket, "e", source)
    ids = [item.id for item in desk.log(ticket)]
    assert len(ids) > 4
    assert len(set(ids)) == len(ids)
