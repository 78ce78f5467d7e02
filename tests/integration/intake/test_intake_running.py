"""Intake as a process: what goes in by HTTP and bus comes out on `desk.tickets`, once."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.events.automation import Outcome, RunEscalated
from desk_contracts.events.problems import ProblemDetected, ProblemResolved
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.triage import TriageDecided
from desk_contracts.ids import new_id, request_ticket_id
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_intake.tickets.evolve import replay
from desk_intake.tickets.registration import proactive_ticket
from desk_platform.kafka.records import REASON_CODE
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings
from desk_testing import eventually

from tests.support.intake_around import Bus, Intake, Person
from tests.support.spoken import english

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]

NOW = datetime.now(UTC)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def event(data: object, subject: str, id: str = "") -> AnyEvent:
    return Event(id=id or new_id(), source="/test", subject=subject, time=NOW, data=data)  # type: ignore[arg-type]


def decided(ticket: str) -> AnyEvent:
    data = TriageDecided(
        category="vpn",
        priority=Priority.P2,
        team="network",
        explanation=(verbatim("It speaks of the VPN"),),
        charter="c1",
    )
    return event(data, ticket)


def types(events: list[AnyEvent]) -> list[str]:
    return [event.type.removeprefix("desk.ticket.").removesuffix(".v1") for event in events]


async def test_a_ticket_posted_is_on_the_bus_with_its_trace_as_number_one(
    ana: Person, bus: Bus
) -> None:
    ana.client.headers["traceparent"] = TRACE
    answer = await ana.post("/tickets", "k-1", title="VPN does not connect", service="vpn")
    assert answer.status_code == 201
    ticket = answer.json()["id"]
    assert answer.headers["location"] == f"/v1/tickets/{ticket}"
    (opened,) = await bus.of(ticket, 1)
    assert opened.sequence == 1
    assert opened.type == "desk.ticket.opened.v1"
    assert opened.traceparent.split("-")[1] == TRACE.split("-")[1]
    by_code = await ana.get(f"/tickets/{answer.json()['code'].lower()}")
    assert by_code.json()["id"] == ticket


async def test_a_name_of_the_longest_kind_is_as_good_as_any(intake: Intake, bus: Bus) -> None:
    # Headers carry one byte for each of these letters, the store and the bus carry two.
    headers = {b"X-Desk-User": b"\xe4" * 255, b"X-Desk-Roles": b"employee"}
    async with httpx.AsyncClient(base_url=intake.url, headers=headers, timeout=60) as client:
        longest = Person(client)
        ticket = (await longest.post("/tickets", "k", title="VPN")).json()["id"]
        assert (
            await longest.post(f"/tickets/{ticket}/comments", "n", text="more")
        ).status_code == 200
        (listed,) = (await longest.get("/tickets")).json()["items"]
        assert (listed["id"], listed["requester"]) == (ticket, "ä" * 255)
        assert (await longest.get(f"/tickets/{ticket}")).json()["requester"] == "ä" * 255
    await bus.of(ticket, 2)
    headers[b"X-Desk-User"] += b"\xe4"
    async with httpx.AsyncClient(base_url=intake.url, headers=headers, timeout=60) as client:
        refused = await Person(client).post("/tickets", "k", title="VPN")
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


async def test_two_posts_with_one_key_make_one_ticket(ana: Person, bus: Bus) -> None:
    first = await ana.post("/tickets", "k-1", title="VPN does not connect")
    again = await ana.post("/tickets", "k-1", title="VPN does not connect")
    other = await ana.post("/tickets", "k-1", title="Something else")
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.json() == again.json()
    assert first.headers["etag"] == again.headers["etag"]
    assert again.headers["idempotency-replayed"] == "true"
    assert other.json()["code"] == "idempotency-key-reused"
    await ana.post("/tickets", "k-2", title="A later one")
    await eventually(lambda: _all_opened(bus, 2), timeout=60)


async def test_a_comment_repeated_after_eighty_others_is_said_once(ana: Person, bus: Bus) -> None:
    ticket = (await ana.post("/tickets", "k-1", title="VPN does not connect")).json()["id"]
    path = f"/tickets/{ticket}/comments"
    assert (await ana.post(path, "n", text="once")).status_code == 200
    others = await asyncio.gather(*(ana.post(path, f"n-{n}", text="more") for n in range(80)))
    assert {answer.status_code for answer in others} == {200}
    assert (await ana.post(path, "n", text="once")).status_code == 200
    other = await ana.post(path, "n", text="something else")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    last = (await ana.post(path, "last", text="last")).headers["etag"]
    assert last == '"83"', "opened, once, eighty, last"
    assert len(await bus.of(ticket, 83)) == 83


async def _all_opened(bus: Bus, count: int) -> bool:
    """So many tickets; a copy of an event has the same id, and may come at any time."""
    assert len({item.id for item in await bus.read() if "opened" in item.type}) == count
    return True


async def test_a_request_sent_twice_opens_one_ticket_that_triage_gives_to_its_team(
    ana: Person, bus: Bus
) -> None:
    request = event(TicketRequested(requester="ana", title="VPN away"), "ana")
    await bus.publish([request, request])
    ticket = request_ticket_id(request.source, request.id)
    await bus.of(ticket, 1)
    await bus.publish([request, decided(ticket), request])
    events = await bus.of(ticket, 3)
    assert types(events) == ["opened", "triaged", "assigned"]
    assert [item.sequence for item in events] == [1, 2, 3]
    view = (await ana.get(f"/tickets/{ticket}")).json()
    assert view["channel"] == "event"
    assert view["who_has_it"]["team_title"] == "Network and remote access"

    other = event(TicketRequested(requester="ben", title="Fire in the server room"), "ben")
    await bus.publish([other._replace(id=request.id)])
    assert await eventually(lambda: _reasons(bus, "desk.requests.intake.dead")) == ["id-reused"]
    assert (await ana.get(f"/tickets/{ticket}")).json()["title"] == "VPN away"


async def test_of_hostile_requests_each_is_a_clean_ticket_or_a_dead_letter(
    ana: Person, bus: Bus
) -> None:
    twice = b'{"requester": "ana", "title": "VPN away", "title": "Fire in the server room"}'
    acting = b'{"requester": "ana", "title": "VPN \\u202eyawa\\u0000\\n!"}'
    fine = event(TicketRequested(requester="ana", title="Mouse"), "ana")
    for number, value in enumerate((twice, acting)):
        raw = Codec().encode(fine._replace(id=f"raw-{number}"))
        topic, headers = bus.prefix + raw.topic, list(raw.headers)
        await bus.producer.send_and_wait(topic, key=raw.key, value=value, headers=headers)
    await bus.publish([fine])
    for id, title in ((fine.id, "Mouse"), ("raw-1", "VPN yawa !")):
        ticket = request_ticket_id(fine.source, id)
        await bus.of(ticket, 1)
        assert (await ana.get(f"/tickets/{ticket}")).json()["title"] == title
    dead = await eventually(lambda: _reasons(bus, "desk.requests.intake.dead"))
    assert dead == ["repeated-name"]


async def test_what_is_watched_is_listed_from_the_log(ana: Person, intake: Intake) -> None:
    titles = ("VPN away", "Mouse", "Toner")
    opened = [(await ana.post("/tickets", title, title=title)).json()["id"] for title in titles]
    for ticket in opened[:2]:
        await ana.post(f"/tickets/{ticket}/watch", f"w-{ticket}", person="ben")
    as_ben = {"X-Desk-User": "ben", "X-Desk-Roles": "employee"}
    async with httpx.AsyncClient(base_url=intake.url, timeout=60, headers=as_ben) as client:

        async def list_watched() -> list[str]:
            answer = await client.get("/v1/tickets?watching=me")
            items = answer.json().get("items", [])  # 503 before there is an index
            return [item["title"] for item in items] if len(items) == 2 else []

        assert await eventually(list_watched, 60) == ["Mouse", "VPN away"]


async def _reasons(bus: Bus, topic: str) -> list[str]:
    """The reason codes of a topic's dead letters, once each."""
    kafka = KafkaSettings(bootstrap=bus.kafka)
    dead_letters = [raw async for raw in read_all(kafka, [bus.prefix + topic])]
    return sorted({(dict(raw.headers)[REASON_CODE] or b"").decode() for raw in dead_letters})


async def test_a_problem_reaches_every_ticket_of_it_and_the_status_page(
    ana: Person, bus: Bus
) -> None:
    opened = [await ana.post("/tickets", f"k-{n}", title="VPN does not connect") for n in range(5)]
    tickets = tuple(item.json()["id"] for item in opened)
    people = ("ana",)
    fields: dict[str, Any] = {
        "service": "vpn",
        "title": verbatim("The VPN is down"),
        "tickets": tickets,
        "people": people,
    }
    message = "It is being repaired; you need not call."
    await bus.publish(
        [event(ProblemDetected(**fields, team="network", message=verbatim(message)), "p-1")]
    )
    for ticket in tickets:
        assert types(await bus.of(ticket, 2)) == ["opened", "linked"]

    async def is_told() -> bool:
        status = (await ana.get("/status")).json()
        return [item["message"] for item in status["problems"]] == [message]

    await eventually(is_told)
    await bus.publish(
        [event(ProblemResolved(**fields, resolution=verbatim("A new gateway.")), "p-1")]
    )
    for ticket in tickets:
        assert types(await bus.of(ticket, 3))[-1] == "resolved"
    view = (await ana.get(f"/tickets/{tickets[0]}")).json()
    assert view["how"] == "problem"
    assert view["state"] in {"resolved", "closed"}  # it closes by itself, soon in these tests

    async def is_calm() -> bool:
        return not (await ana.get("/status")).json()["problems"]

    await eventually(is_calm)


async def test_a_repair_escalated_becomes_one_proactive_ticket(
    max_of_network: Person, bus: Bus
) -> None:
    run = RunEscalated(
        run="run-1",
        runbook="clean-disk",
        title="Disk of lt-7 is full",
        outcome=Outcome.NOT_HEALED,
        team="workplace",
        reason=verbatim("Cleaning freed too little"),
    )
    handed = event(run, "lt-7")
    await bus.publish([handed, handed])
    events = await bus.of(proactive_ticket("run-1"), 4)
    assert types(events) == ["opened", "linked", "commented", "assigned"]
    view = (await max_of_network.get(f"/tickets/{proactive_ticket('run-1')}")).json()
    assert (view["kind"], view["team"], view["requester"]) == (
        "proactive",
        "workplace",
        "workplace",
    )


async def test_a_resolved_ticket_closes_by_itself(
    ana: Person, max_of_network: Person, bus: Bus
) -> None:
    ticket = (await ana.post("/tickets", "k-1", title="Toner empty")).json()["id"]
    done = await max_of_network.post(f"/tickets/{ticket}/resolve", "k-2", resolution="Filled up")
    assert done.json()["state"] == "resolved"
    events = await bus.of(ticket, 3)
    assert types(events) == ["opened", "resolved", "closed"]
    assert (events[2].time - events[1].time).total_seconds() == pytest.approx(2)


async def test_a_killed_intake_goes_on_where_it_was_and_its_store_is_the_projection_of_its_log(
    intake: Intake, ana: Person, max_of_network: Person, bus: Bus
) -> None:
    ticket = (await ana.post("/tickets", "k-1", title="VPN away")).json()["id"]
    intake.kill()
    await bus.publish([decided(ticket)])
    await intake.start()
    await bus.of(ticket, 3)
    again = await ana.post("/tickets", "k-1", title="VPN away")
    assert again.json()["id"] == ticket
    await max_of_network.post(f"/tickets/{ticket}/start", "k-2")
    events = await bus.of(ticket, 4)
    assert [event.sequence for event in events] == [1, 2, 3, 4]
    folded = replay(events)
    assert folded is not None
    seen = (await max_of_network.get(f"/tickets/{ticket}/timeline")).json()
    assert [entry["text"] for entry in seen["entries"]] == [
        english(item.message) for item in folded.timeline
    ]


async def test_what_cannot_be_read_does_not_hold_up_what_can(bus: Bus, ana: Person) -> None:
    topic = bus.prefix + "desk.requests"
    await bus.producer.send_and_wait(topic, key=b"ana", value=b"{broken")
    request = event(TicketRequested(requester="ana", title="VPN away"), "ana")
    await bus.publish([request])
    ticket = request_ticket_id(request.source, request.id)
    assert types(await bus.of(ticket, 1)) == ["opened"]
    assert (await ana.get(f"/tickets/{ticket}")).status_code == 200
