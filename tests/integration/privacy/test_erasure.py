"""One person is erased from five services and from the log; figures and others stay as they were.

The person's words are found by a word that nobody else uses; where that word is, their data is.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from desk_contracts import names
from desk_contracts.ids import new_id
from desk_contracts.topics import SERVICES
from desk_platform.kafka.topic_reader import list_topic_names, read_all
from desk_platform.settings import KafkaSettings
from desk_testing import eventually

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


def files_with(text: str, folder: Path) -> list[str]:
    """Files of stores, attachments and indexes that hold it; logs of services are no store."""
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".log" and text.encode() in path.read_bytes()
    ]


async def erase(desk: Desk, person: str = IVY) -> str:
    env = {"DESKCLI_INTAKE_URL": desk.services["intake"].url}
    for service in desk.services.values():
        service.env.update(env)
    words = ("person", "erase", person, "--reason", "Asked for by letter, case 17")
    answer = await asyncio.to_thread(desk.type, *words)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


async def figures(desk: Desk) -> str:
    """What operators are told of all tickets."""
    audits = [await asyncio.to_thread(desk.type, "audit", *more) for more in ([], ["--solutions"])]
    measures = await desk.services["metrics"].get("/v1/measures?weeks=1")
    assert measures.status_code == 200, measures.text
    counts = {name: item for name, item in measures.json().items() if name != "as_of"}
    return "\n".join([*(audit.stdout for audit in audits), json.dumps(counts, sort_keys=True)])


async def test_a_person_is_erased_everywhere_and_again_after_a_restore(
    desk: Desk, kafka: str, store_url: str, prefix: str, tmp_path: Path
) -> None:
    await desk.start()
    mine, _ = await live(desk)
    await eventually(lambda: len(desk.mail.mailbox.mails) >= 3, timeout=90)
    await all_read(desk)
    exported = tmp_path / "ivy.json"
    answer = await asyncio.to_thread(desk.type, "person", "export", IVY, "--to", str(exported))
    assert answer.returncode == 0, answer.stderr
    export = json.loads(exported.read_text())["services"]
    assert WORD in json.dumps(export["intake"])
    assert len(export["intake"]["files"]) == 1
    assert {name for name in SERVICES if export[name]["documents"]} >= {
        "intake", "triage", "notify", "metrics",
    }  # fmt: skip
    exported.unlink()
    before = await figures(desk)
    desk.stop()
    backup = await desk.copied()
    await desk.start()
    # One that was killed does its part when it is back.
    desk.services["notify"].kill()
    await erase(desk)
    desk.services["triage"].kill()
    await asyncio.gather(*(desk.services[name].start() for name in ("notify", "triage")))
    new = await ask(desk, IVY, "A new ticket")

    async def is_done() -> bool:
        return await done_by(kafka, prefix) == sorted(SERVICES)

    await eventually(is_done, timeout=240)
    folder = Path(store_url.removeprefix("sqlite:")) if store_url.startswith("sqlite:") else None
    for place in filter(None, (folder, tmp_path)):
        await eventually(lambda place=place: files_with(WORD, place) == [], timeout=60)
    dump = str(await desk.copied())
    assert WORD not in dump
    assert "For my" not in dump
    assert (await desk.services["intake"].get(f"/v1/tickets/{new}")).json()["requester"] == IVY
    assert (await desk.services["intake"].get(f"/v1/tickets/{mine}")).json()["title"] == "[erased]"
    await all_read(desk)
    desk.stop()

    purged = await asyncio.to_thread(desk.type, "person", "purge")
    assert purged.returncode == 0, purged.stdout + purged.stderr
    log = await log_of(kafka, prefix)
    assert WORD.encode() not in log
    assert b"A new ticket" in log
    await desk.start()
    await all_read(desk)
    assert before
    desk.stop()

    await desk.put_back(backup)
    assert WORD in str(await desk.copied())
    await desk.start()

    async def is_gone() -> bool:
        return WORD not in str(await desk.copied())

    await eventually(is_gone, timeout=240, interval=1)
