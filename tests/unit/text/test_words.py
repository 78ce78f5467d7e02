"""Words are found however they were typed."""

# ruff: noqa: RUF001 (letters that look alike are what this is about)
import unicodedata

import pytest
from desk_contracts.text import SpokenWords, name_of, plain_words, terms


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Der Dru\u00adcker steht", "drucker"),
        ("dru\u200bcker", "Drucker"),
        ("ＤＲＵＣＫＥＲ", "drucker"),
        (unicodedata.normalize("NFD", "Zugriff für Müller"), "müller"),
        ("Muller", "Müller"),
        ("neue Strasse", "Straße"),
        ("STRASSE", "straße"),
        ("STRAẞE", "strasse"),
        ("İNTERNET yok", "internet"),
        ("ınternet", "INTERNET"),
        ("my ﬁle is gone", "file"),
        ("Łódź", "lodz"),
        ("Smørrebrød", "smorrebrod"),
        ("cœur", "coeur"),
        ("ещё раз", "еще"),
        ("ΝΙΚΟΣ", "νικος"),
        ("我的打印机坏了", "打印机"),
        ("打 印 机", "打印机"),
        ("VPNが繋がらない", "vpn"),
        ("VPNが繋がらない", "繋がらない"),
        ("ﾒｰﾙが届かない", "メール"),
        ("เครื่องพิมพ์เสีย", "พิมพ์"),
        ("ម៉ាស៊ីនបោះពុម្ពខូច", "បោះពុម្ព"),
        ("프린터 고장", "프린터"),
        (unicodedata.normalize("NFD", "프린터"), "프린터"),
        ("हिन्दी में", "हिन्दी"),
        ("طَابِعَة", "طابعة"),
        ("مي\u200cخواهم", "میخواهم"),
        ("مَدْرَسَة", "مدرسه"),
        ("דפדפָן", "דפדפן"),
        ("كود ١٢٣", "123"),
        ("Word ❤️‍🔥 crashes", "crashes"),
    ],
)
def test_a_word_is_found_however_it_was_typed(text: str, word: str) -> None:
    assert SpokenWords(text).has(word)
    assert SpokenWords(text).has(unicodedata.normalize("NFD", word))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("gestern", "stern"),
        ("print", "printer"),
        ("打印", "打印机"),
        ("か", "が"),
        ("हद", "हिद"),
        ("anything", "🔥"),
        ("anything at all", "*"),
        ("anything at all", "!*"),
    ],
)
def test_what_is_not_said_is_not_found(text: str, word: str) -> None:
    assert not SpokenWords(text).has(word)


@pytest.mark.parametrize("word", ["druck*", "DRUCK＊", "druck* ", "druck\u200b*"])
def test_a_star_lets_the_last_word_go_on(word: str) -> None:
    assert SpokenWords("die Druckertreiber").has(word)
    assert not SpokenWords("der Eindruck").has(word)


def test_a_text_without_blanks_is_counted_by_pairs_of_characters() -> None:
    assert terms("VPNが繋がらない 404") == ["vpn", "が繋", "繋が", "がら", "らな", "ない", "404"]
    assert terms("打 x") == ["打", "x"]


def test_words_are_compared_by_single_spaces() -> None:
    assert plain_words("E-Mail  &  Kalender") == "e mail kalender"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("  Drucker\u00ad  FÜR zu-Hause! ", "drucker für zu hause"),
        (unicodedata.normalize("NFD", "Drucker für zu Hause"), "drucker für zu hause"),
        ("打 印 机", "打印机"),
        ("VPN打印机 x", "vpn 打印机 x"),
        ("\U0001f697", ""),
    ],
)
def test_a_name_is_one_however_it_was_written_and_keeps_its_accents(
    written: str, name: str
) -> None:
    assert name_of(written) == name
    assert name_of(name) == name
