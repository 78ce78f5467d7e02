"""Laws of text and of ids, for any characters at all."""

import unicodedata

from desk_contracts.people import canonical_person
from desk_contracts.text import SpokenWords, is_visible, plain_line, plain_words, without_invisible
from hypothesis import example, given
from hypothesis import strategies as st

ANY = st.text(st.characters(), max_size=40)
ODD_PERSON = st.one_of(
    ANY,
    st.builds("{}@{}".format, ANY, ANY),
    st.builds("{}@{}.example".format, ANY, ANY),
    st.builds("{}<{}@{}>".format, ANY, ANY, ANY),
)


@given(ODD_PERSON)
@example("0\r\u00b4@0")
def test_a_canonical_id_is_canonical(written: str) -> None:
    once = canonical_person(written)
    assert canonical_person(once) == once


@given(st.builds("{}@corp.example".format, st.text("abcdefxyzäöüÅéж.-_", min_size=1, max_size=12)))
def test_letter_case_and_composition_make_no_other_person(written: str) -> None:
    person = canonical_person(written)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert canonical_person(unicodedata.normalize(form, written.upper())) == person


@given(ANY)
def test_words_in_their_compared_form_stay_so(text: str) -> None:
    plain = plain_words(text)
    assert plain_words(plain) == plain


@given(ANY)
@example("0\x1b²")
def test_all_forms_of_a_text_are_the_same_words(text: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert plain_words(unicodedata.normalize(form, text)) == plain_words(text)


@given(ANY, ANY, ANY)
def test_a_phrase_is_found_between_any_others(before: str, phrase: str, after: str) -> None:
    if plain_words(phrase):
        assert SpokenWords(f"{before} {phrase} {after}").has(phrase)


@given(ANY)
def test_a_line_is_one_line_and_shows_the_same_the_second_time(text: str) -> None:
    line = plain_line(text)
    assert len(line.splitlines()) <= 1
    assert plain_line(line) == line


@given(ANY)
def test_what_is_invisible_makes_nothing_visible(text: str) -> None:
    assert is_visible(text) == is_visible(without_invisible(text))
