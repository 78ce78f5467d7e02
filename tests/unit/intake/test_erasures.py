"""An operator has a person erased; the event names nobody, and what is open is refused."""

from desk_contracts.events.erasures import ErasureRequested
from desk_contracts.redaction import hash_person
from desk_intake.erasures.decide import TICKETS_EACH, split

from tests.support.intake_world import ERASURE_KEY, Caller, Desk

WHY = "Asked for by letter, case 17"


def operator(desk: Desk) -> Caller:
    return desk.client("otto", "operator")


def asked_for(desk: Desk) -> list[ErasureRequested]:
    events = [event.data for event in desk.publisher.events()]
    return [data for data in events if isinstance(data, ErasureRequested)]


async def closed(desk: Desk, title: str) -> str:
    ticket = await desk.ana.open(title)
    assert (await desk.ana.post(f"/tickets/{ticket}/resolve", resolution="x")).status_code == 200
    assert (await desk.ana.post(f"/tickets/{ticket}/close")).status_code == 200
    return ticket


async def test_the_event_names_nobody_and_lists_their_tickets(desk: Desk) -> None:
    mine = {await closed(desk, "VPN"), await closed(desk, "Printer")}
    await desk.ben.open("Mail")
    answer = await operator(desk).post("/erasures", key="k-1", person="ana", reason=WHY)
    assert answer.status_code == 202, answer.text
    (event,) = asked_for(desk)
    assert set(event.tickets) == mine
    assert event.person_hash == hash_person(ERASURE_KEY, "ana")
    assert "ana" not in (event.pseudonym, event.by)
    assert answer.json()["pseudonym"] == event.pseudonym
    again = await operator(desk).post("/erasures", key="k-1", person="ana", reason=WHY)
    assert again.json() == answer.json()
    assert len(asked_for(desk)) == 1


async def test_open_tickets_are_named_and_nothing_is_erased(desk: Desk) -> None:
    await closed(desk, "VPN")
    code = (await desk.ticket(await desk.ana.open("Printer"))).code
    answer = await operator(desk).post("/erasures", person="ana", reason=WHY)
    assert (answer.status_code, answer.json()["code"]) == (409, "tickets-open")
    assert answer.json()["tickets"] == [code]
    assert asked_for(desk) == []


async def test_tickets_of_others_in_which_they_wrote_are_listed_too(desk: Desk) -> None:
    his = await desk.ben.open("Mail")
    await desk.ben.open("Another")
    await desk.ben.post(f"/tickets/{his}/watch", person="ana")
    await desk.ana.post(f"/tickets/{his}/comments", text="Mine, too")
    answer = await operator(desk).post("/erasures", person="ana", reason=WHY)
    assert answer.json()["tickets"] == 0
    assert [(item.tickets, item.quoting) for item in asked_for(desk)] == [((), (his,))]


async def test_somebody_unknown_gets_the_same_answer(desk: Desk) -> None:
    answer = await operator(desk).post("/erasures", person="zoe", reason=WHY)
    assert (answer.status_code, answer.json()["tickets"]) == (202, 0)
    twice = await operator(desk).post("/erasures", person="zoe", reason=WHY)
    assert twice.status_code == 202
    assert twice.json()["pseudonym"] != answer.json()["pseudonym"]


async def test_a_reason_that_names_the_person_is_refused(desk: Desk) -> None:
    for reason in ("ana asked for it", "Asked for by ana."):
        answer = await operator(desk).post("/erasures", person="ana", reason=reason)
        assert (answer.status_code, answer.json()["code"]) == (422, "reason-names-person")
    assert asked_for(desk) == []


async def test_others_may_not(desk: Desk) -> None:
    for caller in (desk.ana, desk.max):
        assert (await caller.post("/erasures", person="ana", reason=WHY)).status_code == 403


def test_many_tickets_are_in_several_events() -> None:
    ids = [str(number) for number in range(2 * TICKETS_EACH + 1)]
    parts = list(split(ids))
    assert [len(part) for part in parts] == [TICKETS_EACH, TICKETS_EACH, 1]
    assert list(split([])) == [()]
