"""One person is one person, however the id was written."""

# ruff: noqa: RUF001 (letters that look alike are what this is about)
import pytest
from desk_contracts.people import (
    NotAPerson,
    canonical_person,
    find_other_spelling,
    is_same_person,
    read_person,
)


@pytest.mark.parametrize(
    "written",
    [
        "ivy.park@corp.example",
        "Ivy.Park@corp.example",
        "IVY.PARK@CORP.EXAMPLE",
        "ivy.park@Corp.Example",
        " ivy.park@corp.example\t",
        "ivy.park@corp.example.",
        "\u200bivy.park@corp.example\ufeff",
        "ivy.\u00adpark@corp.example",
        "ｉｖｙ．ｐａｒｋ＠ｃｏｒｐ．ｅｘａｍｐｌｅ",
        "ivy.park@corp。example",
        "mailto:ivy.park@corp.example",
        "Ivy Park <Ivy.Park@corp.example>",
    ],
)
def test_an_address_is_one_person_however_it_was_written(written: str) -> None:
    assert canonical_person(written) == "ivy.park@corp.example"


@pytest.mark.parametrize(
    "written",
    [
        "a@münchen.example",
        "a@MÜNCHEN.example",
        "a@mu\u0308nchen.example",
        "A@XN--mnchen-3YA.example",
    ],
)
def test_a_domain_has_one_spelling(written: str) -> None:
    assert canonical_person(written) == "a@xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    "written", ["A12345", "a12345", "CORP\\Ivy", "@Ivy", "Ivy@", "ivy park", "王小明"]
)
def test_an_id_that_is_no_address_stays_as_it_is(written: str) -> None:
    assert canonical_person(written) == written


def test_a_letter_of_another_script_is_another_person() -> None:
    assert not is_same_person("ivy@corp.example", "\u0456vy@corp.example")
    assert not is_same_person("ivy+desk@corp.example", "ivy@corp.example")


def test_a_domain_that_cannot_be_registered_is_still_one() -> None:
    assert is_same_person("a@💩.example", "A@xn--ls8h.example")


@pytest.mark.parametrize(
    "written", ["", "  ", "ann\u200b@corp.example", "a\x00b", "ann@corp\u202e", "a\nb"]
)
def test_a_caller_names_nobody_with_what_cannot_be_seen(written: str) -> None:
    with pytest.raises(NotAPerson):
        read_person(written)


def test_a_callers_blanks_around_an_id_are_no_part_of_it() -> None:
    assert read_person(" Ivy@Corp.Example ") == "ivy@corp.example"


def test_what_was_written_is_kept_where_it_differs() -> None:
    assert find_other_spelling("Ivy@Corp.Example", "ivy@corp.example") == "Ivy@Corp.Example"
    assert find_other_spelling("a1", "a1") == ""
