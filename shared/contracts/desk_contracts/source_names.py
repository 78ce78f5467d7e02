"""Who may call themselves what: sources under `/desk/` are the desk's own services."""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
_OURS = "desk"
# Percent signs may be escaped themselves; nobody honest does it more often.
_UNQUOTED = 3
# Format and control characters, and marks that go with others.
_UNSEEN = frozenset({"Cf", "Cc", "Mn", "Me"})


@lru_cache(maxsize=4_096)
def is_reserved(source: str) -> bool:
    """Whether a source reads as one of the desk's services, however it is spelled.

    Compared is what remains when escapes, letter case, look-alike forms, invisible signs, doubled
    slashes and dots are taken away; of an absolute URI its path, or what stands in its place.
    """
    text = source
    for _ in range(_UNQUOTED):
        text = unquote(text)
    text = unicodedata.normalize("NFKC", text).casefold()
    seen = (s for s in text if not s.isspace() and unicodedata.category(s) not in _UNSEEN)
    text = "".join(seen).replace("\\", "/")
    scheme = _SCHEME.match(text)
    if scheme:
        text = text[scheme.end() :]
        if text.startswith("//"):
            text = text[2:].partition("/")[2]
    return _first_segment(text) == _OURS


def _first_segment(path: str) -> str:
    """The first part of a path, with `.` and `..` resolved."""
    parts: list[str] = []
    for part in re.split(r"[/?#;]", path):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return parts[0] if parts else ""
