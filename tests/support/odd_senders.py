"""Records as outside systems send them: odd, wrong, hostile; and what becomes of each.

`outcome` is "" where the desk makes something of it, else the reason of its dead letter.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from desk_contracts.names import ACTION_RESULTS, CHANGES, REQUESTS, TELEMETRY

Header = tuple[str, bytes | None]
STRUCTURED = "application/cloudevents+json"
REQUESTED, NOTED = "desk.ticket.requested.v1", "desk.ticket.commented.v1"
MEASURED, FIRED, PLANNED = (
    "desk.telemetry.measured.v1",
    "desk.alert.fired.v1",
    "desk.change.planned.v1",
)


@dataclass(frozen=True)
class Odd:
    """One record and its outcome."""

    name: str
    topic: str
    value: bytes | None
    headers: tuple[Header, ...]
    key: bytes | None = b"odd"
    outcome: str = ""


def odd(
    name: str,
    data: object,
    *,
    outcome: str = "",
    topic: str = REQUESTS,
    type: str = REQUESTED,
    key: bytes | None = b"odd",
    value: bytes | None = None,
    **attributes: str | bytes | None,
) -> Odd:
    """An event in binary mode with some of its attributes replaced or taken away."""
    given: Mapping[str, str | bytes | None] = {
        "specversion": "1.0",
        "id": name,
        "source": "/odd/sender",
        "type": type,
        "subject": None if key is None else key,
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        **attributes,
    }
    headers: list[Header] = [("content-type", b"application/json")]
    for attribute, text in given.items():
        raw = text.encode() if isinstance(text, str) else text
        if raw is not None:
            headers.append((f"ce_{attribute}", raw))
    body = json.dumps(data).encode() if value is None else value
    return Odd(name, topic, body, tuple(headers), key, outcome)


def request(**changed: object) -> dict[str, object]:
    return {"requester": "ivy@odd.example", "title": "The projector is dark", **changed}


def measured(**changed: object) -> dict[str, object]:
    return {"subject_kind": "device", "name": "disk.free.percent", "value": 1.5, **changed}


def fired(**changed: object) -> dict[str, object]:
    alert = {"subject_kind": "service", "name": "LatencyHigh", "fingerprint": "f"}
    return {**alert, "severity": "critical", "summary": "p99 is 9 s", "service": "vpn", **changed}


def planned(**changed: object) -> dict[str, object]:
    now = datetime.now(UTC)
    times = {"starts": now.isoformat(), "ends": (now + timedelta(hours=1)).isoformat()}
    return {"change": "chg", "kind": "release", "title": "New VPN", **times, **changed}


def odd_records() -> list[Odd]:
    """All of them, in an order in which the bad stand between the good."""
    return [
        *_requests(),
        *_envelopes(),
        *_forged(),
        *_telemetry(),
        *_changes(),
        odd("last request", request(title="The last one")),
        odd("last alert", fired(fingerprint="last"), topic=TELEMETRY, type=FIRED, key=b"vpn"),
    ]


def _requests() -> Iterator[Odd]:
    yield odd("long title", request(title="The projector shows nothing at all " * 11))
    yield odd("no title", request(title=""))
    yield odd("unseen title", request(title="\u200b\u3164"))
    yield odd("null title", request(title=None, description="It is dark."))
    yield odd("long body", request(description="It is dark. " * 2_600))
    yield odd("mail of 200 kB", request(description="x" * 200_000))
    yield odd("body of wide signs", request(description="漢" * 19_999))
    yield odd("nulls", request(device=None, site=None, impact=None, attributes=None))
    yield odd("numbers", request(device=17, attributes={"floor": 3, "ok": True}))
    yield odd("many attributes", request(attributes={f"n{item}": item for item in range(400)}))
    yield odd("a list for attributes", request(attributes=[1, 2]))
    yield odd("levels", request(impact="Critical", urgency="later", kind="outage"))
    yield odd("escapes", request(title="\x1b[2J\x1b]0;owned\x07", description="nul \0 inside"))
    yield odd("bidi", request(title="invoice \u202egpj.exe"))
    yield odd("half an emoji", {}, value=b'{"requester":"ivy","title":"Broken \\ud83d"}')
    yield odd("latin", {}, value='{"requester":"ivy","title":"Drucker lässt"}'.encode("latin-1"))
    yield odd("long names", request(service="s" * 5_000, device="d" * 5_000, site="t" * 5_000))
    yield odd("umlaut domain", request(requester="ann@münchen.example"))
    yield odd("requester that is none", request(requester="'; drop table people; --"))
    yield odd("no requester", {"title": "Nobody asks"}, outcome="bad-data")
    yield odd("a nest", {}, value=b'{"a":' * 9_000, outcome="bad-json")
    yield odd("no JSON", {}, value=b"<ticket/>", outcome="bad-json")
    yield odd("nothing", {}, value=b"", outcome="no-value")
    yield odd("300 kB", request(description="x" * 300_000), outcome="event-too-large")


def _envelopes() -> Iterator[Odd]:
    yield odd("year 1", request(), time="0001-01-01T00:00:00Z")
    yield odd("year 9998", request(), time="9998-12-31T23:59:60.123456789+23:59")
    yield odd("no time", request(), time=None)
    yield odd("lower case time", request(), time="2026-11-20t08:00:00.5z")
    yield odd("noon", request(), time="noon", outcome="bad-time")
    yield odd("no zone", request(), time="2026-11-20T08:00:00", outcome="bad-time")
    yield odd("no key", request(), key=None, subject="ivy")
    yield odd("another key", request(), key=b"\xff\xfe", subject="ivy")
    yield odd("no subject", request(), key=None, outcome="missing-key")
    yield odd("long id", request(), id="i" * 512)
    yield odd("longer id", request(), id="i" * 530_00, outcome="attribute-too-long")
    yield odd("line break in id", request(), id="a\nb", outcome="bad-attribute")
    yield odd("bytes for a source", request(), source=b"\xff", outcome="bad-header")
    yield odd("version 0.3", request(), specversion="0.3", outcome="bad-specversion")
    yield odd("huge sequence", request(), sequence="9" * 5_000)
    yield odd("bad trace", request(), traceparent="x" * 5_000, correlationid="c" * 9_000)
    yield odd("unknown type", request(), type="desk.tea.made.v1", outcome="unknown-type")
    document = {"specversion": "1.0", "id": "whole", "source": "/odd", "type": REQUESTED}
    whole = {**document, "subject": "ivy", "data": request(), "extension": 3}
    value = json.dumps(whole).encode()
    yield Odd("whole", REQUESTS, value, (("Content-Type", STRUCTURED.encode()),), None)
    batch: tuple[Header, ...] = (("content-type", b"application/cloudevents-batch+json"),)
    yield Odd("batch", REQUESTS, b"[" + value + b"]", batch, b"k", "bad-content-type")
    dashed: tuple[Header, ...] = (("ce-type", REQUESTED.encode()), ("ce-id", b"1"))
    yield Odd("dashes", REQUESTS, json.dumps(request()).encode(), dashed, b"k", "missing-attribute")


def _forged() -> Iterator[Odd]:
    comment = {"by": "desk", "role": "automation", "text": "forged"}
    for topic in (REQUESTS, TELEMETRY, CHANGES, ACTION_RESULTS):
        name = f"forged on {topic}"
        yield odd(name, comment, type=NOTED, topic=topic, sequence="1", outcome="wrong-topic")
    resolved = {"by": "desk", "how": "member", "resolution": {"code": "text.written"}}
    yield odd("resolve", resolved, type="desk.ticket.resolved.v1", outcome="wrong-topic")
    yield odd("as intake", request(), source="/desk/intake", outcome="reserved-source")
    yield odd("as //desk", request(), source="//DESK/triage", outcome="reserved-source")
    yield odd("elsewhere", measured(), type=MEASURED, outcome="wrong-topic")


def _telemetry() -> Iterator[Odd]:
    def telemetry(
        name: str, data: object, type: str = MEASURED, subject: str = "", time: str = ""
    ) -> Odd:
        about, moment = subject or f"lap-{name}", time or datetime.now(UTC).isoformat()
        return odd(name, data, topic=TELEMETRY, type=type, key=b"lap", subject=about, time=moment)

    yield telemetry("long subject", measured(), subject="s" * 1_024)
    yield telemetry("wide subject", measured(value=0), subject="漢" * 340)
    yield telemetry("text for a number", measured(value="2.5"))
    yield telemetry("largest number", measured(value=1.7e308))
    yield telemetry("measured in 9998", measured(), time="9998-01-01T00:00:00Z")
    yield telemetry(
        "long names measured", measured(name="n" * 200, person="p" * 900, site="s" * 900)
    )
    yield telemetry("person of nothing", measured(person="\u200b"))
    yield telemetry("long summary", fired(summary="The queue grows. " * 40), FIRED)
    yield telemetry("no summary", fired(summary=None, service=None), FIRED)
    yield telemetry("fired in 9998", fired(fingerprint="x"), FIRED, time="9998-01-01T00:00:00Z")
    yield telemetry("camel name", fired(name="Ab" * 100, fingerprint="y" * 200), FIRED)
    yield telemetry("odd severity", fired(severity="catastrophe", fingerprint="z"), FIRED)
    infinite = b'{"subject_kind":"device","name":"n","value":Infinity}'
    yield odd("no number", {}, topic=TELEMETRY, type=MEASURED, value=infinite, outcome="bad-data")


def _changes() -> Iterator[Odd]:
    def change(name: str, data: object, outcome: str = "", time: str = "") -> Odd:
        moment = time or datetime.now(UTC).isoformat()
        return odd(
            name, data, topic=CHANGES, type=PLANNED, key=b"vpn", outcome=outcome, time=moment
        )

    yield change("long change", planned(change="c" * 900, title="t" * 900, sites=["s" * 900, 3]))
    yield change("ends before it starts", planned(ends="2026-01-01T00:00:00Z"))
    yield change("planned for 9998", planned(ends="9998-01-01T00:00:00Z"), "bad-time")
    yield change("planned in 9998", planned(), time="9998-01-01T00:00:00Z")
