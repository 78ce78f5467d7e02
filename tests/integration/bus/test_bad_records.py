"""Records that cannot be handled end where somebody finds them; what is around them is handled."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from desk_contracts import AnyEvent
from desk_contracts.errors import Transient
from desk_contracts.events.tickets import TicketCommented
from desk_contracts.topics import MAX_EVENT_BYTES
from desk_kernel import Backoff, Context, Decision
from desk_platform.kafka import BatchProcessor, Received, records
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_platform.telemetry import names
from desk_testing import eventually

from tests.support.bus_desk import BROKEN, POISON, SHAKY, Story, noted, tell
from tests.support.bus_rig import RETRIES, Letter, Rig

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]


def _loose(ticket: str, number: int, text: str = "") -> AnyEvent:
    return noted(ticket, number, text, sequence=False)


def codes(dead_letters: Sequence[Letter]) -> Counter[str]:
    return Counter(letter.code for letter in dead_letters)


async def test_odd_headers_lose_no_record(rig: Rig) -> None:
    await rig.send_event(noted("t", 1), other=None, binary=b"\xff\xfe\x00", empty=b"")
    await rig.send_event(noted("t", 2), ce_traceparent=None, ce_subject=None)
    await rig.send_event(noted("u", 1), ce_source=b"\xff\xfe")
    await rig.send_event(noted("v", 1), ce_id=None)
    await rig.send_event(noted("t", 3))
    await rig.join()
    await eventually(lambda: rig.are_told({"t": ("1", "2", "3")}))
    await eventually(rig.is_committed)
    assert codes(await rig.letters()) == {"bad-header": 1, "missing-attribute": 1}


async def test_one_bad_record_among_a_thousand_is_the_only_one_not_handled(rig: Rig) -> None:
    """The group is new and the topic full: it starts with the oldest record."""
    tickets = [f"t{number}" for number in range(10)]
    events = [noted(ticket, number) for number in range(1, 101) for ticket in tickets]
    await rig.publish(events[:500])
    message = rig.codec.encode(noted("t3", 1))
    await rig.send(b"t3", b'{"by": "ana", "te', message.headers)
    await rig.publish(events[500:])
    await rig.join()
    expected = {ticket: tuple(str(number) for number in range(1, 101)) for ticket in tickets}
    await eventually(lambda: rig.are_told(expected), timeout=90)
    await eventually(rig.is_committed)
    (letter,) = await rig.letters()
    assert (letter.key, letter.code, letter.attempt) == (b"t3", "bad-json", 1)
    assert letter.origin.startswith(f"{rig.prefix}desk.tickets/")
    derived = await rig.derived()
    assert len({event.id for event in derived}) == 1000


async def test_every_unreadable_record_says_why(rig: Rig) -> None:
    good = rig.codec.encode(noted("t", 1))
    headers = dict(good.headers)

    async def send(
        value: bytes | None = good.value, key: bytes | None = b"t", **changed: bytes | None
    ) -> None:
        await rig.send(key, value, list({**headers, **changed}.items()))

    await send(None)
    await send(key=None)
    await send(key=b"u")
    await send(ce_type=b"desk.ticket.exploded.v1")
    await send(ce_type=b"desk.ticket.commented.v7")
    await send(ce_time=b"yesterday")
    await send(ce_sequence=b"0")
    await send(b'{"by": "ana"}')
    await send(b" " * (MAX_EVENT_BYTES + 1) + good.value)
    await rig.send(b"t", b"[]", [("content-type", b"application/cloudevents+json")])
    await rig.send(b"t", b"anything")
    await send()
    await rig.join()
    await eventually(lambda: rig.are_told({"t": ("1",)}))
    await eventually(rig.is_committed)
    assert codes(await rig.letters()) == {
        "no-value": 1,
        "missing-key": 1,
        "key-mismatch": 1,
        "unknown-type": 1,
        "unknown-version": 1,
        "bad-time": 1,
        "bad-sequence": 1,
        "bad-data": 1,
        "event-too-large": 1,
        "bad-json": 1,
        "missing-attribute": 1,
    }
    assert rig.telemetry.value(names.DEAD_LETTERS) == 11


async def test_a_record_as_large_as_the_broker_takes_stops_nothing(rig: Rig) -> None:
    await rig.send(b"t", b"x" * 1_040_000, [("note", b"y" * 5_000)], partition=0)
    await rig.publish([noted("t", 1)])
    await rig.join()
    await eventually(lambda: rig.are_told({"t": ("1",)}))
    await eventually(rig.is_committed)
    (letter,) = await rig.letters()
    assert letter.code == "event-too-large"


@pytest.mark.parametrize(("text", "code"), [(POISON, "invalid"), (BROKEN, "bug")])
async def test_a_key_that_breaks_its_rule_hurts_no_other(rig: Rig, text: str, code: str) -> None:
    events = [_loose(f"t{n % 5}", n, text if n % 5 == 3 else "") for n in range(50)]
    await rig.publish(events)
    await rig.join(BatchProcessor(rig.unit_of_work(ordered=False)))
    expected = {f"t{key}": tuple(str(n) for n in range(50) if n % 5 == key) for key in (0, 1, 2, 4)}
    await eventually(lambda: rig.are_told(expected))
    await eventually(rig.is_committed)
    dead_letters = await rig.letters()
    assert {(letter.key, letter.code) for letter in dead_letters} == {(b"t3", code)}
    assert len(dead_letters) == 10


class Moody:
    """A rule that cannot do with some notes until it is calm."""

    def __init__(self) -> None:
        self.is_calm = False

    def __call__(
        self, state: Story | None, event: AnyEvent, context: Context
    ) -> Decision[Story] | None:
        assert isinstance(event.data, TicketCommented)
        if event.data.text == SHAKY and not self.is_calm:
            raise Transient("not yet")
        calm = noted(event.subject, event.sequence or 0)
        return tell(state, event._replace(data=calm.data), context)


async def test_transient_trouble_is_tried_again_later_and_then_works(rig: Rig) -> None:
    moody = Moody()
    processor = BatchProcessor(rig.unit_of_work(moody))
    await rig.publish([noted("t", n, SHAKY if n == 2 else "") for n in range(1, 5)])
    await rig.join(processor)
    await rig.join_retry(processor)
    await eventually(lambda: rig.telemetry.value(names.RETRIES) >= 1)
    moody.is_calm = True
    await eventually(lambda: rig.are_told({"t": ("1", "2", "3", "4")}))
    await eventually(rig.is_committed)
    await eventually(lambda: rig.is_committed(".retry", RETRIES))
    assert await rig.letters() == []
    causes = [event.causation_id for event in await rig.derived()]
    assert list(dict.fromkeys(causes)) == ["t-1", "t-2", "t-3", "t-4"]


async def test_what_never_works_is_given_up_after_so_many_tries(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    quickly = Backoff(timedelta(milliseconds=40), timedelta(seconds=1))
    monkeypatch.setattr(records, "DELAYS", quickly)
    processor = BatchProcessor(rig.unit_of_work(Moody(), ordered=False))
    await rig.publish([noted("t", 1, SHAKY), noted("t", 2), noted("u", 1)])
    await rig.join(processor)
    await rig.join_retry(processor)
    (letter,) = await eventually(rig.letters, timeout=60)
    assert (letter.key, letter.attempt, letter.reason) == (b"t", records.MAX_ATTEMPTS, "not yet")
    assert rig.telemetry.value(names.RETRIES) == records.MAX_ATTEMPTS - 1
    await eventually(lambda: rig.are_told({"t": ("2",), "u": ("1",)}))
    await eventually(lambda: rig.is_committed(".retry", RETRIES))


class Fragile:
    """A handler that one record brings down with its whole batch."""

    def __init__(self, inner: BatchProcessor) -> None:
        self.inner, self.rounds = inner, 0

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None:
        self.rounds += 1
        if any(item.event.id == "t1-7" for item in batch):
            raise ZeroDivisionError("a bug outside of every rule")
        await self.inner.handle(batch, on_failed)

    def forget(self) -> None:
        self.inner.forget()


async def test_what_brings_a_whole_batch_down_is_found_and_dead_lettered_alone(rig: Rig) -> None:
    fragile = Fragile(BatchProcessor(rig.unit_of_work(ordered=False)))
    await rig.publish([_loose(f"t{n % 3}", n) for n in range(30)])
    await rig.join(fragile)
    expected = {
        f"t{key}": tuple(str(n) for n in range(30) if n % 3 == key and n != 7) for key in range(3)
    }
    await eventually(lambda: rig.are_told(expected), timeout=60)
    await eventually(rig.is_committed)
    (letter,) = await rig.letters()
    assert (letter.key, letter.code) == (b"t1", "bug")
    assert rig.health.answer_ready().is_ok
    rounds = fragile.rounds
    await rig.publish([_loose("t0", 99)])
    await eventually(lambda: fragile.rounds > rounds)
