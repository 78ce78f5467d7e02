"""Bytes of an export as text, line by line or as UTF-8 in chunks; a remark where it was mended.

UTF-8, UTF-16 and UTF-32 are seen by their mark or by their zeros; another encoding is given. What
is no UTF-8 is read as Windows-1252, byte by byte, and half a character becomes U+FFFD.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple

from desk_contracts.message import Message, message

# A ticket with its whole correspondence fits; what is longer is a file that lost its line ends.
LONGEST = 4_000_000
_UTF8 = "utf-8"
# In place of a line that is too long to be held; told from others by identity.
TOO_LONG: Final = "\0too long"
# Half of a character: a surrogate without its other half, in the bytes UTF-8 would give it.
_HALF = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_MARKS = (
    (codecs.BOM_UTF8, _UTF8),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Names that leave the order of bytes to the mark, or to what is seen.
_SEEN = frozenset({"utf-8", "utf-8-sig", "utf-16", "utf-32"})
_SHARE = 10
_TO_LOOK_AT = 4096
_LONGEST_MARK = 4
_MARK = "\ufeff".encode()
REPLACED: Final = message("history.characters-replaced")
_TWO = message("history.halves-joined")
_OTHER = message("history.read-as-windows-1252")
_NEITHER = message("history.read-as-windows-1252-in-part")


class TextLine(NamedTuple):
    """A line with its end, what was mended in it, and its number in the file."""

    text: str
    mended: Message | None
    number: int


def to_utf8(chunks: Iterable[bytes], encoding: str = "") -> Iterator[bytes]:
    """The same text in UTF-8 without a mark; half characters are kept for `decode_line` to see."""
    chunks = iter(chunks)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _LONGEST_MARK:
            break  # no more than is needed: what follows may be damaged
    mark, seen = find_encoding(head)
    chunks = chain([head[len(mark) :]], chunks)
    # A mark is certain; an encoding that was given comes before one that is detected.
    name = seen if mark or encoding in _SEEN else encoding or seen
    if name not in {"", _UTF8}:
        decoder = codecs.getincrementaldecoder(name)(_MARKED)
        ends = chain(((chunk, False) for chunk in chunks), [(b"", True)])
        texts = (decoder.decode(chunk, final=is_last) for chunk, is_last in ends)
        # What is decoded may be half a character, which UTF-8 has no bytes for.
        chunks = (text.encode("utf-8", "surrogatepass") for text in texts)
    return _drop_marks(chunks)


def split_lines(chunks: Iterable[bytes]) -> Iterator[TextLine]:
    """Lines that end in LF, CR LF or CR; one that is too long is passed over and said so."""
    for number, line in enumerate(_split(chunks), 1):
        if line is None:
            yield TextLine(TOO_LONG, None, number)
        else:
            yield TextLine(*decode_line(line), number)


def decode_line(line: bytes) -> tuple[str, Message | None]:
    """The text, and what had to be done to it."""
    try:
        return line.decode(), None
    except UnicodeDecodeError:
        text = line.decode("utf-8", _MIXED)
    without_pairs = _PAIR.sub(b"", line)
    if _is_utf8(without_pairs):
        return text, _TWO
    if _is_utf8(_HALF.sub(b"", line)):
        return text, REPLACED
    return text, _NEITHER if "\N{REPLACEMENT CHARACTER}" in text else _OTHER


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_encoding(name: str) -> bool:
    """Whether text can be read in it: Python also calls `zip` and `idna` encodings."""
    if name in _SEEN:
        return True
    try:
        return isinstance(codecs.getincrementaldecoder(name)(_MARKED).decode(b"no,title\r\n"), str)
    except (LookupError, ValueError, TypeError, AssertionError):
        return False


def join_halves(text: str) -> str:
    """The text with U+FFFD for each half of a character, as JSON can hold them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def find_encoding(head: bytes) -> tuple[bytes, str]:
    """The mark at the start and the encoding; empty if it is UTF-8 or close to it."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return mark, name
    seen = head[:_TO_LOOK_AT]
    zeros = [seen[place::4].count(0) for place in range(4)]
    quarter = len(seen) // 4
    for high, next_high, name in ((3, 2, "utf-32-le"), (0, 1, "utf-32-be")):
        if quarter and zeros[high] == quarter and zeros[next_high] >= 0.8 * quarter:
            return b"", name
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if max(even, odd) * _SHARE > len(seen) / 2 and max(even, odd) > _SHARE * min(even, odd):
        return b"", "utf-16-le" if odd > even else "utf-16-be"
    return b"", ""


def _drop_marks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    is_start = True
    for chunk in chunks:
        text = chunk
        while is_start and text.startswith(_MARK):
            text = text.removeprefix(_MARK)
        is_start = is_start and not text
        if text:
            yield text


def _split(chunks: Iterable[bytes]) -> Iterator[bytes | None]:
    rest, is_passing = b"", False
    for chunk in filter(None, chunks):
        *complete, rest = (rest + chunk).splitlines(keepends=True)
        if rest.endswith(b"\n"):
            complete.append(rest)
            rest = b""
        for line in complete:
            if is_passing or len(line) > LONGEST:
                is_passing = False
                yield None
            else:
                yield line
        if len(rest) > LONGEST and not rest.endswith(b"\r"):
            rest, is_passing = b"", True
    if rest or is_passing:
        yield None if is_passing or len(rest) > LONGEST else rest


Handler = Callable[[UnicodeError], tuple[str, int]]


def _register(name: str, handler: Handler) -> str:
    codecs.register_error(name, handler)
    return name


def _read_mixed(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    start, end = error.start, error.end
    if _PAIR.match(error.object, start):
        pair = error.object[start : start + 6].decode("utf-8", "surrogatepass")
        return join_halves(pair), start + 6
    if _HALF.match(error.object, start):
        return "\N{REPLACEMENT CHARACTER}", start + 3
    return error.object[start:end].decode("cp1252", "replace"), end


def _mark_half(error: UnicodeError) -> tuple[str, int]:
    """A lone surrogate, which UTF-8 cannot hold, so `decode_line` finds it in its line."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udfff", error.end


_MIXED = _register("desk-mixed", _read_mixed)
_MARKED = _register("desk-marked", _mark_half)
