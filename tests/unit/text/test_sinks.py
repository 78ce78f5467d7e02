"""What strangers wrote acts nowhere: not in a terminal, a cell, a page or a table."""

# ruff: noqa: RUF001 (letters that look alike are what this is about)
import json
import sys
import unicodedata

import pytest
from desk_contracts.text import csv_field, html_text, json_text, plain_line, plain_text

HARMLESS_FORMATS = {0x200C, 0x200D}


def test_no_acting_character_of_unicode_reaches_a_line() -> None:
    with_glyph = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
    left = [
        f"{code:04x}"
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        and code not in HARMLESS_FORMATS | with_glyph
        if chr(code) in plain_line(f"a{chr(code)}b")
    ]
    assert left == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Mouse \x1b[2J\x1b]0;owned\x07", r"Mouse \x1b[2J\x1b]0;owned\x07"),
        ("nul \x00 inside", r"nul \x00 inside"),
        ("invoice \u202egpj.exe", r"invoice \u202egpj.exe"),
        ("\x9b31m", r"\x9b31m"),
        ("two\nlines\r", r"two\x0alines\x0d"),
        ("a\u2028b\u0085c", r"a\u2028b\x85c"),
        ("half \ud83d", r"half \ud83d"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("ann\u200b@corp", r"ann\u200b@corp"),
        ("filler\u3164", r"filler\u3164"),
        ("non\ufffe", r"non\ufffe"),
        ("Grüße, Привет, 你好, مي\u200cخواهم, 👨\u200d👩\u200d👧 ❤️", None),
        ("[red]:smile: **bold**", None),
    ],
)
def test_a_line_shows_what_would_act_as_text(written: str, shown: str | None) -> None:
    assert plain_line(written) == (written if shown is None else shown)


def test_a_text_keeps_its_lines() -> None:
    assert plain_text("one\r\ntwo\tthree\x1b\rfour") == "one\ntwo\tthree\\x1b\\x0dfour"


@pytest.mark.parametrize(
    "written",
    ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\uff1d1+1", "  =1", "\u3000=1"],
)
def test_a_csv_field_never_begins_a_formula(written: str) -> None:
    assert csv_field(written).startswith("'")


@pytest.mark.parametrize("written", ["-5.3", "+3", "1e-7", "-1e9", "plain", "a=b", "", "-12,5"])
def test_a_csv_field_that_runs_nothing_stays_as_it_is(written: str) -> None:
    assert csv_field(written) == written


@pytest.mark.parametrize("written", ["\t=1+1", "\r=1+1", "\n=1+1", "\x00=1+1"])
def test_a_csv_field_shows_a_control_that_would_hide_a_formula(written: str) -> None:
    assert csv_field(written).startswith("\\x")


def test_a_page_holds_no_markup_of_strangers() -> None:
    shown = html_text("<script>\"a\" & 'b'</script>\x1b\u202e")
    assert shown == (r"&lt;script&gt;&quot;a&quot; &amp; &#x27;b&#x27;&lt;/script&gt;\x1b\u202e")


@pytest.mark.parametrize("indent", [None, 1])
def test_json_stays_the_same_document_and_nothing_in_it_acts(indent: int | None) -> None:
    document = {
        "title": "Mouse \x1b[2J \x9b31m \x7f \u202e \u2028 \U000e0041",
        "deep": ["Grüße", "\u200b"],
    }
    shown = json_text(json.dumps(document, ensure_ascii=False, indent=indent))
    assert json.loads(shown) == document
    assert plain_text(shown) == shown
    assert "Grüße" in shown


def test_json_of_half_a_character_can_be_written() -> None:
    shown = json_text(json.dumps("half \ud83d", ensure_ascii=False))
    assert shown == '"half \\ud83d"'
