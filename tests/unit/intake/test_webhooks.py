"""Calls of monitoring systems in their own forms: what is published, and who is refused."""

import base64
import hmac
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from desk_charter import Charter
from desk_charter.sources import OutsideSystem
from desk_contracts import AnyEvent, Codec
from desk_contracts.errors import Invalid
from desk_contracts.events.telemetry import AlertFired
from desk_contracts.ids import request_ticket_id
from desk_contracts.value_types import Severity
from desk_intake.webhooks.charter import Form, Proof, Reading, Webhook
from desk_intake.webhooks.decide import describe, read_reports
from desk_intake.webhooks.model import Alert
from pydantic import ValidationError

from tests.support.charter_sections import obeying
from tests.support.intake_world import MONDAY, Desk, make_desk

TOKEN, OTHER, SECRET = "t" * 64, "o" * 64, "kq3Jv9wXz7Lm2Rt5"
KEY = base64.b64encode(b"a key of twenty-four bytes").decode()
ALERTS = ("desk.alert.fired.v1", "desk.alert.resolved.v1")
STAMP = "X-Grafana-Alerting-Timestamp"

READING = Reading(
    items="results",
    occurrence="run.id",
    name="check",
    status="outcome",
    over=("passed",),
    severity="level",
    severities={"urgent": Severity.CRITICAL},
    service="target.service",
    device="target.hosts.0",
    at="run.finished_at",
)
WEBHOOKS = (
    Webhook(name="am", system="monitoring", form=Form.ALERTMANAGER),
    Webhook(
        name="grafana",
        system="monitoring",
        form=Form.GRAFANA,
        proof=Proof.HMAC_SHA256,
        timestamp_header=STAMP,
    ),
    Webhook(
        name="github",
        system="monitoring",
        form=Form.GENERIC,
        proof=Proof.HMAC_SHA256,
        signature_header="X-Hub-Signature-256",
        reading=READING,
    ),
    Webhook(name="zabbix", system="monitoring", form=Form.ZABBIX),
    Webhook(
        name="checks",
        system="monitoring",
        form=Form.GENERIC,
        proof=Proof.STANDARD_WEBHOOKS,
        reading=READING,
    ),
    Webhook(
        name="forms",
        system="portal",
        form=Form.GENERIC,
        reading=Reading(occurrence="id", requester="who.mail", title="what"),
    ),
    Webhook(
        name="keyless",
        system="monitoring",
        form=Form.GRAFANA,
        proof=Proof.HMAC_SHA256,
    ),
)


def system(name: str, token: str, *types: str) -> OutsideSystem:
    digest = sha256(token.encode()).hexdigest()
    return OutsideSystem(
        name=name, title=name, source=f"/{name}", types=types, token_sha256=(digest,)
    )


@pytest.fixture
def desk(charter: Charter, tmp_path: Path) -> Desk:
    for name, secret in (("grafana", SECRET), ("github", SECRET), ("checks", f"whsec_{KEY}")):
        (tmp_path / name).write_text(secret + "\n")
    sources = (
        system("monitoring", TOKEN, *ALERTS),
        system("portal", OTHER, "desk.ticket.requested.v1"),
    )
    theirs = obeying(charter, webhooks=WEBHOOKS).model_copy(update={"sources": sources})
    return make_desk(theirs, tmp_path)


def alert(status: str = "firing", **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": "DiskFull", "instance": "db-1:9100", "severity": "page"},
        "annotations": {"summary": "The disk of db-1 is full"},
        "startsAt": "2026-03-02T08:00:00.123Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-03-02T08:30:00Z",
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": "c0ffee",
        **more,
    }


def call(*alerts: dict[str, Any]) -> dict[str, Any]:
    return {"version": "4", "groupKey": "{}", "status": "firing", "alerts": list(alerts)}


async def post(desk: Desk, name: str, body: object, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"} | headers
    async with httpx.AsyncClient(transport=desk.transport, base_url="http://desk") as client:
        return await client.post(f"/v1/webhooks/{name}", content=content, headers=given)


def published(desk: Desk) -> list[AnyEvent]:
    """As consumers read it: an event without a time happened when it arrived."""
    messages, decode = desk.publisher.messages, Codec().decode
    return [decode(item.key, item.value, item.headers, MONDAY) for item in messages]


async def test_an_alert_of_alertmanager_is_published_under_its_own_source(desk: Desk) -> None:
    answer = await post(desk, "am", call(alert()))
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    [event] = published(desk)
    assert (event.type, event.source, event.subject) == (ALERTS[0], "/monitoring", "db-1")
    assert event.time.isoformat() == "2026-03-02T08:00:00.123000+00:00"
    data = event.data.model_dump(mode="json")
    assert (data["name"], data["fingerprint"]) == ("DiskFull", "c0ffee")
    assert (data["severity"], data["subject_kind"]) == ("critical", "device")
    assert data["summary"] == "The disk of db-1 is full"
    assert data["attributes"]["generatorURL"] == "http://prometheus.example/graph"


async def test_the_same_delivery_twice_is_one_event_and_firing_again_is_another(
    desk: Desk,
) -> None:
    answers = [await post(desk, "am", call(alert())) for _ in range(2)]
    later = await post(desk, "am", call(alert(startsAt="2026-03-02T08:45:00Z")))
    ids = [answer.json()["results"][0]["id"] for answer in (*answers, later)]
    assert ids[0] == ids[1] != ids[2]
    # Other words about it say something else, and contradict nothing.
    reworded = alert(annotations={"summary": "The disk of db-1 is fuller"})
    answer = await post(desk, "am", call(alert(), reworded))
    assert answer.json()["accepted"] == 2


async def test_an_alert_that_is_over_is_over_when_it_ended(desk: Desk) -> None:
    await post(desk, "am", call(alert("resolved")))
    [event] = published(desk)
    assert (event.type, event.time.minute) == (ALERTS[1], 30)
    assert event.data.model_dump()["fingerprint"] == "c0ffee"


async def test_one_alert_that_cannot_be_read_holds_up_no_other(desk: Desk) -> None:
    broken = [alert(status="maybe"), alert(labels={"alertname": "Watchdog"}), alert(startsAt="")]
    answer = await post(desk, "am", call(*broken, alert()))
    assert answer.status_code == 207
    codes = [item.get("code") for item in answer.json()["results"]]
    assert codes == ["no-status", "no-subject", "no-alert", None]
    assert len(published(desk)) == 1


def sign(body: bytes, seconds: int) -> dict[str, str]:
    text = f"{seconds}:".encode() + body
    digest = hmac.new(SECRET.encode(), text, sha256).hexdigest()
    return {"X-Grafana-Alerting-Signature": digest, STAMP: str(seconds), "Authorization": ""}


async def test_a_signed_call_of_grafana_is_taken_and_no_changed_late_or_unsigned_one(
    desk: Desk,
) -> None:
    body, now = json.dumps(call(alert())).encode(), int(MONDAY.timestamp())
    assert (await post(desk, "grafana", body, **sign(body, now))).status_code == 202
    refused = [
        await post(desk, "grafana", body + b" ", **sign(body, now)),
        await post(desk, "grafana", body, **sign(body, now - 301)),
        await post(desk, "grafana", body, **sign(body, now + 301)),
        await post(desk, "grafana", body, **(sign(body, now) | {STAMP: "1e9"})),
        await post(desk, "grafana", body),
        await post(desk, "keyless", body, **sign(body, now)),
    ]
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (401, "bad-signature")
        assert answer.headers["content-type"] == "application/problem+json"
        assert SECRET not in answer.text
    assert len(published(desk)) == 1


async def test_a_secret_that_is_replaced_counts_at_once(desk: Desk, tmp_path: Path) -> None:
    body, now = json.dumps(call(alert())).encode(), int(MONDAY.timestamp())
    assert (await post(desk, "grafana", body, **sign(body, now))).status_code == 202
    (tmp_path / "grafana").write_text("another secret, of another length")
    assert (await post(desk, "grafana", body, **sign(body, now))).status_code == 401


RESULTS = {
    "results": [
        {
            "check": "certificate",
            "outcome": "failed",
            "level": "urgent",
            "run": {"id": 17, "finished_at": "2026-03-02T08:00:00Z"},
            "target": {"service": "vpn", "hosts": ["vpn-gateway"]},
        },
        {
            "check": "certificate",
            "outcome": "passed",
            "run": {"id": 18, "finished_at": "yesterday"},
            "target": {"service": "vpn"},
        },
        {"check": "certificate", "outcome": "failed"},
        "nothing",
    ]
}


async def test_a_form_that_the_charter_maps_is_read_with_a_signature_by_the_standard(
    desk: Desk,
) -> None:
    body, now = json.dumps(RESULTS).encode(), int(MONDAY.timestamp())
    text = f"msg_1.{now}.".encode() + body
    digest = base64.b64encode(hmac.new(base64.b64decode(KEY), text, sha256).digest()).decode()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "Authorization": ""}
    signed = headers | {"webhook-signature": f"v1a,AAAA v1,{digest}"}
    answer = await post(desk, "checks", body, **signed)
    assert answer.status_code == 207
    codes = [item.get("code") for item in answer.json()["results"]]
    assert codes == [None, None, "no-occurrence", "no-occurrence"]
    fired, over = published(desk)
    assert (fired.subject, fired.data.model_dump()["severity"]) == ("vpn-gateway", "critical")
    assert (over.type, over.subject, over.amended) == (ALERTS[1], "vpn", ("time",))
    for wrong in ({"webhook-id": "msg_2"}, {"webhook-signature": "v1,AAAA"}):
        assert (await post(desk, "checks", body, **(signed | wrong))).status_code == 401


async def test_a_signature_of_the_body_alone_has_the_prefix_that_many_give_it(desk: Desk) -> None:
    body = json.dumps(RESULTS).encode()
    digest = hmac.new(SECRET.encode(), body, sha256).hexdigest()
    answer = await post(desk, "github", body, **{"X-Hub-Signature-256": f"sha256={digest}"})
    assert answer.status_code == 207


async def test_a_request_of_a_webhook_opens_one_ticket(desk: Desk) -> None:
    body = {"id": "f-1", "who": {"mail": "ana@desk.example"}, "what": "A second screen"}
    answers = [await post(desk, "forms", body, Authorization=f"Bearer {OTHER}") for _ in range(2)]
    tickets = {answer.json()["results"][0]["ticket"] for answer in answers}
    [event, _] = published(desk)
    assert tickets == {request_ticket_id(event.source, event.id)}
    assert event.subject == "ana@desk.example"


@pytest.mark.parametrize(
    ("value", "type"), [("1", ALERTS[0]), ("0", ALERTS[1])], ids=["problem", "recovery"]
)
async def test_zabbix_speaks_with_the_usual_names_of_its_parameters(
    desk: Desk, value: str, type: str
) -> None:
    body = {
        "event_id": "4711",
        "event_value": value,
        "event_name": "High CPU",
        "event_nseverity": "4",
        "host_name": "web-1",
        "trigger_id": "99",
        "event_tags": '[{"tag": "service", "value": "intranet"}]',
        "event_timestamp": str(int(MONDAY.timestamp()) - 60),
    }
    assert (await post(desk, "zabbix", body)).status_code == 202
    [event] = published(desk)
    assert (event.type, event.subject, event.time.minute) == (type, "web-1", 59)
    data = event.data.model_dump(mode="json")
    assert (data["service"], data["fingerprint"]) == ("intranet", "99")
    assert data.get("severity", "critical") == "critical"
    refused = await post(desk, "zabbix", {**body, "event_value": "{EVENT.VALUE}"})
    assert (refused.status_code, refused.json()["code"]) == (422, "no-alert")


@pytest.mark.parametrize(
    ("name", "body", "headers", "status", "code"),
    [
        ("nobody", {}, {}, 404, "no-such-webhook"),
        ("am", {}, {"Authorization": f"Bearer {OTHER}"}, 403, "foreign-webhook"),
        ("am", {}, {"Authorization": "Bearer " + "x" * 64}, 401, "invalid-token"),
        ("am", {"alerts": "none"}, {}, 422, "wrong-form"),
        ("am", [], {}, 422, "wrong-form"),
        ("am", b"{", {}, 400, "bad-json"),
        ("am", b"[" * 60, {}, 400, "bad-json"),
        ("am", {}, {"Content-Type": "text/plain"}, 415, "unsupported-media-type"),
        ("am", call(*[alert(fingerprint=str(n)) for n in range(501)]), {}, 413, "too-large"),
    ],
)
async def test_a_call_that_cannot_be_taken_is_a_problem_that_says_why(
    desk: Desk, name: str, body: object, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await post(desk, name, body, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["detail"]
    assert published(desk) == []


def test_what_is_kept_of_an_alert_has_an_end() -> None:
    many = {f"{number:02}{'k' * 199}": "v" * 1_001 for number in range(60)}
    labels = {"alertname": "n" * 201, "service": "vpn", **many}
    long = alert(labels=labels, annotations={"summary": "s" * 301}, fingerprint="f" * 201)
    [report] = read_reports(WEBHOOKS[0], call(long))
    assert isinstance(report, Alert)
    assert (len(report.name), len(report.fingerprint)) == (200, 200)
    assert len(report.attributes) == 50
    assert {len(key) for key in report.attributes} == {len("alertname"), len("service"), 200}
    assert {len(text) for text in report.attributes.values()} == {201, 3, 1_000}
    described = describe(report, "/monitoring")
    assert not isinstance(described, Invalid)
    assert AlertFired.model_validate(described["data"]).summary == "s" * 300


def test_what_is_deep_in_the_place_of_a_text_is_nothing() -> None:
    webhook = WEBHOOKS[0]
    odd = alert(labels={"alertname": "X", "service": {"a": 1}, "instance": ["b"]}, fingerprint=None)
    [report] = read_reports(webhook, call(odd))
    assert isinstance(report, Alert)
    assert (report.service, report.device) == ("", "")
    assert report.fingerprint
    refused = describe(report, "/monitoring")
    assert isinstance(refused, Invalid)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Reading(occurrence="id"),
        lambda: Reading(occurrence="id", name="n", status="s"),
        lambda: Reading(occurrence="id", requester="r"),
        lambda: Reading(occurrence="id", requester="r", title="t", name="n"),
        lambda: Webhook(name="a", system="b", form=Form.GENERIC),
        lambda: Webhook(name="a", system="b", form=Form.ZABBIX, reading=READING),
        lambda: Webhook(name="a", system="b", form=Form.ZABBIX, timestamp_header="X-Time"),
    ],
)
def test_a_webhook_that_could_never_work_is_refused_with_a_sentence(
    build: Callable[[], object],
) -> None:
    with pytest.raises(ValidationError, match=r"need|belongs|alerts|no meaning"):
        build()
