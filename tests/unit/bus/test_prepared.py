"""What takes long is prepared for all events of a batch before any of them is decided."""

from collections.abc import Sequence

from desk_contracts import AnyEvent

from tests.support.bus_desk import Desk, noted, received


async def test_events_are_prepared_before_they_are_decided() -> None:
    prepared: list[tuple[str, tuple[str, ...]]] = []

    async def prepare(events: Sequence[AnyEvent]) -> None:
        decided = await desk.notes()
        prepared.extend((event.id, decided) for event in events)

    desk = Desk(prepare=prepare)
    await desk.feed(received(noted("t", 1)), received(noted("t", 2), 1))
    assert prepared == [("t-1", ()), ("t-2", ())]
    assert await desk.notes() == ("1", "2")
    await desk.unit_of_work.on_timer(["t"], desk.on_failed)
    assert len(prepared) == 2
