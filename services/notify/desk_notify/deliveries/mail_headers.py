"""Text in the header of a mail: what is read is what was written, whatever folds or unfolds it.

Encoded words (RFC 2047) are made here, with every blank inside one: the standard library lost
blanks between two of them, and software on the way unfolds as it likes.
"""

import base64
import re
import unicodedata
from collections.abc import Iterator

# A line ends here where it can, and never later than the second (RFC 5322).
_WISHED, _MOST = 78, 998
# RFC 2047: an encoded word is 75 characters at most, and holds whole characters.
_WORD = 75
_HEAD, _TAIL = "=?utf-8?b?", "?="
_BYTES = (_WORD - len(_HEAD) - len(_TAIL)) // 4 * 3
_BLANKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
# They turn the reading direction, so that a text shows other than it is.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_PLAIN = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def shield_text(text: str) -> str:
    """The text on one line, with control and turning characters shown instead of obeyed."""
    return "".join(
        f"\\u{ord(sign):04x}"
        if sign in _TURNING or unicodedata.category(sign) in {"Cc", "Cs"}
        else sign
        for sign in _BLANKS.sub(" ", text)
    )


def write_unstructured(name: str, text: str) -> bytes:
    """A header line of free text, such as the subject."""
    text = shield_text(text)
    if _PLAIN.fullmatch(text) and "=?" not in text:
        folded = f"{name}: " + "\r\n ".join(_wrap_words(text, len(name) + 2))
        if all(len(line) <= _MOST for line in folded.split("\r\n")):
            return f"{folded}\r\n".encode("ascii")
    return f"{name}: {_encode(text, len(name) + 2)}\r\n".encode("ascii")


def mailbox(name: str, display: str, address: str) -> bytes:
    """A header line with one address and what its owner is called."""
    text = shield_text(display).strip()
    if not text:
        return f"{name}: {address}\r\n".encode()
    if _ATOMS.fullmatch(text) and "=?" not in text:
        phrase = text
    elif _PLAIN.fullmatch(text) and "=?" not in text:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        phrase = f'"{escaped}"'
    else:
        phrase = _encode(text, len(name) + 2)
    line = f"{name}: {phrase}"
    joint = " " if len(line.rpartition("\n")[2]) + len(address) + 3 <= _WISHED else "\r\n "
    return f"{line}{joint}<{address}>\r\n".encode()


def _wrap_words(text: str, used: int) -> Iterator[str]:
    """The words, as many on a line as fit."""
    line = ""
    for word in text.split(" "):
        if line and used + len(line) + 1 + len(word) > _WISHED:
            yield line
            line, used = word, 1
        else:
            line = f"{line} {word}" if line else word
    yield line


def _encode(text: str, used: int) -> str:
    """Encoded words, one a line: the blank between two of them belongs to nobody."""
    room = min(_BYTES, (_WISHED - used - len(_HEAD) - len(_TAIL)) // 4 * 3)
    words, raw = [], b""
    for sign in text:
        part = sign.encode()
        if len(raw) + len(part) > room:
            words.append(raw)
            raw, room = b"", _BYTES
        raw += part
    words.append(raw)
    return "\r\n ".join(f"{_HEAD}{base64.b64encode(word).decode()}{_TAIL}" for word in words)
