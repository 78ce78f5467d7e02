"""One person is erased from five services and from the log; figures and others stay as they were.

The person's words are found by a word that nobody else uses; where that word is, their data is.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from desk_contracts import names
from desk_contracts.ids import new_id
from desk_contracts.topics import SERVICES
from desk_platform.kafka.topic_reader import list_topic_names, read_all
from desk_platform.settings import KafkaSettings
from desk_testing import eventually

from tests.support.all_that_is_kept import list_files_of
from tests.support.restoring_desk import Desk, desk_of

pytestmark = [pytest.mark.connected, pytest.mark.timeout(900)]

IVY, BEN = "ivy@desk.example", "ben@desk.example"
WORD = "quagga"
MEMBER = {"X-Desk-Roles": "employee,member", "X-Desk-Team": "network"}


@pytest.fixture
async def desk(kafka: str, store_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(SERVICES, kafka, store_url, prefix, tmp_path) as made:
        yield made


async def call(desk: Desk, who: str, path: str, **body: Any) -> httpx.Response:
    headers = {"X-Desk-User": who, "X-Desk-Roles": "employee", "Idempotency-Key": f'"{new_id()}"'}
    headers |= MEMBER if who.startswith("max") else {}
    async with httpx.AsyncClient(base_url=desk.services["intake"].url, timeout=60) as http:
        answer = await http.post(f"/v1{path}", json=body, headers=headers)
    assert answer.status_code < 300, answer.text
    return answer


async def ask(desk: Desk, who: str, title: str) -> str:
    fields = {"title": title, "description": f"All of it: {title}", "service": "vpn"}
    answer = await call(desk, who, "/tickets", **fields)
    return str(answer.json()["id"])


async def attach(desk: Desk, ticket: str) -> None:
    headers = {"X-Desk-User": IVY, "X-Desk-Roles": "employee", "Idempotency-Key": f'"{new_id()}"'}
    url = f"{desk.services['intake'].url}/v1/tickets/{ticket}/attachments?name={WORD}.txt"
    async with httpx.AsyncClient(timeout=60) as http:
        answer = await http.post(url, content=f"My {WORD} is ill".encode(), headers=headers)
    assert answer.status_code < 300, answer.text


async def live(desk: Desk) -> tuple[str, str]:
    """Ivy's ticket, solved and rated, and Ben's, in which she wrote."""
    mine = await ask(desk, IVY, f"The {WORD} does not connect")
    his = await ask(desk, BEN, "The printer is on fire")
    await attach(desk, mine)
    await call(desk, IVY, f"/tickets/{mine}/comments", text=f"It is the {WORD} again")
    await call(desk, BEN, f"/tickets/{his}/watch", person=IVY)
    await call(desk, IVY, f"/tickets/{his}/comments", text=f"My {WORD} saw it too")
    await call(desk, BEN, f"/tickets/{his}/comments", text=f"Thanks, {IVY}!")
    await call(desk, "max@desk.example", f"/tickets/{mine}/resolve", resolution=f"{WORD} fed")
    await call(desk, IVY, f"/tickets/{mine}/feedback", score=2, comment=f"Poor {WORD}")
    await call(desk, IVY, "/feedback", about="demand", what="A zoo", reason=f"For my {WORD}")
    await call(desk, IVY, f"/tickets/{mine}/close")
    return mine, his


async def find_tickets(desk: Desk, text: str) -> list[str]:
    """What a member finds by a word, once the index has all of the log."""
    headers = {"X-Desk-User": "max@desk.example", **MEMBER}
    url = f"{desk.services['intake'].url}/v1/tickets?q={text}"
    tickets = list[str]()

    async def is_searched() -> bool:
        async with httpx.AsyncClient(timeout=60) as http:
            answer = (await http.get(url, headers=headers)).json()
        tickets[:] = [item["id"] for item in answer.get("items", ())]
        return bool(answer.get("search", {}).get("is_complete"))

    await eventually(is_searched, timeout=60)
    return tickets


async def log_of(kafka: str, prefix: str) -> bytes:
    """All that brokers give of this desk's topics."""
    settings = KafkaSettings(bootstrap=kafka)
    topics = [name for name in await list_topic_names(settings) if name.startswith(prefix)]
    parts = []
    async for record in read_all(settings, topics):
        parts += [record.key or b"", record.value or b"", str(record.headers).encode()]
    return b"\n".join(parts)


async def done_by(kafka: str, prefix: str) -> list[str]:
    settings = KafkaSettings(bootstrap=kafka)
    records = read_all(settings, [prefix + names.ERASURES_DONE])
    return sorted([json.loads(record.value or b"{}")["service"] async for record in records])


async def all_read(desk: Desk) -> None:
    """Nobody has anything to read or to publish any more."""

    async def is_quiet() -> bool:
        for service in desk.services.values():
            health = (await service.get("/health/ready")).json()
            if any(consumer.get("lag") for consumer in health["consumers"]):
                return False
        return True

    await eventually(is_quiet, timeout=90)


def has_none(text: str, list_files: Callable[[], Iterable[Path]]) -> bool:
    """Whether no file of stores, attachments and indexes holds it; says which do.

    Logs of services are no store.
    """
    holders = []
    for path in list_files():
        # Parts of an index are merged into others meanwhile.
        with suppress(FileNotFoundError):
            if path.suffix != ".log" and text.encode() in path.read_bytes():
                holders.append(str(path))
    assert not holders, f"{text} is in {holders}"
    return True


async def erase(desk: Desk, person: str = IVY) -> str:
    env = {"DESKCLI_INTAKE_URL": desk.services["intake"].url}
    for service in desk.services.values():
        service.env.update(env)
    words = ("person", "erase", person, "--reason", "Asked for by letter, case 17")
    answer = await asyncio.to_thread(desk.type, *words)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


async def figures(desk: Desk, as_of: str) -> str:
    """What operators are told of all tickets, as it was known at a moment."""
    audits = [await asyncio.to_thread(desk.type, "audit", *more) for more in ([], ["--solutions"])]
    until = datetime.fromisoformat(as_of).date()
    span = {"from": until - timedelta(days=7), "to": until, "as_of": as_of}
    measures = await desk.services["metrics"].get(f"/v1/measures?{urlencode(span)}")
    assert measures.status_code == 200, measures.text
    return "\n".join([*(audit.stdout for audit in audits), measures.text])


def export(desk: Desk, to: Path) -> dict[str, Any]:
    """What `desk person export` writes, by service."""
    answer = desk.type("person", "export", IVY, "--to", str(to))
    assert answer.returncode == 0, answer.stderr
    services: dict[str, Any] = json.loads(to.read_text())["services"]
    to.unlink()
    return services


async def everybody_is_done(kafka: str, prefix: str, times: int = 1) -> None:
    async def is_done() -> bool:
        return await done_by(kafka, prefix) == sorted([*SERVICES] * times)

    await eventually(is_done, timeout=240, interval=1)


async def check_export(desk: Desk, to: Path) -> None:
    """Four services keep something of her; automation, which repaired nothing, does not."""
    services = await asyncio.to_thread(export, desk, to)
    assert WORD in json.dumps(services["intake"])
    assert len(services["intake"]["files"]) == 1
    filled = {name for name in SERVICES if services[name]["documents"]}
    assert filled == set(SERVICES) - {"automation"}


async def find_rows(desk: Desk, text: str) -> list[tuple[str, str, str]]:
    """Documents that hold it: service, collection, what they say."""
    return [
        (service, collection, str(row))
        for service, collections in (await desk.copied()).items()
        for collection, rows in collections.items()
        for row in rows
        if text in str(row)
    ]


async def check_bytes(desk: Desk, store_url: str, prefix: str, folder: Path) -> None:
    """Neither word nor address is in a document, nor in a byte of files and indexes."""

    def list_files() -> list[Path]:
        kept = [path for path in folder.rglob("*") if path.is_file()]
        return [*kept, *list_files_of(store_url, prefix)]

    for text in (WORD, IVY):
        assert await find_rows(desk, text) == []
        await eventually(partial(has_none, text, list_files), timeout=60)


async def test_a_person_is_in_no_store_after_their_erasure_nor_after_a_restore(
    desk: Desk, kafka: str, store_url: str, prefix: str, tmp_path: Path
) -> None:
    await desk.start()
    mine, his = await live(desk)
    await eventually(lambda: len(desk.mail.mailbox.mails) >= 3, timeout=90)
    await all_read(desk)
    await check_export(desk, tmp_path / "ivy.json")

    async def both_are_found() -> bool:
        return sorted(await find_tickets(desk, WORD)) == sorted([mine, his])

    await eventually(both_are_found, timeout=30)
    now = datetime.now(UTC).isoformat()
    before = await figures(desk, now)
    desk.stop()
    backup = await desk.copied()
    await desk.start()
    # One that is away, and one that is killed while it is at it, do their part when they are back.
    desk.services["notify"].kill()
    await erase(desk)
    desk.services["triage"].kill()
    await asyncio.gather(*(desk.services[name].start() for name in ("notify", "triage")))
    await everybody_is_done(kafka, prefix)
    await check_bytes(desk, store_url, prefix, tmp_path)
    assert await find_tickets(desk, WORD) == []
    assert await find_tickets(desk, "printer") == [his]
    title = (await desk.services["intake"].get(f"/v1/tickets/{mine}")).json()["title"]
    assert title == "[erased]"
    assert await figures(desk, now) == before
    desk.stop()

    await desk.put_back(backup)
    assert await find_rows(desk, WORD) != []
    await desk.start()
    await everybody_is_done(kafka, prefix, times=2)
    assert await find_rows(desk, WORD) == []
    assert await find_rows(desk, IVY) == []


async def test_the_log_is_without_a_person_after_the_purge(
    desk: Desk, kafka: str, prefix: str
) -> None:
    await desk.start()
    _, his = await live(desk)
    await all_read(desk)
    await erase(desk)
    await everybody_is_done(kafka, prefix)
    new = await ask(desk, IVY, "A new ticket")
    await all_read(desk)
    now = datetime.now(UTC).isoformat()
    before = await figures(desk, now)
    refused = await asyncio.to_thread(desk.type, "person", "purge")
    assert refused.returncode == 2
    assert "stop the services" in " ".join(refused.stderr.split())
    desk.stop()

    assert WORD.encode() in await log_of(kafka, prefix)
    purged = await asyncio.to_thread(desk.type, "person", "purge")
    assert purged.returncode == 0, purged.stdout + purged.stderr
    log = await log_of(kafka, prefix)
    assert WORD.encode() not in log
    assert b"A new ticket" in log
    assert b"The printer is on fire" in log
    again = await asyncio.to_thread(desk.type, "person", "purge")
    assert "Nothing of it was left" in again.stdout, again.stdout

    mails = len(desk.mail.mailbox.mails)
    await desk.start()
    await all_read(desk)
    assert await figures(desk, now) == before
    assert (await desk.services["intake"].get(f"/v1/tickets/{new}")).json()["requester"] == IVY
    await call(desk, BEN, f"/tickets/{his}/comments", text="Still burning")
    assert len(desk.mail.mailbox.mails) <= mails + 1
