"""From a call to a line, from a line to what it wants, and whether the call is genuine. Pure.

Slack: https://api.slack.com/authentication/verifying-requests-from-slack and slash commands.
Mattermost: slash commands and outgoing webhooks, which show a token.
"""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qsl

from desk_contracts.errors import Invalid
from desk_contracts.json_values import read_object
from desk_contracts.message import message

from desk_intake.chat.charter import ChatKind
from desk_intake.chat.model import Challenge, ChatAction, ChatCommand, ChatLine

# Slack's own advice: what is older was recorded by somebody.
WINDOW = timedelta(minutes=5)
_MOST_FIELDS = 50
_MENTION = re.compile(r"^\s*<@[A-Z0-9]+(\|[^>]*)?>\s*")
_CODE = re.compile(r"[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}")
_WORDS = {
    "state": ChatAction.STATE, "status": ChatAction.STATE, "stand": ChatAction.STATE,
    "comment": ChatAction.COMMENT, "kommentar": ChatAction.COMMENT,
    "help": ChatAction.HELP, "hilfe": ChatAction.HELP, "": ChatAction.HELP,
}  # fmt: skip


def is_genuine(
    kind: ChatKind, secret: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> bool:
    """Whether the call knows the secret: by Slack's signature v0, or by Mattermost's token."""
    if kind is ChatKind.SLACK:
        sent = headers.get("x-slack-request-timestamp", "")
        is_number = sent.isascii() and sent.isdigit() and len(sent) <= 12
        if not is_number or abs(now.timestamp() - int(sent)) > WINDOW.total_seconds():
            return False
        signed = b"v0:" + sent.encode() + b":" + body
        expected = "v0=" + hmac.new(secret.encode(), signed, sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), headers.get("x-slack-signature", "").encode())
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "token":
        given = _text(_fields(headers, body).get("token"))
    return hmac.compare_digest(secret.encode(), given.strip().encode())


def read_line(
    kind: ChatKind, headers: Mapping[str, str], body: bytes
) -> ChatLine | Challenge | None:
    """What was said; None for what nobody said to the desk, such as a bot's own words."""
    fields = _fields(headers, body)
    event = fields.get("event")
    if kind is ChatKind.SLACK and fields.get("type") == "url_verification":
        return Challenge(word=_text(fields.get("challenge"))[:500])
    if kind is ChatKind.SLACK and isinstance(event, dict):
        return _read_event(fields, event)
    text, user = _text(fields.get("text")), _text(fields.get("user_id"))
    id = _text(fields.get("trigger_id")) or _text(fields.get("post_id"))
    if not user or not id:
        raise Invalid(message("chat.no-line"), code="no-chat-line")
    text = text.removeprefix(_text(fields.get("trigger_word"))).strip()
    return ChatLine(id=id, user=user, text=text)


def _read_event(fields: Mapping[str, object], event: Mapping[str, object]) -> ChatLine | None:
    """A message or a mention; Slack sends what bots say as well, the desk's answers among it.

    A mention in a channel that the app reads comes as both, so the line is known by its place.
    """
    is_person = event.get("user") and not event.get("bot_id") and not event.get("subtype")
    if event.get("type") not in ("message", "app_mention") or not is_person:
        return None
    text = _MENTION.sub("", _text(event.get("text")))
    channel, moment = _text(event.get("channel")), _text(event.get("ts"))
    id = f"{channel}/{moment}" if channel and moment else _text(fields.get("event_id"))
    user = _text(event.get("user"))
    return ChatLine(id=id, user=user, text=text.strip(), can_answer=False) if id else None


def read_command(text: str) -> ChatCommand:
    """What a line wants: `state CODE`, `comment CODE words`, `help`, else a ticket of the line.

    Whoever names a word without a ticket's code writes about something else.
    """
    word, _, rest = text.strip().partition(" ")
    action, rest = _WORDS.get(word.lower()), rest.strip()
    if action is ChatAction.HELP and not rest:
        return ChatCommand(action=ChatAction.HELP)
    ref, _, words = rest.partition(" ")
    if action in (ChatAction.STATE, ChatAction.COMMENT) and _CODE.fullmatch(ref):
        if action is ChatAction.COMMENT and not words.strip():
            return ChatCommand(action=ChatAction.HELP)
        return ChatCommand(action=action, ticket=ref, text=words.strip())
    return ChatCommand(action=ChatAction.OPEN, text=text.strip())


def _fields(headers: Mapping[str, str], body: bytes) -> dict[str, object]:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            return read_object(body)[0]
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        return dict(pairs)
    except (ValueError, Invalid):
        return {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
