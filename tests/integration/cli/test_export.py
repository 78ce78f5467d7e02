"""`desk export --ocel` on a real broker: what was published is in the file, once, and counted."""

import asyncio
import json
import os
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_cli.main import app
from desk_cli.options import settings
from desk_contracts import Codec, Event, Payload, number_event
from desk_contracts.events.changes import ChangeFinished, ChangeKind
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    TicketAssigned,
    TicketOpened,
    TicketResolved,
)
from desk_contracts.message import verbatim
from desk_contracts.names import CHANGES, SLA, TICKETS
from desk_contracts.topics import BY_NAME
from desk_platform.kafka import KafkaPublisher
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from typer.testing import CliRunner, Result

pytestmark = [pytest.mark.connected, pytest.mark.timeout(120)]

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
TICKETS_OPENED = 30
CHECK = Path(__file__).parents[3] / "bench" / "ocel" / "check.py"


@pytest.fixture
async def bus(kafka: str, prefix: str) -> str:
    """Tickets over several partitions, one event of them twice, and a change."""
    chosen = KafkaSettings(bootstrap=kafka)
    topics = [BY_NAME[name] for name in (TICKETS, SLA, CHANGES)]
    await apply_topics(chosen, topics, prefix=prefix, partitions=3)
    codec, events = Codec(), []
    for number in range(TICKETS_OPENED):
        opened = TicketOpened(
            code=f"C-{number}", kind=Kind.INCIDENT, title="x", requester=f"p-{number % 7}",
            channel=Channel.API, device=f"d-{number % 5}",
        )  # fmt: skip
        steps: tuple[Payload, ...] = (
            opened,
            TicketAssigned(team="network"),
            TicketResolved(by="bo", resolution=verbatim("done")),
        )
        for step, data in enumerate(steps, 1):
            event = Event(f"e-{number}-{step}", "/desk/intake", f"t-{number}", AT, data)
            events.append(number_event(event, step))
    events.append(events[0])
    change = ChangeFinished(change="c-1", kind=ChangeKind.RELEASE, succeeded=True)
    events.append(Event("c-1", "/delivery", "vpn", AT, change))
    async with KafkaPublisher(chosen, "export", prefix) as publisher:
        await publisher.publish([codec.encode(event) for event in events])
    return prefix


async def test_everything_published_is_in_the_file_once(
    bus: str, kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "log.json"
    result = await run(monkeypatch, kafka, bus, "export", "--ocel", str(out), "--json")
    assert result.exit_code == 0, result.output
    counts = json.loads(result.output)
    assert counts["objects"] == {
        "ticket": TICKETS_OPENED, "person": 8, "device": 5, "team": 1, "change": 1,
    }  # fmt: skip
    assert counts["events"] == {
        "ticket.opened": TICKETS_OPENED,
        "ticket.assigned": TICKETS_OPENED,
        "ticket.resolved": TICKETS_OPENED,
        "change.finished": 1,
    }
    log = json.loads(await asyncio.to_thread(out.read_text, "utf-8"))
    assert Counter(event["type"] for event in log["events"]) == counts["events"]
    assert Counter(item["type"] for item in log["objects"]) == counts["objects"]
    # Another reader counts the same, where there is one (docs/operations.md).
    if python := os.environ.get("DESK_OCEL_PYTHON"):
        await asyncio.to_thread(check, python, out, result.output)


async def test_a_desk_without_tickets_or_a_folder_is_refused(
    kafka: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "log.json"
    missing = await run(monkeypatch, kafka, prefix, "export", "--ocel", str(out))
    assert f"There is no topic '{prefix}{TICKETS}'" in str(missing.exception)
    assert await asyncio.to_thread(os.listdir, tmp_path) == []
    nowhere = str(tmp_path / "none" / "log.json")
    refused = await run(monkeypatch, kafka, prefix, "export", "--ocel", nowhere)
    assert "There is no folder" in str(refused.exception)


def check(python: str, export: Path, counts: str) -> None:
    """The bench of the export, in an interpreter that has PM4Py."""
    counted = export.with_name("counts.json")
    counted.write_text(counts, encoding="utf-8")
    command = [python, str(CHECK), str(export), str(counted)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def run(monkeypatch: pytest.MonkeyPatch, kafka: str, prefix: str, *words: str) -> Result:
    """`desk` with these words, for a desk of its own."""
    monkeypatch.setenv("DESK_ENVIRONMENT", "local")
    monkeypatch.setenv("DESK_KAFKA", kafka)
    monkeypatch.setenv("DESK_TOPIC_PREFIX", prefix)
    settings.cache_clear()
    try:
        return await asyncio.to_thread(CliRunner().invoke, app, list(words))
    finally:
        settings.cache_clear()
