"""Every operation on documents is timed; in a trace that is kept it is a span as well."""

import pytest
from desk_platform.store import Stored, Unreadable
from desk_platform.store.measured import MeasuredDocuments
from desk_platform.telemetry import names
from desk_testing.telemetry import record_telemetry

from tests.support.bus_desk import Desk, Story


async def test_operations_are_timed_by_name_and_stand_in_a_trace() -> None:
    recorded, desk = record_telemetry(), Desk()
    documents = MeasuredDocuments(desk.documents, recorded.telemetry, "stories", "sqlite")
    await documents.write([Stored("a", state=Story())])
    assert recorded.spans() == ()
    with recorded.telemetry.batch_span("desk.tickets", "triage", 1):
        assert set(await documents.load(["a"])) == {"a"}
    assert recorded.span_names() == ["load stories", "process desk.tickets"]
    for operation in ("write", "load"):
        given = {"db__operation__name": operation, "db__collection__name": "stories"}
        assert recorded.value(names.STORE_DURATION, **given) == 1


async def test_what_raises_is_timed_with_its_reason() -> None:
    recorded, desk = record_telemetry(), Desk()
    documents = MeasuredDocuments(desk.documents, recorded.telemetry, "stories", "sqlite")
    await documents.write([Stored("a", state=Story())])
    desk.documents.damage("a")
    with pytest.raises(Unreadable):
        await documents.load(["a"])
    assert recorded.value(names.STORE_DURATION, db__operation__name="load") == 1
    assert recorded.value(names.STORE_DURATION, error__type="document-unreadable") == 1


async def test_nothing_to_write_is_no_operation() -> None:
    recorded, desk = record_telemetry(), Desk()
    documents = MeasuredDocuments(desk.documents, recorded.telemetry, "stories", "sqlite")
    assert await documents.write([]) == frozenset()
    await documents.clear_outboxes([])
    assert recorded.value(names.STORE_DURATION) == 0
