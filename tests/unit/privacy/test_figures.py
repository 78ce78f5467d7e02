"""Figures are the same before and after an erasure, and go on being: real documents of metrics."""

from dataclasses import fields
from typing import Any

from desk_contracts.redaction import Erasure, Redactor, hash_person
from desk_metrics.measures.repeat_contacts import is_person
from desk_platform.erasure.rows import redact_row
from desk_platform.store import Schema, Stored
from desk_testing.fakes import FakeDocuments
from pydantic import TypeAdapter

from tests.support.metrics_desk import Desk
from tests.support.metrics_feedback import NOW, after, answered, figures
from tests.support.metrics_measures import second
from tests.support.metrics_story import Story

KEY, IVY, BEN = b"0123456789abcdef0123456789abcdef", "ivy@corp.example", "ben@corp.example"
REDACTOR = Redactor(
    KEY,
    [Erasure("e-1", NOW, hash_person(KEY, IVY), "erased-1", frozenset({"ticket-1", "ticket-2"}))],
)


def tell_life(day: str, ticket: str, person: str = IVY) -> list[Any]:
    story = Story(f"{day} 09:00", service="vpn", requester=person, device="lt-1")
    story.assigned(f"{day} 10:00", "network").resolved(f"{day} 11:00")
    return list(story.events) if ticket == "ticket-1" else second(story, ticket, person)


async def copy_erased(desk: Desk) -> tuple[Desk, str]:
    """The same desk with its documents as an erasure leaves them, and all that they say."""
    other, texts = Desk(NOW, desk.book), ""
    for name in (item.name for item in fields(desk.collections)):
        source: FakeDocuments[Any] = getattr(desk.collections, name)
        target: FakeDocuments[Any] = getattr(other.collections, name)
        schema: Schema[Any] = source._schema
        states = TypeAdapter[Any](schema.model)
        for stored in await source.find({}, limit=10_000):
            row = {
                "_id": stored.id,
                "version": stored.version,
                "state": states.dump_json(stored.state).decode(),
            }
            row = dict(redact_row(REDACTOR, schema.collection, row).row or row)
            texts += f"{row['_id']} {row['state']}\n"
            state = states.validate_json(str(row["state"]))
            new = Stored(str(row["_id"]), state=state, due=stored.due, sequence=stored.sequence)
            await target.write([new])
    return other, texts


async def test_figures_are_the_same_and_go_on_the_same() -> None:
    events = [
        *tell_life("2026-11-23", "ticket-1"),
        *tell_life("2026-11-24", "ticket-2"),
        *tell_life("2026-11-24", "ticket-3", BEN),
        answered(2, 40, service="vpn", ticket="ticket-1", by=IVY),
    ]
    desk = await after(*events)
    erased, texts = await copy_erased(desk)
    assert IVY not in texts
    assert "erased-1" in texts
    assert BEN in texts
    ids = [item.id for item in await erased.collections.returns.find({}, limit=100)]
    assert any(is_person(id) and id.endswith(".erased-1") for id in ids), ids
    by_service = await figures(desk, "service")
    assert await figures(erased, "service") == by_service
    for each in (desk, erased):
        await each.tell(tell_life("2026-11-25", "ticket-4", BEN))
        await each.at(NOW)
    assert await figures(erased, "service") == await figures(desk, "service") != by_service
