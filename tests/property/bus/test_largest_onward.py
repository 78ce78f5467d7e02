"""Whatever is longest in any event or answer gives only messages that the bus takes, in each
service: of every type, its texts as long as the type allows."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from desk_automation.actions.answer import Answer, Result
from desk_charter import load_charter
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.catalogue import PAYLOADS
from desk_contracts.envelope import Payload
from desk_contracts.errors import Invalid
from desk_contracts.event_parser import is_open
from desk_contracts.events.automation import RunEscalated, RunHealed, RunSkipped
from desk_contracts.events.contributions import ContributionsChanged
from desk_contracts.events.notifications import Notified
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.message import WRITTEN, verbatim
from desk_contracts.messages import Language
from desk_contracts.names import TICKETS as TICKETS_TOPIC
from desk_contracts.value_types import Severity, SubjectKind
from desk_notify.rules.store import (
    PEOPLE,
    TEAM_TOPICS,
    TICKETS,
    person_projection,
    team_topic_projection,
    ticket_projection,
)
from desk_notify.subscriptions.model import Directory, TeamProfile
from desk_platform.clock import FakeClock
from desk_platform.kafka import BatchProcessor, UnitOfWork
from desk_platform.kafka.records import Failure
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.processes import CHARTER
from desk_testing.telemetry import record_telemetry

from tests.support.automation_engine import Engine, act, guard, runbook
from tests.support.intake_world import make_desk
from tests.support.longest import SIGNS, check
from tests.support.metrics_desk import Desk as MetricsDesk
from tests.support.metrics_desk import received
from tests.support.metrics_story import urgent
from tests.support.triage_desk import MONDAY

MOMENT, DAY, SPAN = "2026-03-02T09:00:00Z", "2026-03-02", "PT1H"
# What a type does not bound, the door or the desk's own rules do; names have 200 signs.
UNBOUNDED, MOST = 200, 25
# What people write; what the desk says is shorter.
LONGEST_TEXT = 20_000
VARIANTS = 3
CODEC = Codec()
# From a message nothing follows, and figures have no texts.
ENDS = (Notified, ContributionsChanged)


class Longest:
    """Makes the longest value that a JSON schema allows, its texts of one sign."""

    def __init__(self, schema: Mapping[str, Any], sign: str, variant: int, share: float) -> None:
        self._kinds = schema.get("$defs", {})
        self._sign, self._variant, self._share = sign, variant, share

    def of(self, schema: Mapping[str, Any]) -> object:
        if schema.get("$ref") == "#/$defs/Message":
            return {"code": WRITTEN, "params": {"text": self._string({"maxLength": LONGEST_TEXT})}}
        if "$ref" in schema:
            return self.of(self._kinds[schema["$ref"].rpartition("/")[2]])
        if "anyOf" in schema:
            return self.of(schema["anyOf"][0])
        if "enum" in schema:
            return schema["enum"][self._variant % len(schema["enum"])]
        kinds = {"object": self._object, "array": self._array, "string": self._string}
        make = kinds.get(schema["type"])
        return make(schema) if make else self._plain(schema["type"])

    def _object(self, schema: Mapping[str, Any]) -> object:
        if "properties" not in schema:
            return {f"{n}": self.of(schema["additionalProperties"]) for n in range(MOST)}
        return {name: self.of(subschema) for name, subschema in schema["properties"].items()}

    def _array(self, schema: Mapping[str, Any]) -> object:
        count = min(MOST, int(schema.get("maxItems", MOST)))
        return [self.of(schema.get("items", {"type": "string"})) for _ in range(count)]

    def _string(self, schema: Mapping[str, Any]) -> object:
        fixed = {"date-time": MOMENT, "date": DAY, "duration": SPAN}
        if schema.get("format") in fixed:
            return fixed[schema["format"]]
        length = int(schema.get("maxLength", UNBOUNDED) * self._share)
        return "a" + self._sign * max(length - 1, 0)

    def _plain(self, kind: str) -> object:
        return {"boolean": self._variant % 2 == 0, "integer": 1, "number": 0.5}[kind]


@cache
def schema_of(payload: type[Payload]) -> dict[str, Any]:
    """Made once for all signs and variants."""
    return payload.model_json_schema()


def longest(payload: type[Payload], sign: str, variant: int) -> AnyEvent:
    """The longest event of a type that the codec itself still takes."""
    schema = schema_of(payload)
    for share in (1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005):
        data = Longest(schema, sign, variant, share).of(schema)
        parsed, subject = payload.model_validate(data), f"t-{variant}"
        if isinstance(parsed, RunEscalated):  # a repair that nobody took over: a ticket is opened
            parsed = parsed.model_copy(update={"ticket": "", "request": ""})
        event: AnyEvent = Event(f"{payload.TYPE}/{variant}", "/desk/x", subject, MONDAY, parsed)
        try:
            CODEC.encode(event)
        except Invalid:
            continue
        return event
    raise AssertionError(payload.TYPE)


@cache
def all_events(sign: str) -> Sequence[AnyEvent]:
    """Of each type of ours several, with other choices, each about a ticket of its own that is
    opened first."""
    types = [
        payload for payload in PAYLOADS.values() if not is_open(payload) and payload not in ENDS
    ]
    types.sort(
        key=lambda payload_type: (
            payload_type.TOPIC != TICKETS_TOPIC,
            payload_type is not TicketOpened,
        )
    )
    collected = []
    for number, payload_type in enumerate(types, start=1):
        sequence = number if payload_type.TOPIC == TICKETS_TOPIC else None
        events = [longest(payload_type, sign, variant) for variant in range(VARIANTS)]
        collected += [event._replace(sequence=sequence) for event in events]
    return collected


def directory(language: Language) -> Directory:
    profile = TeamProfile("network", "Network", ZoneInfo("Europe/Berlin"), language, ("log:",))
    return Directory({"network": profile}, "network", {}, {}, {}, "https://portal.example")


def notify(language: Language, publisher: FakePublisher) -> BatchProcessor:
    clock, meters = FakeClock(MONDAY), record_telemetry().telemetry.meters

    def look() -> Directory:
        return directory(language)

    return BatchProcessor(
        UnitOfWork(
            ticket_projection(FakeDocuments(TICKETS, clock), look), publisher, clock, meters
        ),
        UnitOfWork(person_projection(FakeDocuments(PEOPLE, clock), look), publisher, clock, meters),
        UnitOfWork(
            team_topic_projection(FakeDocuments(TEAM_TOPICS, clock), look), publisher, clock, meters
        ),
    )


async def nothing_too_large(failures: Sequence[Failure]) -> None:
    """A fact that means nothing may be refused, but for no length and by no bug."""
    for failure in failures:
        assert isinstance(failure.error, Invalid), failure.error
        assert failure.error.kind != "event-too-large", failure.error


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("sign", SIGNS)
async def test_messages_about_the_longest_events_stay_under_the_limit(
    sign: str, language: Language
) -> None:
    publisher = FakePublisher()
    processor = notify(language, publisher)
    for number, event in enumerate(all_events(sign)):
        await processor.handle([received(event, number)], nothing_too_large)
    assert check(publisher.messages) > VARIANTS


@pytest.mark.parametrize("sign", SIGNS)
async def test_what_intake_makes_of_the_longest_events_stays_under_the_limit(sign: str) -> None:
    desk = make_desk(load_charter(CHARTER))
    for event in all_events(sign):
        await desk.hear_events(event, on_failed=nothing_too_large)
    assert check(desk.publisher.messages) >= VARIANTS


@pytest.mark.parametrize("sign", SIGNS)
async def test_what_metrics_says_of_the_longest_events_stays_under_the_limit(sign: str) -> None:
    desk = MetricsDesk(MONDAY, urgent())
    await desk.tell(all_events(sign))
    await desk.at(MONDAY + timedelta(days=30))
    assert check(desk.published.messages) >= 1


@pytest.mark.parametrize("result", [Result.UNKNOWN, Result.NOT_TAKEN, Result.OK])
@pytest.mark.parametrize("sign", SIGNS)
async def test_runs_with_the_longest_signals_and_answers_stay_under_the_limit(
    sign: str, result: Result
) -> None:
    often = {"attempts": 20, "base": "1s", "cap": "1s"}
    steps = [act(id=f"step-{n}-{'x' * 50}", retry=often) for n in range(20)]
    tell = dict.fromkeys(("before", "after", "on_failure"), "x" * 2_000)
    title = {"title": "${data.title} ${data.attributes.long}"}
    book = runbook(guards=[guard() | {"retry": often}], steps=steps, tell=tell, escalate=title)
    engine = Engine((book,))
    engine.target.script = [Answer(Result.OK, verbatim(sign * 9_000), is_met=True)]
    engine.target.script += [Answer(Result.NOT_TAKEN, verbatim(sign * 9_000))] * 19
    engine.target.script += [Answer(Result.OK, verbatim(sign * 9_000), is_met=True)] * 10
    engine.target.script += [Answer(result, verbatim(sign * 9_000), is_met=True)] * 900
    await engine.hear(signal(sign))
    await engine.settle()
    assert check(engine.bus.messages) >= 1
    ends = RunEscalated | RunHealed | RunSkipped
    assert any(isinstance(event.data, ends) for event in engine.bus.events())


def signal(sign: str) -> Event[SignalRaised]:
    """As long as triage says it of the longest telemetry."""
    letter = "a" if sign == "\x01" else sign
    attributes = {"agent_url": "http://127.0.0.1:9000", "long": sign * 3_000}
    data = SignalRaised(
        episode=letter * 200,
        detector="threshold",
        signal="disk-filling",
        title=sign * 300,
        severity=Severity.WARNING,
        subject_kind=SubjectKind.DEVICE,
        measurement="disk.free.percent",
        value=4.0,
        threshold=10.0,
        service=letter * 200,
        person=letter * 200,
        site=letter * 200,
        attributes=attributes,
    )
    subject = letter * (1_020 // len(letter.encode()))
    return Event("raise", "/desk/triage", subject, MONDAY, data)
