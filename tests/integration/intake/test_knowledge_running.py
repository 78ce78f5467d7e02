"""Knowledge and what is prevented by it, on real servers and with intake killed in between."""

from typing import Any

import pytest
from desk_contracts import names
from desk_contracts.events.feedback import ContactPrevented, ContactReturned
from desk_contracts.events.knowledge import ArticleRevised
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings
from desk_testing import eventually

from tests.support.intake_around import Bus, Intake, Person

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]

TEXT = {"language": "en", "title": "VPN drops the connection", "body": "Switch the tunnel to TCP."}
DRAFT = {"title": "The VPN connection drops every few minutes"}


async def read(bus: Bus, topic: str) -> list[Any]:
    decoder = RecordDecoder(prefix=bus.prefix)
    records = read_all(KafkaSettings(bootstrap=bus.kafka), [bus.prefix + topic])
    return [decoder.read(record).data async for record in records]


async def check(person: Person) -> Any:
    answer = await person.client.post("/v1/tickets/check", json=DRAFT)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_was_taken_is_uncounted_once_by_the_same_ticket_also_after_a_kill(
    ana: Person, max_of_network: Person, intake: Intake, bus: Bus
) -> None:
    written = await max_of_network.post("/articles", "a-1", translations=[TEXT])
    assert written.status_code == 201, written.text
    article = written.json()["id"]

    async def is_found() -> bool:
        return [item["id"] for item in (await check(ana))["articles"]] == [article]

    await eventually(is_found, 60)
    taken = {"taken": "article", "target": article, **DRAFT}
    contact = (await ana.post("/contacts/prevented", "c-1", **taken)).json()["id"]
    intake.kill()
    await intake.start()
    # The key stands for the same contact, and the index goes on from its folder.
    assert (await ana.post("/contacts/prevented", "c-1", **taken)).json()["id"] == contact
    await eventually(is_found, 60)
    opened = await ana.post("/tickets", "t-1", **DRAFT)
    assert opened.status_code == 201
    intake.kill()
    await intake.start()

    async def is_returned() -> bool:
        events = await read(bus, names.FEEDBACK)
        return any(isinstance(item, ContactReturned) for item in events)

    await eventually(is_returned, 60)
    events = await read(bus, names.FEEDBACK)
    counted = {item.contact for item in events if isinstance(item, ContactPrevented)}
    returned = {(item.contact, item.ticket) for item in events if isinstance(item, ContactReturned)}
    assert (counted, returned) == ({contact}, {(contact, opened.json()["id"])})
    # A copy after a kill is the same revision of the same article.
    revised = [
        item for item in await read(bus, names.KNOWLEDGE) if isinstance(item, ArticleRevised)
    ]
    assert {(item.revision, item.translations[0].title) for item in revised} == {(1, TEXT["title"])}
