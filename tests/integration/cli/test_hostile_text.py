"""One hostile event, record, file and history, shown by every command of `desk`: nothing acts.

Commands are found by walking the command line, so that a new one is tried as well.
"""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from desk_cli.main import add_commands, app
from desk_cli.options import settings
from desk_contracts import Codec, Event, number_event
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.names import REQUESTS, TICKETS
from desk_contracts.text import plain_text
from desk_contracts.topics import BY_NAME, Topic, dead_topic
from desk_metrics.measures.store import BUCKETS
from desk_platform.clock import SystemClock
from desk_platform.kafka import KafkaPublisher
from desk_platform.kafka.admin import apply_topics
from desk_platform.kafka.records import ORIGIN, REASON, REASON_CODE
from desk_platform.settings import KafkaSettings, StoreSettings
from desk_platform.store import open_store
from typer.main import get_command
from typer.testing import CliRunner

pytestmark = [pytest.mark.connected, pytest.mark.timeout(720)]

ROOT = Path(__file__).resolve().parents[3]
DEAD = dead_topic(REQUESTS, "intake")
HOSTILE = "Mouse \x1b[2J\x1b]0;owned\x07 [red]:smile: \x9b31m \u202egpj.exe \u2028 \U000e0041 \x7f"
Words = tuple[str, ...]
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
# They act on all topics of the broker, and show only names of the charter.
LEFT_OUT = {("topics", "apply")}


@pytest.fixture
async def bus(kafka: str, prefix: str) -> str:
    """Hostile records on a prefix of their own."""
    chosen = KafkaSettings(bootstrap=kafka)
    topics = [BY_NAME[REQUESTS], BY_NAME[TICKETS], Topic(DEAD, "key", "intake")]
    await apply_topics(chosen, topics, prefix=prefix, partitions=1)
    opened = TicketOpened(
        code=HOSTILE, kind=Kind.INCIDENT, title=HOSTILE, requester="ann", channel=Channel.API,
        service=HOSTILE,
    )  # fmt: skip
    # Strangers write what our own model refuses.
    request = TicketRequested.model_construct(
        requester=f"ann {HOSTILE}", title=HOSTILE, service=HOSTILE
    )
    codec = Codec()
    async with KafkaPublisher(chosen, "hostile", prefix) as publisher:
        await publisher.publish(
            [
                codec.encode(Event("r-1", "/crm", HOSTILE, AT, request)),
                codec.encode(number_event(Event("o-1", "/desk/intake", "t-1", AT, opened), 1)),
            ]
        )
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        raw = HOSTILE.encode()
        headers = [(REASON, raw), (REASON_CODE, raw), (ORIGIN, raw)]
        for topic in (REQUESTS, DEAD):
            await producer.send_and_wait(prefix + topic, raw, raw, headers=headers)
    return prefix


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """An export, and events, that a stranger wrote."""
    export = tmp_path / "export.csv"
    rows = "".join(
        f'I{n},Closed,"{HOSTILE}","{HOSTILE}","{HOSTILE}",2026-03-02 09:00:00,'
        f"2026-03-0{n % 5 + 3} 10:00:00,2026-03-09 10:00:00\n"
        for n in range(40)  # so many that a report names their category
    )
    head = "number,state,short_description,assignment_group,category,opened_at,resolved_at,"
    head += "closed_at\n"
    export.write_text(head + rows, encoding="utf-8")
    events = tmp_path / "events.jsonl"
    bad = {"specversion": "1.0", "id": HOSTILE, "source": HOSTILE, "type": HOSTILE, "subject": "x"}
    events.write_text(json.dumps(bad, ensure_ascii=False) + "\n" + HOSTILE + "\n", encoding="utf-8")
    return {
        "export": str(export),
        "events": str(events),
        "history": str(tmp_path / "h.jsonl"),
        "page": str(tmp_path / "page.html"),
        "ocel": str(tmp_path / "log.json"),
    }


def commands(whole: Any, path: Words = ()) -> Iterator[tuple[Words, list[Any]]]:
    """Every command there is, by the words that call it, with its parameters."""
    inner = getattr(whole, "commands", None)
    if inner is None:
        yield path, whole.params
        return
    for name, command in inner.items():
        yield from commands(command, (*path, name))


def words_for(path: Words, params: list[Any], files: dict[str, str]) -> list[str]:
    """What it is called with; a command that is not known here gets hostile words."""
    arguments = {
        ("tail",): [REQUESTS, TICKETS, "--from-start"],
        ("dead", "show"): [DEAD],
        ("replay",): [files["events"], "--dry-run"],
        ("import",): [
            files["export"], "--mapping", "servicenow", "--zone", "UTC", "--out", files["history"],
        ],
        ("report", "where-time-goes"): [files["history"]],
        ("report", "page"): ["--out", files["page"]],
        ("export",): ["--ocel", files["ocel"]],
        ("triage", "learn"): [files["history"]],
    }  # fmt: skip
    required = [param for param in params if param.required and param.param_type_name == "argument"]
    return arguments.get(path, [HOSTILE] * len(required))


async def test_nothing_that_strangers_wrote_acts_on_the_terminal(
    bus: str, kafka: str, store_url: str, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {
        "DESK_ENVIRONMENT": "local",
        "DESK_KAFKA": kafka,
        "DESK_STORE": store_url,
        "DESK_TOPIC_PREFIX": bus,
        "DESK_DATABASE_PREFIX": bus,
        "DESK_CHARTER": str(ROOT / "charter"),
        "COLUMNS": "300",
    }.items():
        monkeypatch.setenv(name, text)
    settings.cache_clear()
    # As a service has made it: a store that is not there is refused.
    store = open_store(StoreSettings(url=store_url), f"{bus}metrics")
    await store.documents(BUCKETS, SystemClock().now).prepare()
    await store.stop()
    add_commands()
    runner, acting, shown = CliRunner(), {}, {}
    params_by_path = {
        path: params for path, params in commands(get_command(app)) if path not in LEFT_OUT
    }
    # What one command writes, others read.
    for path in sorted(params_by_path, key=lambda key: (key != ("import",), key)):
        words = [*path, *words_for(path, params_by_path[path], files)]
        result = await asyncio.to_thread(runner.invoke, app, words)
        text = result.output + str(getattr(result.exception, "message", ""))
        shown[path] = result.output
        if plain_text(result.output) != result.output:
            acting[path] = text
    settings.cache_clear()
    assert acting == {}
    for path in (("tail",), ("dead", "show"), ("dead", "list"), ("report", "where-time-goes")):
        assert r"\x1b[2J" in shown[path], (path, shown[path])
    page = await asyncio.to_thread(Path(files["page"]).read_text, "utf-8")
    assert plain_text(page) == page
