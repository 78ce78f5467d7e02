"""From a call's body to reports, and from a report to the event that is published for it.

Pure. What cannot be read becomes an `Invalid` in its place, so that it holds up nothing beside it.
https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

import contextlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from desk_contracts.errors import Invalid
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.telemetry import AlertFired, AlertResolved
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.rfc3339 import read_moment
from desk_contracts.value_types import Severity, SubjectKind

from desk_intake.webhooks.charter import Form, Reading, Webhook
from desk_intake.webhooks.model import Alert, AskedTicket, Report

Json = object
Outcome = Report | Invalid

_PORT = re.compile(r":\d{1,5}$")
_LONGEST_NAME, _LONGEST_LINE = 200, 300
_MOST_ATTRIBUTES, _LONGEST_ATTRIBUTE = 50, 1_000
# What Alertmanager and Grafana write where there is no moment yet.
_NEVER = "0001-01-01"
# The words that monitoring systems use beside the desk's own three.
_SEVERITIES = {
    **dict.fromkeys(("critical", "page", "error", "high", "disaster"), Severity.CRITICAL),
    **dict.fromkeys(("emergency", "alert", "fatal", "major"), Severity.CRITICAL),
    **dict.fromkeys(("info", "information", "none", "low", "not classified"), Severity.INFO),
}
# {EVENT.NSEVERITY} of Zabbix: 0 not classified, 1 information, 2 warning, 3 average, 4 high.
_ZABBIX = (Severity.INFO, Severity.INFO, Severity.WARNING, Severity.WARNING)


def read_reports(webhook: Webhook, body: Json) -> list[Outcome]:
    """What a call reports, one outcome for each part; `Invalid` if it has not this form at all."""
    match webhook.form:
        case Form.ALERTMANAGER | Form.GRAFANA:
            alerts = _object(body).get("alerts")
            if not isinstance(alerts, list):
                why = message("webhook.no-list", form=webhook.form, list="alerts")
                raise Invalid(why, code="wrong-form")
            return [_read_alert(webhook, item) for item in alerts]
        case Form.ZABBIX:
            return [_read_zabbix(webhook, _object(body))]
        case Form.GENERIC:
            if webhook.reading is None:
                raise Invalid("this webhook does not say how it is read", code="no-reading")
            return _read_generic(webhook.reading, body)


def _object(body: Json) -> Mapping[str, Json]:
    if isinstance(body, dict):
        return body
    raise Invalid(message("webhook.no-object"), code="wrong-form")


def _read_alert(webhook: Webhook, item: Json) -> Outcome:
    """One of Alertmanager's or Grafana's alerts: both have these fields."""
    if not isinstance(item, dict):
        return Invalid(message("webhook.no-object"), code="wrong-form")
    labels, notes = _texts(item.get("labels")), _texts(item.get("annotations"))
    status, name = item.get("status"), labels.get("alertname", "")
    if status not in ("firing", "resolved"):
        return Invalid(message("webhook.no-status"), code="no-status")
    starts = _text(item.get("startsAt"))
    fingerprint = _text(item.get("fingerprint"))
    if not fingerprint:  # what it is made of there
        fingerprint = derive_id(json.dumps(labels, sort_keys=True), "fingerprint-of-labels")
    if not name or not starts:
        return Invalid(message("webhook.no-alert"), code="no-alert")
    ends = _text(item.get("endsAt"))
    moment = ends if status == "resolved" and not ends.startswith(_NEVER) else starts
    more = {key: _text(item.get(key)) for key in ("generatorURL", "valueString", "dashboardURL")}
    return Alert(
        name=name[:_LONGEST_NAME],
        fingerprint=fingerprint[:_LONGEST_NAME],
        occurrence=starts,
        is_over=status == "resolved",
        severity=_severity(labels.get(webhook.severity_label, "")),
        summary=notes.get("summary") or notes.get("description") or name,
        service=labels.get(webhook.service_label, ""),
        device=_PORT.sub("", labels.get(webhook.device_label, "")),
        at=_moment(moment),
        attributes=_attributes({**labels, **notes, **more}),
    )


def _read_zabbix(webhook: Webhook, body: Mapping[str, Json]) -> Outcome:
    """The parameters of Zabbix's own webhooks: event_id, event_value, event_name, host_name, …"""
    given = {key: _text(value) for key, value in body.items()}
    event, value, name = (given.get(key, "") for key in ("event_id", "event_value", "event_name"))
    if not event or value not in ("0", "1") or not name:
        return Invalid(message("webhook.no-event-of-zabbix"), code="no-alert")
    tags = _tags(body.get("event_tags"))
    number = given.get("event_nseverity", "")
    seconds, at = given.get("event_timestamp", ""), None
    with contextlib.suppress(ValueError, OverflowError, OSError):  # that of its arrival counts
        at = datetime.fromtimestamp(int(seconds), UTC)
    severity = _severity(given.get("event_severity", ""))
    if number.isdecimal():
        severity = _ZABBIX[int(number)] if int(number) < len(_ZABBIX) else Severity.CRITICAL
    return Alert(
        name=name[:_LONGEST_NAME],
        fingerprint=(given.get("trigger_id") or event)[:_LONGEST_NAME],
        occurrence=event,
        is_over=value == "0",
        severity=severity,
        summary=given.get("alert_subject") or name,
        service=tags.get(webhook.service_label, ""),
        device=given.get("host_name", ""),
        at=at,
        attributes=_attributes({**given, "event_tags": "", **tags}),
    )


def _tags(value: Json) -> dict[str, str]:
    """{EVENT.TAGSJSON}, which Zabbix hands over as a text of JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    if not isinstance(value, list):
        return {}
    pairs = [(item.get("tag"), item.get("value")) for item in value if isinstance(item, dict)]
    return {_text(tag): _text(named) for tag, named in pairs if _text(tag)}


def _read_generic(reading: Reading, body: Json) -> list[Outcome]:
    if reading.items is None:
        return [_read_part(reading, body)]
    items = _at(body, reading.items)
    if not isinstance(items, list):
        raise Invalid(message("webhook.no-list-there", path=reading.items), code="wrong-form")
    return [_read_part(reading, item) for item in items]


def _read_part(reading: Reading, item: Json) -> Outcome:
    occurrence = _read(item, reading.occurrence)
    if not occurrence:
        why = message("webhook.nothing-there", paths=(reading.occurrence,))
        return Invalid(why, code="no-occurrence")
    service, device = _read(item, reading.service), _read(item, reading.device)
    at = _moment(_read(item, reading.at))
    if reading.is_request:
        requester, title = _read(item, reading.requester), _read(item, reading.title)
        if not requester or not title:
            paths = (reading.requester or "", reading.title or "")
            return Invalid(message("webhook.nothing-there", paths=paths), code="no-request")
        return AskedTicket(
            occurrence=occurrence,
            requester=requester,
            title=title,
            description=_read(item, reading.description),
            service=service,
            device=device,
            at=at,
        )
    name, status = _read(item, reading.name), _read(item, reading.status)
    if not name or not status:
        paths = (reading.name or "", reading.status or "")
        return Invalid(message("webhook.nothing-there", paths=paths), code="no-alert")
    word = _read(item, reading.severity)
    return Alert(
        name=name[:_LONGEST_NAME],
        fingerprint=(_read(item, reading.fingerprint) or name)[:_LONGEST_NAME],
        occurrence=occurrence,
        is_over=status in reading.over,
        severity=reading.severities.get(word) or _severity(word),
        summary=_read(item, reading.summary) or name,
        service=service,
        device=device,
        at=at,
    )


def describe(report: Report, source: str) -> dict[str, object] | Invalid:
    """The CloudEvent of a report, as JSON; the same report always has the same id.

    Its content is part of the id: what a system repeats with other words is another event.
    """
    if isinstance(report, AskedTicket):
        event = _describe_request(report)
    elif not report.service and not report.device:
        return Invalid(message("webhook.no-subject", alert=report.name), code="no-subject")
    else:
        event = _describe_alert(report)
    if report.at is not None:
        event["time"] = report.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    content = json.dumps([report.occurrence, event], sort_keys=True)
    return {
        "specversion": "1.0",
        "id": derive_id(content, "report-of-webhook"),
        "source": source,
        **event,
    }


def _describe_request(request: AskedTicket) -> dict[str, object]:
    fields = {"title": request.title, "description": request.description}
    where = {"service": request.service, "device": request.device}
    return {
        "type": TicketRequested.TYPE,
        "subject": request.requester,
        "data": _drop_empty({"requester": request.requester, **fields, **where}),
    }


def _describe_alert(alert: Alert) -> dict[str, object]:
    kind = SubjectKind.DEVICE if alert.device else SubjectKind.SERVICE
    both: dict[str, object] = {
        "subject_kind": kind.value,
        "name": alert.name,
        "fingerprint": alert.fingerprint,
        "service": alert.service,
    }
    if alert.is_over:
        type, data = AlertResolved.TYPE, both
    else:
        more = {"severity": alert.severity.value, "summary": alert.summary[:_LONGEST_LINE]}
        type, data = AlertFired.TYPE, {**both, **more, "attributes": alert.attributes}
    return {"type": type, "subject": alert.device or alert.service, "data": _drop_empty(data)}


def _drop_empty(data: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in data.items() if value}


def _at(value: Json, path: str) -> Json:
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _read(item: Json, path: str | None) -> str:
    return _text(_at(item, path)) if path else ""


def _text(value: Json) -> str:
    """A text, a number or a truth as a text; nothing of what has parts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _texts(value: Json) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(key): text for key, item in value.items() if (text := _text(item))}


def _attributes(texts: Mapping[str, str]) -> dict[str, str]:
    kept = [(key[:_LONGEST_NAME], text[:_LONGEST_ATTRIBUTE]) for key, text in texts.items() if text]
    return dict(kept[:_MOST_ATTRIBUTES])


def _severity(word: str) -> Severity:
    return _SEVERITIES.get(word.lower(), Severity.WARNING)


def _moment(text: str) -> datetime | None:
    try:
        return read_moment(text)
    except Invalid:  # no time, and that of its arrival counts
        return None
