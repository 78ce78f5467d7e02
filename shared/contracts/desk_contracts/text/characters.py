r"""Which characters nobody sees, and whether a text shows anything at all."""

import re
import unicodedata

# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt, stable but for additions inside
# the reserved ranges), the annotation marks, and two signs whose glyphs are empty.
_IGNORABLE = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian selectors
    (0x200B, 0x200F),  # zero width space, joiners, direction marks
    (0x202A, 0x202E),  # embeddings and overrides of direction
    (0x2060, 0x206F),  # word joiner, isolates, deprecated format characters
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFA0, 0xFFA0),  # halfwidth Hangul filler
    (0xFFF0, 0xFFFB),  # reserved, interlinear annotation
    (0x1BCA0, 0x1BCA3),  # shorthand format controls
    (0x1D159, 0x1D159),  # musical null notehead
    (0x1D173, 0x1D17A),  # musical format controls
    (0xE0000, 0xE0FFF),  # tags, further variation selectors
)
_BRAILLE_BLANK = "\u2800"
IGNORABLE = "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _IGNORABLE)
# Beside them the control characters that part no words, such as NUL, BEL and ESC.
_INVISIBLE = re.compile(rf"[{IGNORABLE}\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]+")
# What ends a line, acts on whoever shows it, or turns the direction of what follows: controls,
# separators, embeddings, overrides and isolates, and halves of a pair.
_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_INK = frozenset("LNPS")
# One character that can be seen, as a pattern for documents: most of what `is_visible` knows.
VISIBLE = (
    r"[^\s\u0000-\u001f\u007f-\u00a0\u00ad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f\u20d0-\u20ff\u2800\u3164\ufe00-\ufe0f\ufe20-\ufe2f"
    r"\ufeff\uffa0\ufff0-\ufffb]"
)


def without_invisible(text: str) -> str:
    """The text without characters that nobody sees; blanks and line breaks stay."""
    return text if text.isprintable() and text.isascii() else _INVISIBLE.sub("", text)


def is_line(text: str) -> bool:
    """Whether it is one line that shows itself as it is written; blanks around it count as well."""
    return text.isprintable() or _ACTING.search(text) is None


def as_line(text: str) -> str:
    """The text as one line: breaks become blanks, and what acts is left out."""
    return text if is_line(text) else _ACTING.sub("", " ".join(text.split()))


def is_visible(text: str) -> bool:
    """Whether anything of it can be seen: blanks, controls and marks alone are nothing."""
    return any(map(_has_ink, without_invisible(text)))


def _has_ink(character: str) -> bool:
    if character == _BRAILLE_BLANK:
        return False
    category = unicodedata.category(character)
    # Unassigned here may be an emoji that is younger than this Python; private ones have glyphs.
    is_young = category in ("Cn", "Co") and (ord(character) & 0xFFFE) != 0xFFFE
    return category[0] in _INK or (is_young and not 0xFDD0 <= ord(character) <= 0xFDEF)
