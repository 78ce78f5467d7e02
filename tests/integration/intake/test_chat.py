"""Chat at intake as a process: one ticket for a line, within the three seconds that people wait."""

import hmac
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from desk_contracts.events.tickets import TicketOpened
from desk_testing.processes import CHARTER, environment

from tests.support.intake_around import Bus, Intake

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]

CHATS = """\
chats:
  - {name: slack, kind: slack, users: [{user: U1, person: ana@desk.example, language: de}]}
"""


@pytest.fixture
async def chatty(bus: Bus, kafka: str, store_url: str, tmp_path: Path) -> AsyncIterator[Intake]:
    charter, folder = tmp_path / "charter", tmp_path / "secrets"
    shutil.copytree(CHARTER, charter)
    (charter / "chats.yaml").write_text(CHATS, encoding="utf-8")
    folder.mkdir()
    (folder / "slack").write_text(secrets.token_hex(16))
    more = {"INTAKE_SIGNING_SECRETS": str(folder)}
    env = environment(kafka, store_url, bus.prefix, charter, **more)
    service = Intake("intake", env, tmp_path / "intake.log")
    await service.start()
    yield service
    service.stop()


async def say(intake: Intake, text: str, trigger: str) -> str:
    """The answer to a slash command, which came in time."""
    fields = {"command": "/desk", "text": text, "user_id": "U1", "trigger_id": trigger}
    body, now = urlencode(fields).encode(), str(int(time.time()))
    secret = (Path(intake.env["INTAKE_SIGNING_SECRETS"]) / "slack").read_bytes()
    digest = hmac.new(secret, f"v0:{now}:".encode() + body, sha256).hexdigest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Signature": f"v0={digest}",
        "X-Slack-Request-Timestamp": now,
    }
    async with httpx.AsyncClient(base_url=intake.url, timeout=3) as client:
        answer = await client.post("/v1/chat/slack", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["text"])


async def test_a_line_is_one_ticket_over_a_kill_and_its_writer_can_ask_for_it(
    chatty: Intake, bus: Bus
) -> None:
    first = await say(chatty, "Das VPN geht nicht", "1.a")
    chatty.kill()
    await chatty.start()
    assert await say(chatty, "Das VPN geht nicht", "1.a") == first
    code = first.removeprefix("Ihr Ticket ist ")[:9]
    assert (await say(chatty, f"kommentar {code} Seit heute", "2.b")).endswith("ergänzt.")
    assert f"Ticket {code} „Das VPN geht nicht“" in await say(chatty, f"stand {code}", "3.c")
    [ticket] = {event.subject for event in await bus.read() if isinstance(event.data, TicketOpened)}
    events = await bus.of(ticket, 2)
    assert [event.type.split(".")[2] for event in events] == ["opened", "commented"]
