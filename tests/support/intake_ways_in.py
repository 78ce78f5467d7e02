"""Stories of the ways in: chat, webhooks, mails."""

import hmac
import json
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from desk_contracts.errors import DeskError
from desk_contracts.value_types import Severity
from desk_intake.chat.charter import ChatKind
from desk_intake.chat.decide import is_genuine, read_command, read_line
from desk_intake.mail.charter import MailAccount, Speaker
from desk_intake.mail.decide import Opening, find_claims, is_for_people, open_for
from desk_intake.mail.files import check_files
from desk_intake.mail.plain_text import drop_quotations, read_html
from desk_intake.mail.reading import read_mail
from desk_intake.tickets.lifecycle import Actor
from desk_intake.webhooks.charter import Form, Proof, Reading, Webhook
from desk_intake.webhooks.decide import describe as describe_report
from desk_intake.webhooks.decide import read_reports
from desk_intake.webhooks.signatures import is_signed

from tests.support.golden import Stories, as_json, describe, describe_fields, number_ids
from tests.support.intake_decided import attempt
from tests.support.intake_world import MONDAY
from tests.support.mails import DESK, mail

_LINE_SAID = {"type": "message", "user": "u1", "text": " <@B1> Hi ", "channel": "c", "ts": "1.2"}


_CALLS: list[tuple[ChatKind, Mapping[str, object]]] = [
    (ChatKind.SLACK, {"type": "url_verification", "challenge": "w" * 501}),
    (ChatKind.SLACK, {"event": _LINE_SAID}),
    (ChatKind.SLACK, {"event": {**_LINE_SAID, "type": "app_mention"}}),
    (ChatKind.SLACK, {"event": {**_LINE_SAID, "type": "reaction"}}),
    (ChatKind.SLACK, {"event": {**_LINE_SAID, "bot_id": "b"}}),
    (ChatKind.SLACK, {"event": {**_LINE_SAID, "subtype": "join"}}),
    (ChatKind.SLACK, {"event": {**_LINE_SAID, "user": ""}}),
    (ChatKind.SLACK, {"event": {**_LINE_SAID, "ts": ""}, "event_id": "e-1"}),
    (ChatKind.SLACK, {"event": {**_LINE_SAID, "channel": ""}}),
    (ChatKind.MATTERMOST, {"event": _LINE_SAID, "text": "!desk Hi", "trigger_word": "!desk",
                           "user_id": "u1", "post_id": "p1"}),
    (ChatKind.MATTERMOST, {"type": "url_verification", "text": "Hi", "user_id": "u1",
                           "trigger_id": "t1", "post_id": "p1"}),
    (ChatKind.SLACK, {"text": "Hi", "user_id": "u1"}),
    (ChatKind.SLACK, {"text": "Hi", "trigger_id": "t1"}),
]  # fmt: skip


_FORM = {"content-type": "application/x-www-form-urlencoded"}
_TOKENS = (
    ({"authorization": "Token key "}, b""),
    ({"authorization": "Bearer key"}, b""),
    (_FORM, b"token=key"),
    (_FORM, b"token=kez"),
    ({"content-type": "application/json; charset=utf-8"}, b'{"token": "key"}'),
    ({"content-type": "application/json"}, b'{"token": 7}'),
    ({"content-type": "application/json"}, b"no json"),
)
_LINES = (
    "", " help ", "HILFE", "help me", "state K7M2-Q9PG", "status k7m2q9pg now", "state of it",
    "stand", "comment K7M2-Q9PG", "kommentar K7M2-Q9PG  It works ", "The VPN drops",
    "comment on it", "state K7M2-Q9PGX",
)  # fmt: skip


def tell_chat() -> str:
    """Which calls are genuine, what their lines say and what these want."""
    parts = []
    body, now = b"text=Hi&user_id=u1&trigger_id=t1", MONDAY
    for seconds in (-301, -300, 0, 300, 301):
        sent = str(int(now.timestamp()) + seconds)
        signed = hmac.new(b"key", b"v0:" + sent.encode() + b":" + body, sha256).hexdigest()
        headers = {"x-slack-request-timestamp": sent, "x-slack-signature": f"v0={signed}"}
        parts.append(f"{seconds}: {is_genuine(ChatKind.SLACK, 'key', headers, body, now)}\n")
        parts.append(f"{seconds}: {is_genuine(ChatKind.SLACK, 'kez', headers, body, now)}\n")
    for odd in ("", "x1", "1" * 13, "\u0661"):
        headers = {"x-slack-request-timestamp": odd}
        parts.append(f"{odd}: {is_genuine(ChatKind.SLACK, 'key', headers, body, now)}\n")
    for headers, content in _TOKENS:
        genuine = is_genuine(ChatKind.MATTERMOST, "key", headers, content, now)
        parts.append(f"{as_json(headers)} {content!r}: {genuine}\n")
    for kind, fields in _CALLS:
        content = json.dumps(fields).encode()
        headers = {"content-type": "application/json"}
        line = attempt(read_line, kind, headers, content)
        parts.append(f"{kind} {as_json(fields)[:160]}\n  {line!r}\n")
    long = urlencode({f"k{number}": "v" for number in range(51)}).encode()
    for content in (long, b"text=&user_id=u&trigger_id=t"):
        parts.append(f"{attempt(read_line, ChatKind.SLACK, _FORM, content)!r}\n")
    for text in _LINES:
        parts.append(f"{text}: {read_command(text)!r}\n")
    return number_ids("".join(parts))


def _webhook(form: Form, **more: Any) -> Webhook:
    return Webhook(name="hook", system="monitoring", form=form, **more)


_FIRED = {
    "status": "firing", "labels": {"alertname": "Disk", "severity": "PAGE", "service": "files",
    "instance": "nas-1:9100", "n": 7, "on": True, "parts": []},
    "annotations": {"summary": "Full", "description": "Very full"},
    "startsAt": "2026-03-02T09:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "f1",
    "generatorURL": "http://g", "valueString": "9",
}  # fmt: skip


_OVER = {**_FIRED, "status": "resolved", "endsAt": "2026-03-02T10:00:00+01:00"}


_NEVER = {**_FIRED, "status": "resolved"}


_BARE = {"status": "firing", "labels": {"alertname": "X", "severity": "odd"}, "startsAt": "soon"}


_ZABBIX = {
    "event_id": "7", "event_value": "1", "event_name": "Load", "host_name": "h1",
    "event_nseverity": "2", "event_timestamp": "1772442000", "trigger_id": "t1",
    "event_tags": '[{"tag": "service", "value": "crm"}, {"tag": "", "value": "x"}, 3]',
    "alert_subject": "Load is high", "event_severity": "High",
}  # fmt: skip


_REQUEST_LIST = {"list": [{"id": 1, "who": "ana", "what": {"title": "Key"}, "why": "Lost",
                           "when": "x"},
                  {"id": 2, "who": "ana"}, {"who": "ben"}]}  # fmt: skip


_HEARD = {"id": "9", "n": "Disk", "s": "ok", "sev": "red", "svc": "files", "dev": ["a", "b"]}


_ALERTS = Reading(
    occurrence="id", name="n", status="s", severity="sev", service="svc", device="dev.1",
    severities={"red": Severity.CRITICAL},
)  # fmt: skip


_REQUESTS = Reading(
    items="list",
    occurrence="id",
    requester="who",
    title="what.title",
    description="why",
    at="when",
)


_OF_ZABBIX: list[dict[str, object]] = [
    {}, {"event_value": "0"}, {"event_value": "2"}, {"event_nseverity": "4"},
    {"event_nseverity": "3"}, {"event_nseverity": "1"}, {"event_nseverity": ""},
    {"event_timestamp": "late"}, {"trigger_id": ""}, {"event_tags": "no"},
    {"event_tags": {}}, {"event_name": ""}, {"alert_subject": ""}, {"event_id": ""},
]  # fmt: skip


_OF_GENERIC: list[dict[str, object]] = [
    {"s": "bad"}, {"n": ""}, {"s": ""}, {"id": ""}, {"sev": "info"}, {"dev": "x"},
    {"svc": "", "dev": []},
]  # fmt: skip


_HOOKED: list[tuple[Webhook, object]] = [
    (_webhook(Form.ALERTMANAGER), {"alerts": [_FIRED, _OVER, _NEVER, _BARE, {"status": "x"}, 3]}),
    (_webhook(Form.ALERTMANAGER), {"alerts": [{"status": "firing", "labels": {}}]}),
    (_webhook(Form.GRAFANA), {"alerts": 3}),
    (_webhook(Form.GRAFANA), [3]),
    *((_webhook(Form.ZABBIX), {**_ZABBIX, **change}) for change in _OF_ZABBIX),
    (_webhook(Form.GENERIC, reading=_ALERTS), _HEARD),
    *((_webhook(Form.GENERIC, reading=_ALERTS), {**_HEARD, **change}) for change in _OF_GENERIC),
    (_webhook(Form.GENERIC, reading=_REQUESTS), _REQUEST_LIST),
    (_webhook(Form.GENERIC, reading=_REQUESTS), {"list": {}}),
]  # fmt: skip


def tell_webhooks() -> str:
    """What calls of monitoring systems report, and the events that are published for it."""
    parts = []
    for webhook, body in _HOOKED:
        reports = attempt(read_reports, webhook, body)
        parts.append(f"=== {webhook.form} {as_json(body)[:200]}\n")
        if not isinstance(reports, list):
            parts.append(f"{reports}\n")
            continue
        for report in reports:
            if isinstance(report, DeskError):
                parts.append(f"{report.code} {report}\n")
                continue
            made = describe_report(report, "/monitoring")
            shown = describe_fields(made) if isinstance(made, dict) else f"{made.code}\n"
            parts += [describe(report), shown]
    return number_ids("".join(parts) + "".join(_tell_signatures()))


def _tell_signatures() -> Iterable[str]:
    body, now = b"{}", int(MONDAY.timestamp())
    with_time = _webhook(Form.GRAFANA, proof=Proof.HMAC_SHA256, timestamp_header="X-Time")
    without = _webhook(Form.GRAFANA, proof=Proof.HMAC_SHA256)
    for seconds in (-301, -300, 0, 300, 301):
        sent = str(now + seconds)
        signed = hmac.new(b"key", sent.encode() + b":{}", sha256).hexdigest()
        headers = {"x-time": sent, "x-grafana-alerting-signature": f" SHA256={signed.upper()} "}
        yield f"{seconds}: {is_signed(with_time, 'key', headers, body, MONDAY)}\n"
    plain = {"x-grafana-alerting-signature": hmac.new(b"key", body, sha256).hexdigest()}
    for secret in ("key", "kez"):
        yield f"{secret}: {is_signed(without, secret, plain, body, MONDAY)}\n"


_ACCOUNT = MailAccount(
    name="desk", address=DESK, domains=("desk.example", "*.corp.example"), service="mail",
    speakers=(Speaker(address="eva@home.example", person="eva"),), lists=("help.desk.example",),
)  # fmt: skip


def _write_mails() -> list[tuple[EmailMessage, Mapping[str, Any]]]:
    enclosed = mail("See the file", subject="")
    enclosed.add_attachment(b"a,b", maintype="text", subtype="csv", filename="x.csv")
    enclosed.add_attachment(b"\x00\x01", maintype="image", subtype="png")
    both = mail("  ")
    both.add_alternative("<p>Hello<br>there</p><script>x</script>", subtype="html")
    old = "Mon, 23 Feb 2026 09:00:00 +0000"
    return [
        (mail(Date="Mon, 2 Mar 2026 09:30:00 +0100", Content_Language="de, en"), {}),
        (mail(Date=old, subject="Re: [K7M2-Q9PG] and AAAA-BBBB", Content_Language="d"), {}),
        (mail(Date="Mon, 23 Feb 2026 08:59:59 +0000", id=""), {}),
        (mail(Date="Mon, 2 Mar 2026 09:00:01 +0000", sender="Eva <eva@home.example>"), {}),
        (mail(References="<a@x> <b@x>", In_Reply_To="<b@x>", Date="yesterday"), {}),
        (mail(In_Reply_To="<thread-0192f3c4-5b6a-7d8e-9f00-112233445566@desk.example>"), {}),
        (mail(sender="x@other.example"), {}),
        (mail(sender="x@a.corp.example", Auto_Submitted="auto-replied"), {}),
        (mail(Auto_Submitted="no", Precedence="Bulk"), {}),
        (mail(List_Id="Help <help.desk.example>"), {}),
        (mail(List_Id="Other <other.desk.example>"), {}),
        (mail(sender="MAILER-DAEMON@desk.example"), {}),
        (mail(Return_Path="<>"), {}),
        (mail(X_Autoreply="yes"), {}),
        (mail(), {"sent_from": ""}),
        (mail(sender=DESK), {"own_addresses": frozenset({DESK})}),
        (mail(X_Loop=DESK), {"own_addresses": frozenset({DESK})}),
        *(
            (mail(Authentication_Results=findings), {"authserv_id": "mx.desk.example"})
            for findings in (
                "mx.desk.example; dmarc=pass header.from=desk.example",
                "MX.desk.example (ours); spf=fail; dmarc=fail",
                "mx.desk.example; dkim=pass header.d=desk.example",
                "mx.desk.example; dkim=pass header.d=desk.example.evil",
                "other.example; dmarc=pass",
            )
        ),
        (enclosed, {}),
        (both, {"sent_to": ("desk+x@desk.example",)}),
    ]


def tell_mails() -> str:
    """Mails of people and machines: what they say, which tickets they claim, what they open."""
    mails = _write_mails()
    parts = []
    for made, given in mails:
        read = read_mail(made.as_bytes(), **given)
        parts += [f"=== {read.subject}\n", describe(read)]
        claims = find_claims(read, "secret")
        parts.append(
            f"  claims {as_json(claims.__dict__ if hasattr(claims, '__dict__') else str(claims))}\n"
        )
        parts.append(f"  for people {is_for_people(read, _ACCOUNT)}\n")
        files = check_files(read.enclosures, "seed")
        parts += [f"  {file.file}\n" for file in files.taken] + [
            f"  {why}\n" for why in files.refused
        ]
        who = Actor(_ACCOUNT.person_of(read.sender), is_staff=False)
        opening = Opening("t-1", who, MONDAY, "OLD" if claims.codes else "")
        opened = attempt(open_for(read, _ACCOUNT, opening, files), "CODE")
        parts += map(describe, opened) if isinstance(opened, list) else [f"{opened}\n"]
        domain = read.sender.rpartition("@")[2]
        parts.append(f"  admits {_ACCOUNT.admits(domain)} {_ACCOUNT.admits('corp.example')}\n")
    return number_ids("".join(parts) + "".join(_tell_texts()))


def _tell_texts() -> Iterable[str]:
    for html in (
        "<html><head><title>T</title></head><body>A  <b>b</b>\n c<br>d<p>e</p>&amp;</body></html>",
        "x<blockquote>old<br>older<blockquote>oldest</blockquote>q</blockquote>y",
        "<style>s</style></style>a<script>b<script>c</script>d</script>e",
        "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table><hr>z<h6>H</h6><h7>I</h7>",
    ):
        yield f"{html}\n  {read_html(html)!r}\n"
    head = "New\n\nFrom: a@x\n"
    for text in (
        "Yes\n\nOn Monday, Ana wrote:\n> old",
        "Yes\n\nOn Monday 2 March 2026 at 09:00\nAna Example <ana@desk.example>\nwrote:\n> old",
        "Yes\n\nOn Monday\nAna\nExample\nwrote:\n> old",
        "Yes\n\nAm Montag schrieb Ana:\n> alt",
        "> old\nMine\n> older",
        "> only\n> old",
        "Yes\n---- Original Message ----\nold",
        "Yes\n- Original Message -\nold",
        f"{head}Sent: x\nTo: y\nold",
        f"{head}Sent: x\nold",
        f"{head}\n\nSent: x\nTo: y",
        f"{head}\n\n\nSent: x\nTo: y\nold",
        "Yes\n__________\nFrom: a@x\nold",
        "Yes\n_________\nFrom: a@x\nold",
        "Yes\n__________",
        "On it goes.",
    ):
        yield f"{text!r}\n  {drop_quotations(text)!r}\n"


STORIES: Stories = {
    "chat": tell_chat,
    "webhooks": tell_webhooks,
    "mails": tell_mails,
}
