"""Similar tickets over HTTP: nothing that is hidden from the member, honest while reading."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from desk_contracts.events.tickets import How, State
from desk_contracts.message import verbatim
from desk_contracts.names import TICKETS
from desk_platform.clock import FakeClock
from desk_platform.health import Health
from desk_platform.http import AppParts, Principal, Role, make_app
from desk_platform.settings import KafkaSettings
from desk_platform.similar import IndexedTicket, IndexReader, TextIndex, follow_ticket
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from desk_triage.similar.api import SimilarReads, similar_router
from desk_triage.similar.store import VectorIndex

from tests.support.confidential import with_secrets
from tests.support.triage_desk import MONDAY, opened
from tests.support.triage_encoder import FakeEncoder

SECRET = with_secrets(service="vpn")
CALLERS = (
    Principal("ned", frozenset({Role.MEMBER}), "network"),
    Principal("ben", frozenset({Role.MEMBER}), "network"),
    Principal("ida", frozenset({Role.MEMBER}), "identity"),
    Principal("eve", frozenset({Role.EMPLOYEE})),
)


def ticket(title: str, person: str = "ana", **more: object) -> IndexedTicket:
    made = follow_ticket(None, opened(title, person=person))
    assert made is not None
    return made.model_copy(update=more)


QUERY = ticket("Laptop does not wake up")
OPEN = ticket("My laptop does not wake")
SECRET_ONE = ticket("The laptop will not wake up", service="vpn", team="network")
SOLVED = ticket(
    "Laptop never wakes up",
    "ben",
    state=State.RESOLVED,
    how=How.MEMBER,
    resolution=verbatim("Update the firmware."),
    cause="firmware",
    resolved_at=MONDAY,
)


@pytest.fixture
async def reads(tmp_path: Path) -> AsyncIterator[SimilarReads]:
    index = TextIndex(tmp_path / "i", IndexedTicket)
    await index.open("topic")
    await index.write([QUERY, OPEN, SECRET_ONE, SOLVED], {})
    reader = IndexReader(
        "similar tickets", TICKETS, KafkaSettings(bootstrap="nowhere:1"), index, follow_ticket,
        Health(FakeClock(MONDAY)),
    )  # fmt: skip
    reader.is_open = reader.is_complete = True
    yield SimilarReads(index, reader)
    await index.close()


async def get(reads: SimilarReads, who: str, ticket: str, query: str = "") -> httpx.Response:
    clock = FakeClock(MONDAY)
    parts = AppParts(
        Health(clock), record_telemetry().telemetry, FakeAuthenticator(*CALLERS), clock,
        organisation=lambda: SECRET,
    )  # fmt: skip
    app = make_app("triage", [similar_router(reads)], parts)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://desk",
        headers={"Authorization": f"Bearer {who}"},
    ) as client:
        return await client.get(f"/v1/tickets/{ticket}/similar{query}")


async def test_members_see_what_is_open_and_how_the_like_was_solved(reads: SimilarReads) -> None:
    for reference in (QUERY.id, QUERY.code):
        body = (await get(reads, "ned", reference)).json()
        assert body["ticket"] == QUERY.id
        assert {item["ticket"] for item in body["open"]} == {OPEN.id, SECRET_ONE.id}
        (solved,) = body["solved"]
        assert (solved["resolution"], solved["cause"]) == ("Update the firmware.", "firmware")
        assert 0 < solved["likeness"] < 1
        assert [item["code"] for item in solved["reasons"]] == ["similar.shared-words"]
        assert "laptop" in solved["reasons"][0]["params"]["words"]
        codes = {item["code"] for shown in body["open"] for item in shown["reasons"]}
        assert codes == {"similar.shared-words", "similar.same-person"}


async def test_the_cause_of_their_own_ticket_is_not_told_to_staff(reads: SimilarReads) -> None:
    (solved,) = (await get(reads, "ben", QUERY.id)).json()["solved"]
    assert (solved["resolution"], solved["cause"]) == ("Update the firmware.", "")


async def test_what_is_hidden_is_neither_shown_nor_asked_for(reads: SimilarReads) -> None:
    body = (await get(reads, "ida", QUERY.id)).json()
    assert [item["ticket"] for item in body["open"]] == [OPEN.id]
    assert (await get(reads, "ida", SECRET_ONE.id)).status_code == 404
    assert (await get(reads, "ned", SECRET_ONE.id)).status_code == 200
    assert (await get(reads, "eve", QUERY.id)).status_code == 403


async def test_no_more_than_asked_for(reads: SimilarReads) -> None:
    assert len((await get(reads, "ned", QUERY.id, "?limit=1")).json()["open"]) == 1
    for wrong in ("0", "21", "many"):
        assert (await get(reads, "ned", QUERY.id, f"?limit={wrong}")).status_code == 422


async def test_what_is_not_read_yet_is_not_called_missing(reads: SimilarReads) -> None:
    assert (await get(reads, "ned", "nobody")).status_code == 404
    reads.reader.is_complete = False
    waiting = await get(reads, "ned", "nobody")
    assert (waiting.status_code, waiting.json()["code"]) == (503, "still-reading")
    assert (await get(reads, "ned", QUERY.id)).json()["is_complete"] is False
    reads.reader.is_open = False
    assert (await get(reads, "ned", QUERY.id)).status_code == 503


async def test_what_only_an_encoder_takes_for_alike_is_said_so(
    reads: SimilarReads, tmp_path: Path
) -> None:
    dark, schwarz = ticket("Screen dark"), ticket("Bildschirm schwarz", "ben")
    vectors = VectorIndex(tmp_path / "v", FakeEncoder())
    await vectors.open("topic")
    for index in (reads.index, vectors):
        await index.write([dark, schwarz], {})
    body = (await get(replace(reads, vectors=vectors), "ned", dark.id)).json()
    (shown,) = body["open"]
    assert shown["ticket"] == schwarz.id
    assert [item["code"] for item in shown["reasons"]] == ["similar.alike-meaning"]
    assert (await get(reads, "ned", dark.id)).json()["open"] == []
    await vectors.close()
