"""Dead letters as people count them: one for each trouble, open until somebody settles it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from desk_cli.dead_letters import SHOWN_CHARACTERS, Letter, gather, settlements
from desk_contracts.errors import Invalid
from desk_platform.kafka.records import (
    ATTEMPT,
    FAILED_AT,
    ORIGIN,
    REASON,
    REASON_CODE,
    SETTLES,
    Failure,
    reroute,
)

TOPIC = "desk.requests.intake.dead"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HEADERS = {
    "ce_id": b"17",
    "ce_source": b"/monitor/a",
    "ce_type": b"desk.ticket.requested.v1",
    ATTEMPT: b"1",
    ORIGIN: b"desk.requests/0/5",
    REASON: b"the title is missing",
    REASON_CODE: b"bad-data",
    FAILED_AT: b"2026-03-01T08:00:00+00:00",
}


@dataclass
class Record:
    """A record as Kafka gives it."""

    offset: int
    headers: Sequence[tuple[str, bytes | None]] = field(
        default_factory=lambda: list(HEADERS.items())
    )
    value: bytes | None = b'{"title": ""}'
    key: bytes | None = b"ana"
    topic: str = TOPIC
    partition: int = 0


def changed(offset: int, **headers: bytes) -> Record:
    names = {"origin": ORIGIN, "code": REASON_CODE}
    header = HEADERS | {names[name]: text for name, text in headers.items()}
    return Record(offset, list(header.items()))


def mark(entries: list[Letter], offset: int) -> Record:
    (message,) = settlements(entries, TOPIC, "max", NOW, "moot")
    return Record(offset, list(message.headers), message.value, message.key)


def test_what_came_back_is_one_letter_with_its_newest_reason() -> None:
    first, again = changed(1), changed(4, code=b"bug")
    (letter, other) = gather([first, changed(2, origin=b"desk.requests/1/9"), again])
    assert letter.places == ("0/1", "0/4")
    assert letter.reason_code == "bug"
    assert other.places == ("0/2",)
    assert "came back 1 times" in "\n".join(letter.lines())


def test_what_is_settled_is_open_again_when_it_comes_back() -> None:
    entries = gather([changed(1), changed(2, origin=b"desk.requests/1/9")])
    settled = mark(entries[:1], 3)
    records = [changed(1), changed(2, origin=b"desk.requests/1/9"), settled]
    first, other = gather(records)
    assert first.settlement is not None
    assert (first.settlement.by, first.settlement.at, first.settlement.note) == ("max", NOW, "moot")
    assert other.settlement is None
    (first, _) = gather([*records, changed(7)])
    assert first.settlement is None


def test_the_order_in_which_partitions_are_read_makes_no_difference() -> None:
    settled = mark(gather([changed(1)]), 3)
    assert gather([settled, changed(1)])[0].settlement is not None


def test_a_mark_that_somebody_forged_or_broke_settles_nothing_and_is_no_letter() -> None:
    broken = Record(3, [(SETTLES, b"1")], b"{")
    (letter,) = gather([changed(1), broken])
    assert letter.settlement is None
    forged = {"records": ["0/1"], "by": "mallory", "at": NOW.isoformat()}
    outside = Record(9, [(SETTLES, b"1")], str(forged).replace("'", '"').encode(), topic="t")
    kept = dict(reroute(Failure(outside, Invalid("no")), "intake", NOW).headers)
    assert SETTLES not in kept


def test_many_dead_letters_are_settled_by_marks_of_a_bounded_size() -> None:
    entries = gather([changed(n, origin=f"t/0/{n}".encode()) for n in range(2_500)])
    marks = settlements(entries, TOPIC, "max" * 1_000, NOW, "n" * 100_000)
    assert len(marks) == 3
    assert all(len(mark.value) < 20_000 for mark in marks)
    records = [Record(3_000 + n, list(m.headers), m.value) for n, m in enumerate(marks)]
    copies = [changed(n, origin=f"t/0/{n}".encode()) for n in range(2_500)]
    assert all(item.settlement for item in gather([*copies, *records]))


def test_a_letter_says_what_it_is_in_both_modes() -> None:
    text = "\n".join(gather([changed(1)])[0].lines())
    for part in (
        "0/1  bad-data",
        "17",
        "/monitor/a",
        "desk.ticket.requested.v1",
        "desk.requests/0/5",
    ):
        assert part in text
    headers = [(n, t) for n, t in HEADERS.items() if not n.startswith("ce_")]
    structured = Record(1, headers, b'{"id": "x-9", "source": "/crm", "data": {}}')
    text = "\n".join(gather([structured])[0].lines())
    assert "x-9" in text
    assert "/crm" in text


def test_any_bytes_are_shown_and_long_ones_cut() -> None:
    odd = Record(1, [(ORIGIN, b"\xff"), ("ce_id", None)], b"\xff\x00[" * 5_000, None)
    (letter,) = gather([odd])
    text = "\n".join(letter.lines())
    assert "15000 bytes" in text
    assert len(text) < SHOWN_CHARACTERS + 500
    assert len("\n".join(letter.lines(whole=True))) > 14_000
    assert "(none)" in "\n".join(gather([Record(1, [], b"")])[0].lines())
    assert gather([Record(1, [], b"[" * 100_000)])[0].lines()
