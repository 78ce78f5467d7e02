r"""One function for each place that shows what somebody else wrote.

A control, escape or direction character comes out as the text `\x1b` or `\u202e`: it can be seen
and does nothing. Data (JSON, Parquet, the bus) is never changed by these.
"""

import re
import unicodedata
from functools import lru_cache
from html import escape

from desk_contracts.text.characters import IGNORABLE

# Joiners shape Persian, Indic scripts and emoji; variation selectors choose a glyph. They move
# nothing, and a name without them is misspelled.
_HARMLESS = frozenset("\u200c\u200d") | frozenset(map(chr, range(0xFE00, 0xFE10)))
# Format characters that have a glyph of their own (Prepended_Concatenation_Mark).
_HAVE_GLYPHS = frozenset(
    [*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD]
)
_HIDDEN = re.compile(f"[{IGNORABLE}\u2800]")
_ACTING = frozenset(["Cc", "Cf", "Cs", "Zl", "Zp"])
# A spreadsheet takes these, and their wide forms, for the beginning of a formula.
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*(e[+-]?\d+)?", re.IGNORECASE)
_LAYOUT = frozenset("\n\r\t")


def plain_line(text: object) -> str:
    """One line for a terminal or a log: nothing in it acts, breaks the line or hides."""
    written = str(text)
    if written.isprintable() and (written.isascii() or not _HIDDEN.search(written)):
        return written
    return "".join(map(_show, written))


def plain_text(text: object) -> str:
    """The same with its line breaks and tabs, for what has several lines by its nature."""
    lines = str(text).replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(map(plain_line, line.split("\t"))) for line in lines)


def csv_field(text: object) -> str:
    """A cell that a spreadsheet shows and never runs; the CSV writer does the quoting.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    line = plain_line(text)
    first = line.lstrip()[:1]
    if first in _FORMULA and first and not _NUMBER.fullmatch(line):
        return f"'{line}"
    return line


def html_text(text: object) -> str:
    """Text of a page, or an attribute in quotes."""
    return escape(plain_text(text), quote=True)


def json_text(text: str) -> str:
    """JSON for a terminal or a log: the same document, with JSON's own escapes for what acts.

    Outside its strings JSON has nothing but ASCII, so whatever acts stands in a string.
    """
    if text.isascii() and "\x7f" not in text:
        return text
    written: list[str] = []
    for character in text:
        if character in _LAYOUT or plain_line(character) == character:
            written.append(character)
        else:
            units = character.encode("utf-16-be", "surrogatepass")
            written += (f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
    return "".join(written)


@lru_cache(maxsize=4096)
def _show(character: str) -> str:
    code = ord(character)
    if character in _HARMLESS or code in _HAVE_GLYPHS:
        return character
    is_nothing = (code & 0xFFFE) == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    is_acting = unicodedata.category(character) in _ACTING
    if is_acting or is_nothing or _HIDDEN.match(character):
        if code <= 0xFF:
            return f"\\x{code:02x}"
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return character
