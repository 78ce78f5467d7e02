"""What outsiders send is made to fit and says so; what cannot be understood names its cause."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from desk_contracts import AnyEvent, Codec
from desk_contracts.amendments import MOST_BYTES
from desk_contracts.errors import Invalid
from desk_contracts.events.changes import ChangeKind, ChangePlanned, ChangeStarted
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.telemetry import AlertFired, AlertResolved, Measured, Observed
from desk_contracts.events.tickets import Kind
from desk_contracts.topics import MAX_EVENT_BYTES
from desk_contracts.value_types import Level, Severity, SubjectKind

ARRIVED = datetime(2026, 3, 2, 9, tzinfo=UTC)
CODEC = Codec()
Headers = list[tuple[str, bytes | None]]
ATTRIBUTES = {
    "specversion": "1.0",
    "id": "17",
    "source": "/monitor/eu",
    "subject": "ana",
    "time": "2026-03-02T08:00:00Z",
}
REQUEST = {"requester": "ana", "title": "No sound in calls"}
ALERT = {
    "subject_kind": "service",
    "name": "LatencyHigh",
    "fingerprint": "f-1",
    "severity": "warning",
    "summary": "p99 is 3 s",
}


def headers_of(type: str) -> Headers:
    attributes = {**ATTRIBUTES, "type": type}
    named = [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
    return [("content-type", b"application/json"), *named]


def binary(type: str, value: bytes) -> AnyEvent:
    return CODEC.decode(b"ana", value, headers_of(type), ARRIVED)


def read(type: str, data: object) -> AnyEvent:
    """The event in both modes, which must be one."""
    event = binary(type, json.dumps(data).encode())
    whole = json.dumps({**ATTRIBUTES, "type": type, "data": data}).encode()
    content: Headers = [("content-type", b"application/cloudevents+json")]
    assert CODEC.decode(b"ana", whole, content, ARRIVED) == event
    return event


def requested(**changed: object) -> tuple[TicketRequested, tuple[str, ...]]:
    event = read("desk.ticket.requested.v1", {**REQUEST, **changed})
    assert isinstance(event.data, TicketRequested)
    return event.data, event.amended


def fired(**changed: object) -> tuple[AlertFired, tuple[str, ...]]:
    event = read("desk.alert.fired.v1", {**ALERT, **changed})
    assert isinstance(event.data, AlertFired)
    return event.data, event.amended


def test_what_fits_is_not_touched() -> None:
    data, amended = requested(description="Since noon.", impact="low", attributes={"room": "4"})
    assert (data.title, data.description, data.impact) == (
        "No sound in calls",
        "Since noon.",
        Level.LOW,
    )
    assert amended == ()


def test_a_long_title_is_cut_with_a_sign_and_kept_whole_in_the_description() -> None:
    title = "The projector shows nothing " * 13
    data, amended = requested(title=title, description="Room 4.")
    assert len(data.title) <= 300
    assert data.title.endswith("…")
    assert data.description == f"{title}\n\nRoom 4."
    assert amended == ("description", "title")


@pytest.mark.parametrize("title", ["", None, ..., "  ", "\u200b", "\u3164\u00ad", "\u2800", "\0"])
def test_a_title_that_is_not_there_is_the_first_line_of_what_was_said(title: object) -> None:
    document = {**REQUEST, "title": title, "description": "\nMy screen is black.\nSince noon."}
    if title is ...:
        del document["title"]
    event = read("desk.ticket.requested.v1", document)
    assert isinstance(event.data, TicketRequested)
    assert (event.data.title, event.amended) == ("My screen is black.", ("title",))


def test_a_request_that_says_nothing_is_a_ticket_still() -> None:
    data, amended = requested(title="")
    assert (data.title, amended) == ("(no title)", ("title",))


def test_a_body_that_is_too_long_is_cut_and_says_so() -> None:
    data, amended = requested(description="word " * 6_000)
    assert len(data.description) <= 20_000
    assert data.description.endswith("word…")
    assert amended == ("description",)


def test_a_mail_with_its_history_fits_an_event() -> None:
    """Three bytes a sign: what was within the limit of signs may still be over that of bytes."""
    event = read("desk.ticket.requested.v1", {**REQUEST, "description": "漢" * 19_000})
    assert event.amended == ("description",)
    assert len(CODEC.encode(event).value) <= MOST_BYTES < MAX_EVENT_BYTES
    value = json.dumps({**REQUEST, "description": "漢" * 60_000}, ensure_ascii=False).encode()
    assert binary("desk.ticket.requested.v1", value).amended == ("description",)


@pytest.mark.parametrize(
    "field",
    ["description", "kind", "service", "device", "site", "impact", "language", "attributes"],
)
def test_null_is_not_given(field: str) -> None:
    data, amended = requested(**{field: None})
    assert data == TicketRequested.model_validate(REQUEST)
    assert amended == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (-1.5, "-1.5"),
        (True, "true"),
        (10**30, "1" + "0" * 30),
        ({"floor": 3}, '{"floor": 3}'),
        (["a", None], '["a", null]'),
    ],
)
def test_what_is_no_text_becomes_one(value: object, text: str) -> None:
    data, amended = requested(device=value, attributes={"floor": value, "room": "4"})
    assert (data.device, data.attributes) == (text, {"floor": text, "room": "4"})
    assert amended == ("attributes", "device")


def test_too_many_attributes_and_too_long_ones_are_cut() -> None:
    many = {f"n{number}": "x" for number in range(80)}
    data, amended = requested(attributes=many)
    assert (len(data.attributes), amended) == (50, ("attributes",))
    data, amended = requested(attributes={"k" * 900: "v" * 9_000, "empty": None})
    ((name, value),) = data.attributes.items()
    assert (len(name), len(value), amended) == (200, 1_000, ("attributes",))


def test_attributes_that_are_no_object_are_kept_as_text() -> None:
    data, amended = requested(attributes=[{"name": "room", "value": 4}])
    assert data.attributes == {"value": '[{"name": "room", "value": 4}]'}
    assert amended == ("attributes",)


def test_a_name_that_is_too_long_stays_another_name_than_its_neighbour() -> None:
    first, amended = requested(device="a" * 250 + "1", service="s" * 3_000)
    other, _ = requested(device="a" * 250 + "2")
    assert len(first.device) == len(other.device) == 200
    assert first.device != other.device
    assert (len(first.service), amended) == (200, ("device", "service"))


def test_a_name_that_is_needed_is_shortened_too() -> None:
    data, amended = requested(requester="a" * 5_000)
    assert (data.requester[:9], amended) == ("a" * 9, ("requester",))
    alert, amended = fired(name="n" * 900)
    assert (len(alert.name), amended) == (200, ("name",))


@pytest.mark.parametrize(
    ("field", "value", "expected", "amended"),
    [
        ("impact", "High", Level.HIGH, ("impact",)),
        ("impact", " LOW ", Level.LOW, ("impact",)),
        ("urgency", "urgent", Level.HIGH, ("urgency",)),
        ("urgency", 2, Level.MEDIUM, ("urgency",)),
        ("impact", "catastrophic", None, ("impact",)),
        ("impact", ["high"], None, ("impact",)),
        ("kind", "Question", Kind.QUESTION, ("kind",)),
        ("kind", "bug", Kind.INCIDENT, ("kind",)),
        ("language", "x" * 200, "en", ("language",)),
    ],
)
def test_a_choice_that_is_none_is_read_or_left_open(
    field: str, value: object, expected: object, amended: tuple[str, ...]
) -> None:
    data, reported = requested(**{field: value})
    assert (getattr(data, field), reported) == (expected, amended)


def test_half_an_emoji_does_not_lose_the_request() -> None:
    value = b'{"requester": "ana", "title": "Broken \\ud83d", "device": "lap-1"}'
    event = binary("desk.ticket.requested.v1", value)
    assert isinstance(event.data, TicketRequested)
    assert (event.data.title, event.amended) == ("Broken \ufffd", ("title",))
    value = '{"requester": "ana", "title": "Drucker lässt"}'.encode("latin-1")
    event = binary("desk.ticket.requested.v1", value)
    assert isinstance(event.data, TicketRequested)
    assert (event.data.title, event.amended) == ("Drucker l\ufffdsst", ("title",))


def test_an_alert_is_made_to_fit() -> None:
    data, amended = fired(summary="The queue grows. " * 30)
    assert data.summary.endswith("…")
    assert data.attributes["summary"] == "The queue grows. " * 30
    assert amended == ("attributes", "summary")
    for summary in ("", None):
        data, amended = fired(summary=summary, service=None)
        assert (data.summary, data.service, amended) == ("LatencyHigh", "", ("summary",))


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("Critical", Severity.CRITICAL),
        ("page", Severity.CRITICAL),
        ("disaster", Severity.CRITICAL),
        ("WARNING", Severity.WARNING),
        ("major", Severity.WARNING),
        ("notice", Severity.INFO),
        (4, Severity.WARNING),
        (None, Severity.WARNING),
    ],
)
def test_an_alert_of_any_severity_is_heard(word: object, severity: Severity) -> None:
    data, amended = fired(severity=word)
    assert (data.severity, amended) == (severity, ("severity",))


def test_a_choice_that_is_not_there_at_all_is_the_same_as_one_that_nobody_knows() -> None:
    alert = {name: value for name, value in ALERT.items() if name != "severity"}
    event = read("desk.alert.fired.v1", alert)
    assert isinstance(event.data, AlertFired)
    assert (event.data.severity, event.amended) == (Severity.WARNING, ("severity",))
    event = read("desk.change.started.v1", {"change": "chg-1", "title": "New VPN"})
    assert event.data == ChangeStarted(change="chg-1", kind=ChangeKind.MAINTENANCE, title="New VPN")
    assert event.amended == ("kind",)


def test_an_alert_without_a_fingerprint_is_known_by_its_name() -> None:
    data, amended = fired(fingerprint="")
    assert (data.fingerprint, amended) == ("LatencyHigh", ("fingerprint",))
    end = {"subject_kind": "Host", "name": "LatencyHigh", "fingerprint": None}
    event = read("desk.alert.resolved.v1", end)
    assert event.data == AlertResolved(
        subject_kind=SubjectKind.DEVICE, name="LatencyHigh", fingerprint="LatencyHigh"
    )


def test_measurements_observations_and_changes_are_made_to_fit() -> None:
    number = {"subject_kind": "device", "name": "disk.free", "value": "12.5", "unit": None}
    event = read("desk.telemetry.measured.v1", {**number, "attributes": {"disk": 0}})
    assert isinstance(event.data, Measured)
    assert (event.data.value, event.data.attributes) == (12.5, {"disk": "0"})
    seen = {"subject_kind": "device", "name": "crash", "text": ""}
    event = read("desk.telemetry.observed.v1", seen)
    assert isinstance(event.data, Observed)
    assert (event.data.text, event.amended) == ("crash", ("text",))
    change = {"change": "chg-1", "kind": "Patch day", "title": None}
    event = read("desk.change.started.v1", change)
    assert event.data == ChangeStarted(change="chg-1", kind=ChangeKind.MAINTENANCE, title="chg-1")
    moments = {"starts": "2026-03-02T20:00:00Z", "ends": "2026-03-02T21:00:00Z"}
    event = read("desk.change.planned.v1", {**change, **moments, "sites": [3, None, "s" * 900]})
    assert isinstance(event.data, ChangePlanned)
    assert [len(site) for site in event.data.sites] == [1, 200]
    assert event.amended == ("kind", "sites", "title")


@pytest.mark.parametrize(
    ("type", "data", "reason"),
    [
        ("desk.ticket.requested.v1", {"title": "x"}, "requester: Field required"),
        ("desk.ticket.requested.v1", {**REQUEST, "requester": ""}, "requester: "),
        ("desk.alert.fired.v1", {**ALERT, "subject_kind": "planet"}, "subject_kind: "),
        ("desk.telemetry.measured.v1", {"value": float("nan")}, "a finite number"),
        (
            "desk.telemetry.measured.v1",
            {"subject_kind": "device", "name": "n", "value": "much"},
            "value: ",
        ),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_field(
    type: str, data: object, reason: str
) -> None:
    with pytest.raises(Invalid, match=reason):
        binary(type, json.dumps(data).encode())


def test_the_desks_own_events_are_read_by_the_letter() -> None:
    with pytest.raises(Invalid) as caught:
        binary("desk.ticket.commented.v1", b'{"by": "ana", "role": "member", "text": 3}')
    assert caught.value.kind == "bad-data"


MEASURED = b'"subject_kind": "device", "name": "disk.used"'
CHANGE = b'"change": "C-1", "kind": "release"'
TWICE = {
    "request": (
        "desk.ticket.requested.v1",
        b'"requester": "ana", "title": "A", "title": "B"',
        "/title",
    ),
    "measurement": ("desk.telemetry.measured.v1", MEASURED + b', "value": 1, "value": 9', "/value"),
    "attribute": (
        "desk.telemetry.measured.v1",
        MEASURED + b', "value": 1, "attributes": {"a": "1", "a": "2"}',
        "/attributes/a",
    ),
    "change": ("desk.change.started.v1", CHANGE + b', "title": "A", "title" : "B"', "/title"),
}


@pytest.mark.parametrize("filling", [b"", b" " * 3_000])
@pytest.mark.parametrize(("type", "members", "place"), TWICE.values(), ids=TWICE)
def test_what_says_a_thing_twice_is_a_dead_letter_with_its_place(
    type: str, members: bytes, place: str, filling: bytes
) -> None:
    data = b"{" + members + filling + b"}"
    record = SimpleNamespace(key=b"ana", value=data, headers=headers_of(type))
    assert CODEC.decode_quickly(record) is None
    with pytest.raises(Invalid, match=place) as refused:
        binary(type, data)
    assert refused.value.kind == "repeated-name"
    whole = json.dumps({**ATTRIBUTES, "type": type})[:-1].encode()
    content: Headers = [("content-type", b"application/cloudevents+json")]
    with pytest.raises(Invalid, match=f"/data{place}") as refused:
        CODEC.decode(b"ana", whole + b', "data": ' + data + b"}", content, ARRIVED)
    assert refused.value.kind == "repeated-name"


def test_colons_and_unknown_names_are_no_names_said_twice() -> None:
    data = b"{" + MEASURED + b', "value": 1, "service": "a:b", "more": {"value": 2}}'
    headers = headers_of("desk.telemetry.measured.v1")
    event = CODEC.decode_quickly(SimpleNamespace(key=b"ana", value=data, headers=headers))
    assert event is not None
    assert event == CODEC.decode(b"ana", data, headers, ARRIVED)


def test_requests_are_always_looked_at_closely() -> None:
    value = json.dumps(REQUEST).encode()
    record = SimpleNamespace(
        key=b"ana", value=value, headers=headers_of("desk.ticket.requested.v1")
    )
    assert CODEC.decode_quickly(record) is None


@pytest.mark.parametrize(
    "title",
    ["VPN\x00 away", "VPN\u202e away", "VPN\naway", "\u2066VPN\u2069 away", "VPN\x1b away\x7f"],
)
def test_a_line_of_an_outsider_loses_what_acts_and_is_not_lost(title: str) -> None:
    data, amended = requested(title=title, service="v\u202dpn", site="HQ\n2", device="lt-7")
    assert (data.title, data.service, data.site, data.device) == (
        "VPN away",
        "vpn",
        "HQ 2",
        "lt-7",
    )
    assert {"title", "service", "site"} <= set(amended)
    assert data.description == ""


def test_the_title_of_a_change_is_one_line() -> None:
    given = {"change": "c-1", "kind": "release", "title": "Mail\u202e 9\n"}
    event = read("desk.change.started.v1", given)
    assert isinstance(event.data, ChangeStarted)
    assert (event.data.title, event.amended) == ("Mail 9", ("title",))
