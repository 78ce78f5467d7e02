"""Who an event is and what it says: for any source, any id and any way of writing it down."""

import json
from datetime import UTC, datetime, timedelta, timezone

from desk_contracts import Codec, Event
from desk_contracts.digest import content_of
from desk_contracts.envelope import AnyEvent
from desk_contracts.events.changes import ChangeKind, ChangePlanned
from desk_contracts.events.telemetry import AlertFired
from desk_contracts.ids import derive_id, identity, request_ticket_id
from hypothesis import given
from hypothesis import strategies as st

AT = datetime(2026, 3, 2, 9, 30, 0, 125000, tzinfo=UTC)
# Short texts of few letters, so that what is put together from two of them often looks the same.
WHOLE = st.text(alphabet="a/:1\n0", max_size=6)
CUTS = st.integers(0, 6)
SMALL = st.text(alphabet="ab\u00e9\U0001f600", min_size=1, max_size=4)


def pairs_of(whole: str, first: int, second: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """One text cut at two places, with the separator that somebody may think safe taken out."""
    pair, other = (whole[:first], whole[first:]), (whole[:second], whole[second:])
    return pair, (other[0].removesuffix("\n"), other[1])


@given(WHOLE, CUTS, CUTS)
def test_an_identity_is_one_source_and_one_id(whole: str, first: int, second: int) -> None:
    pair, other = pairs_of(whole, first, second)
    both = f"{whole}\n{whole}"
    left, right = both.split("\n", 1), both.rsplit("\n", 1)
    assert (identity(*left) == identity(*right)) == (left == right)
    assert (identity(*pair) == identity(*other)) == (pair == other)
    assert (request_ticket_id(*pair) == request_ticket_id(*other)) == (pair == other)


@given(WHOLE, CUTS, CUTS, st.integers(0, 1), st.integers(0, 1))
def test_a_derived_id_is_one_cause_one_rule_and_one_ordinal(
    whole: str, first: int, second: int, one_th: int, other_th: int
) -> None:
    pair, other = pairs_of(whole, first, second)
    is_same = (pair, one_th) == (other, other_th)
    assert (derive_id(*pair, one_th) == derive_id(*other, other_th)) == is_same
    assert derive_id(whole, "b\nc") != derive_id(f"{whole}\nb", "c")


def alert(attributes: dict[str, str], at: datetime = AT) -> AnyEvent:
    fields: dict[str, object] = {
        "name": "disk",
        "fingerprint": "f1",
        "severity": "warning",
        "summary": "full",
    }
    data = AlertFired.model_validate({"subject_kind": "device", "attributes": attributes} | fields)
    return Event("17", "/monitor/a", "lt-7", at, data)


@given(st.dictionaries(SMALL, SMALL, max_size=5), st.integers(-14 * 4, 14 * 4))
def test_an_event_written_in_another_way_says_the_same(
    attributes: dict[str, str], quarters: int
) -> None:
    event = alert(attributes)
    binary = Codec().encode(event)
    zone = timezone(timedelta(minutes=15 * quarters))
    document = {
        "data": json.loads(binary.value) | {"attributes": dict(reversed(attributes.items()))},
        "time": AT.astimezone(zone).isoformat(),
        "type": event.type,
        "source": event.source,
        "id": event.id,
        "specversion": "1.0",
        "subject": event.subject,
        "traceparent": "",
    }
    value = json.dumps(document, indent=1).encode()
    headers = [("content-type", b"application/cloudevents+json; charset=utf-8")]
    again = Codec().decode(binary.key, value, headers)
    assert content_of(again) == content_of(event)
    assert again.identity == event.identity


@given(st.integers(-14 * 4, 14 * 4))
def test_a_moment_in_the_data_is_the_same_in_every_zone(quarters: int) -> None:
    def planned(starts: datetime) -> AnyEvent:
        data = ChangePlanned(
            change="c1", kind=ChangeKind.RELEASE, title="New", starts=starts, ends=AT
        )
        return Event("1", "/jenkins", "erp", AT, data)

    zone = timezone(timedelta(minutes=15 * quarters))
    assert content_of(planned(AT)) == content_of(planned(AT.astimezone(zone)))
    assert content_of(planned(AT)) != content_of(planned(AT + timedelta(microseconds=1)))


def said_as(field: str, value: object) -> AlertFired:
    data = alert({}).data.model_dump() | {field: value}
    return AlertFired.model_validate(data)


@given(
    st.sampled_from(["severity", "summary", "fingerprint", "name", "service", "time", "attributes"])
)
def test_whatever_is_said_otherwise_is_other_content(field: str) -> None:
    value = {"severity": "critical", "attributes": {"rack": "7"}}.get(field, "other")
    later = alert({}, AT + timedelta(microseconds=1))
    changed = later if field == "time" else alert({})._replace(data=said_as(field, value))
    assert content_of(changed) != content_of(alert({}))
    assert content_of(alert({})._replace(subject="lt-8")) != content_of(alert({}))


def test_what_follows_from_the_desks_own_words_needs_no_digest() -> None:
    assert content_of(alert({})._replace(source="/desk/triage")) == ""


def test_a_default_that_is_spelled_out_says_nothing_more() -> None:
    spelled = alert({})._replace(data=said_as("service", ""))
    assert content_of(spelled) == content_of(alert({}))
