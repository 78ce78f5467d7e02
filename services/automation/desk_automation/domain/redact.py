"""What a target answers may hold secrets and be long; journal and events get neither."""

import re

MAX_BYTES = 4096
# Texts in events are read by people and travel 64 KiB at most.
MAX_EVIDENCE = 1000

_NAMES = r"password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|authorization|cookie"
_NAMED = re.compile(
    rf"(?i)([\"']?[\w-]*(?:{_NAMES})[\w-]*[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&}}\]]+)"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{6,}")
_LOGIN = re.compile(r"(//)[^/\s:@]+:[^/\s@]+@")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def redacted(text: str) -> str:
    """The text without what looks like a secret, without control characters, 4 KiB at most."""
    text = _BEARER.sub(r"\1 ***", text)
    text = _NAMED.sub(r"\1***", text)
    text = _LOGIN.sub(r"\1***@", text)
    return cut(_CONTROL.sub(" ", text), MAX_BYTES)


def cut(text: str, limit: int) -> str:
    """The text in at most so many bytes; what is missing is said."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    mark = f" ... ({len(raw)} bytes in all)"
    return raw[: limit - len(mark)].decode(errors="ignore") + mark
