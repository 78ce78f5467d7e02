"""What of a text can be seen at all."""

import sys
import unicodedata

import pytest
from desk_contracts.text import is_visible, without_invisible


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\n",
        "\u200b",
        "\u3164",
        "\u00ad",
        "\u2800",
        "\u0301\u0308",
        "\ufe0f",
        "\u200d\ufe0f",
        "\U000e0041\U000e007f",
        "\x00\x1b\x07",
        "\u202e\u2069",
        "\ufeff",
        "\u115f\u1160\uffa0",
        "\u034f",
        "\u3000\u00a0",
        "\ud800",
        "\ufffe",
        "\U0001d159",
    ],
)
def test_a_text_of_nothing_visible_is_seen_to_be_one(text: str) -> None:
    assert not is_visible(text)


@pytest.mark.parametrize(
    "text", ["a", "?", "7", "🖨️", "打", "\u200bя", "हि", "€", "\U000e0041x", "\ufffd", "\ue000"]
)
def test_a_text_of_anything_visible_is_visible(text: str) -> None:
    assert is_visible(text)


def test_every_format_character_but_those_with_a_glyph_is_invisible() -> None:
    with_glyph = {
        *range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD,
        *range(0x13430, 0x13440),
    }  # fmt: skip
    left = [
        f"{code:04x}"
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) == "Cf" and code not in with_glyph
        if without_invisible(chr(code))
    ]
    assert left == []


def test_blanks_and_line_breaks_are_no_invisible_characters() -> None:
    assert without_invisible("a b\u200b\tc\r\nd\u0085e") == "a b\tc\r\nd\u0085e"
