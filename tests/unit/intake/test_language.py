"""An employee reads their language: tickets, timelines, refusals, and what is going on."""

from desk_intake.tickets.registration import proactive_ticket

from tests.support.intake_facts import problem
from tests.support.intake_world import Desk, triage_says

GERMAN = {"Accept-Language": "de-AT, de;q=0.9, en;q=0.5"}


async def test_a_ticket_is_told_in_the_language_that_was_asked_for(desk: Desk) -> None:
    ticket = await desk.ana.open()
    await desk.hear(triage_says(), ticket)
    answer = await desk.ana.get(f"/tickets/{ticket}", **GERMAN)
    assert answer.headers["Content-Language"] == "de"
    assert "accept-language" in ", ".join(answer.headers.get_list("vary")).lower()
    body = answer.json()
    assert body["state_in_words"] == "beim zuständigen Team"
    assert body["next_step"] == "Jemand vom Team Network and remote access nimmt es auf."
    assert body["who_has_it"]["sentence"] == "Das Team Network and remote access hat es."
    assert body["latest_entries"][0]["who"] == "ana"
    assert body["latest_entries"][0]["text"].startswith(
        "Gemeldet über ein anderes Programm. Der Code ist"
    )
    assert body["latest_entries"][1]["who"] == "der Desk"
    english = (await desk.ana.get(f"/tickets/{ticket}")).json()
    assert english["next_step"] == "Somebody of the team Network and remote access takes it up."
    assert english["latest_entries"][1]["code"] == body["latest_entries"][1]["code"]


async def test_each_language_is_read_anew_and_both_may_change_the_ticket(desk: Desk) -> None:
    ticket = await desk.ana.open()
    english = (await desk.ana.get(f"/tickets/{ticket}")).headers["ETag"]
    german = (await desk.ana.get(f"/tickets/{ticket}", **GERMAN)).headers["ETag"]
    assert (english, german) == ('"1"', '"1-de"')
    other = await desk.ana.get(f"/tickets/{ticket}", **GERMAN, **{"If-None-Match": english})
    assert other.status_code == 200
    same = await desk.ana.get(f"/tickets/{ticket}", **GERMAN, **{"If-None-Match": german})
    assert same.status_code == 304
    changed = await desk.ana.patch(f"/tickets/{ticket}", if_match=german, title="VPN away")
    assert changed.status_code == 200


async def test_a_refusal_says_in_german_what_to_do(desk: Desk) -> None:
    ticket = await desk.ana.open()
    refused = await desk.ana.client.post(
        f"/v1/tickets/{ticket}/reopen",
        json={"reason": "x"},
        headers={"Idempotency-Key": "k-1", **GERMAN},
    )
    assert refused.status_code == 409
    assert refused.json()["code"] == "wrong-state"
    assert "ist neu und kann deshalb nicht wieder geöffnet werden" in refused.json()["detail"]
    mistyped = await desk.ana.get("/tickets/K7M2-Q9PC", **GERMAN)
    assert mistyped.json()["detail"].startswith("„K7M2-Q9PC“ enthält einen Tippfehler")
    id = proactive_ticket("nothing")
    missing = await desk.ana.get(f"/tickets/{id}", **GERMAN)
    assert missing.json()["detail"] == f"Es gibt kein Ticket {id}, oder es ist nicht Ihres."


async def test_what_is_going_on_is_told_in_german(desk: Desk) -> None:
    calm = (await desk.ana.get("/status", **GERMAN)).json()
    assert calm["sentence"].startswith("Wir wissen von keiner Störung")
    ticket = await desk.ana.open()
    await desk.hear(problem([ticket]), "p-1")
    status = (await desk.ana.get("/status", **GERMAN)).json()
    assert "Es gibt eine Störung bei" in status["sentence"]
