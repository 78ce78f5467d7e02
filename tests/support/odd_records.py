"""Records as nobody should write them: good ones damaged, headers invented, JSON of every shape.

Made from a seed, so that a record that shows a fault is made again by its number.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from desk_contracts import Codec
from desk_contracts.event_parser import is_open
from desk_contracts.topics import CATALOGUE

Header = tuple[str, bytes | None]

TOPICS = [topic.name for topic in CATALOGUE] + [
    "desk.requests.intake.retry",
    "desk.notifications.x",
]
NAMES = (
    *("id", "source", "type", "subject", "time", "specversion", "sequence", "correlationid"),
    *("causationid", "traceparent", "dataschema", "partitionkey", "datacontenttype"),
)
TEXTS = (
    *(
        "",
        " ",
        "\0",
        "\x1b[2J",
        "\ud800",
        "é",
        "e\u0301",
        "\u202e",
        "\u200b",
        "😀",
        "\ufffd",
        "ß" * 300,
    ),
    *(
        "a" * 70_000,
        "/desk/intake",
        "null",
        "NaN",
        "-0",
        "1e999",
        "9" * 5_000,
        "0001-01-01T00:00:00Z",
    ),
    *(
        "2026-03-02T09:00:00Z",
        "9998-12-31T23:59:60.999999999+23:59",
        "1.0",
        "desk.ticket.opened.v1",
    ),
    *(
        "desk.ticket.requested.v1",
        "desk.alert.fired.v1",
        "desk.change.planned.v1",
        "application/json",
    ),
)
RAW_JSON = (
    *(
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"text"',
        b"NaN",
        b'{"a":NaN}',
        b'{"a":1e400}',
        b"\xff\xfe{}",
    ),
    *(b"[" * 5_000, b'{"a":' * 5_000, b"\xef\xbb\xbf{}", b'{"title":"\\ud800"}', b'{"a":1,"a":2}'),
    *(
        b'{"attributes":{"\\udfff":"\\ud83d"}}',
        b'{"value":' + b"9" * 5_000 + b"}",
        b'{"\\u0000":"\\u0000"}',
    ),
    *(b"x" * 70_000, b'{"title":"' + "漢".encode() * 30_000 + b'"}', b" " * 600_000),
)


@dataclass
class OddRecord:
    """A record as Kafka gives it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]
    timestamp: int
    timestamp_type: int = 1
    partition: int = 0
    offset: int = 0


def odd_records(
    good: Sequence[tuple[str, bytes, bytes, tuple[Header, ...]]], seed: int, count: int
) -> Iterator[OddRecord]:
    """So many records; `good` are (topic, key, value, headers) to begin with."""
    for number in range(count):
        random = Random(f"{seed}/{number}")  # noqa: S311 (to be made again)
        topic, key, value, headers = random.choice(good)
        record = OddRecord(
            topic, key, value, list(headers), random.choice((-1, 0, 1_795_600_000_000, 2**62))
        )
        for _ in range(random.randint(1, 3)):
            random.choice(_CHANGES)(record, random)
        yield record


def _flip(record: OddRecord, random: Random) -> None:
    value = bytearray(record.value or b"{}")
    for _ in range(random.randint(1, 4)):
        value[random.randrange(len(value))] = random.randrange(256)
    record.value = bytes(value)


def _cut(record: OddRecord, random: Random) -> None:
    value = record.value or b""
    record.value = value[: random.randrange(len(value) + 1)]


def _raw(record: OddRecord, random: Random) -> None:
    record.value = random.choice((None, random.randbytes(random.randrange(80)), *RAW_JSON))


def _field(record: OddRecord, random: Random) -> None:
    try:
        document = json.loads(record.value or b"")
    except ValueError:
        return
    except RecursionError:
        return
    if isinstance(document, dict) and document:
        document[random.choice([*document, "new", "data", "data_base64"])] = _json(random, 3)
        record.value = json.dumps(document).encode(errors="replace")


def _json(random: Random, depth: int) -> object:
    kind = random.randrange(8 if depth else 6)
    if kind == 6:
        return [_json(random, depth - 1) for _ in range(random.randrange(4))]
    if kind == 7:
        return {
            random.choice(TEXTS)[:400]: _json(random, depth - 1) for _ in range(random.randrange(4))
        }
    plain: tuple[object, ...] = (
        None,
        True,
        random.randint(-(10**25), 10**25),
        random.random(),
        10**4_000,
    )
    return random.choice(TEXTS) if kind == 5 else plain[kind]


def _header(record: OddRecord, random: Random) -> None:
    name = random.choice(("ce_", "CE_", "ce-", "", "desk-", "Ce_")) + random.choice(NAMES)
    if random.random() < 0.2:
        name = random.choice(
            ("content-type", "Content-Type", "desk-origin", "x" * 50_000, "ce_", "\ud7ff")
        )
    text = random.choice((None, random.randbytes(9), random.choice(TEXTS).encode(errors="replace")))
    kept = [header for header in record.headers if header[0] != name or random.random() < 0.3]
    record.headers = [*kept, (name, text)]


def _no_header(record: OddRecord, random: Random) -> None:
    gone = random.choice(NAMES)
    record.headers = [header for header in record.headers if header[0] != f"ce_{gone}"]


def _key(record: OddRecord, random: Random) -> None:
    record.key = random.choice(
        (None, b"", b"\xff", b"k" * 600_000, random.choice(TEXTS).encode(errors="replace"))
    )


def _structured(record: OddRecord, random: Random) -> None:
    attributes = {name[3:]: (text or b"").decode(errors="replace") for name, text in record.headers}
    try:
        data = json.loads(record.value or b"")
    except (ValueError, RecursionError):
        data = None
    record.value = json.dumps({**attributes, "specversion": "1.0", "data": data}).encode()
    if random.random() < 0.8:
        record.headers = [("content-type", b"application/cloudevents+json")]


def _topic(record: OddRecord, random: Random) -> None:
    record.topic = random.choice(TOPICS)


_CHANGES: Sequence[Callable[[OddRecord, Random], None]] = (
    *(_flip, _cut, _raw, _field, _field, _header, _header, _no_header, _key, _structured, _topic),
)


# What outsiders may write comes as often as all that they may not.
OFTEN = 6


MAX_RECORD_BYTES = 1024 * 1024


EXAMPLES = Path(__file__).parents[1] / "contract" / "events" / "examples"


CODEC = Codec()


def good() -> Sequence[tuple[str, bytes, bytes, tuple[tuple[str, bytes | None], ...]]]:
    """An event of every type as the desk writes it; those from outside call themselves so."""
    records = []
    for path in sorted(EXAMPLES.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        headers = [("content-type", b"application/cloudevents+json")]
        event = CODEC.decode(document["subject"].encode(), json.dumps(document).encode(), headers)
        message = CODEC.encode(event)
        weight = OFTEN if is_open(type(event.data)) else 1
        records += [(message.topic, message.key, message.value, tuple(message.headers))] * weight
    return records
