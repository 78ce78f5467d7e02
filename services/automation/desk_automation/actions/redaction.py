"""What a target answers may hold secrets and be long; journal and events get neither."""

import re

from desk_contracts.message import Carried, Message

MAX_BYTES = 4096
# Texts in events are read by people and travel 64 KiB at most.
MAX_EVIDENCE = 1000
_NAMES = r"password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|authorization|cookie"
# Every repetition is bounded, so that no answer can keep these expressions busy.
_NAMED = re.compile(
    rf"(?i)((?:{_NAMES})[\w-]{{0,40}}[\"']?\s{{0,4}}[:=]\s{{0,4}})"
    r"(\"[^\"]{0,4096}\"?|'[^']{0,4096}'?|[^\s,;&}\]]{1,4096})"
)


_BEARER = re.compile(r"(?i)\b(bearer|basic)\s{1,4}[A-Za-z0-9+/._~=-]{6,4096}")
_LOGIN = re.compile(r"(//)[^/\s:@]{1,200}:[^/\s@]{1,200}@")
_CUT = re.compile(r" \.\.\. \((\d{1,20}) bytes in all\)$")
_LONGEST_MARK = 45  # desk-skip: mutate no mark has more than 40
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def redact(text: str) -> str:
    """The text without what looks like a secret, without control characters, 4 KiB at most."""
    size = len(text.encode())
    text = _BEARER.sub(r"\1 ***", text[: 2 * MAX_BYTES])
    text = _NAMED.sub(r"\1***", text)
    text = _LOGIN.sub(r"\1***@", text)
    return cut(_CONTROL.sub(" ", text), MAX_BYTES, size)


def cut(text: str, limit: int, size: int = 0) -> str:
    """The text in at most so many bytes; what is missing is said, of `size` bytes if given. Of one
    that was cut before, the size that it had at first is said again."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    before = _CUT.search(text[-_LONGEST_MARK:])
    mark = f" ... ({size or (before[1] if before else len(raw))} bytes in all)"
    return raw[: limit - len(mark)].decode(errors="ignore") + mark


def redact_message(message: Message) -> Message:
    """The message with every text in it redacted and no longer than an event bears."""
    params = {name: _redact_value(value) for name, value in message.params.items()}
    return Message(code=message.code, params=params)


def _redact_value(value: Carried) -> Carried:
    match value:
        case str():
            return cut(redact(value), MAX_EVIDENCE)
        case Message():
            return redact_message(value)
        case tuple():
            return tuple(
                part
                if not isinstance(part, str | Message)
                else cut(redact(part), MAX_EVIDENCE)
                if isinstance(part, str)
                else redact_message(part)
                for part in value
            )
        case _:
            return value
