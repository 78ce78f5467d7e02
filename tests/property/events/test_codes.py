"""Codes of tickets: letters and digits, told apart from ids, and mistakes in them noticed."""

import pytest
from desk_contracts.errors import Invalid
from desk_contracts.ids import derive_id, is_code, read_code, read_ticket_ref, ticket_code
from hypothesis import given
from hypothesis import strategies as st

codes = st.integers(0, 10**6).map(lambda number: ticket_code(derive_id(str(number), "ticket")))
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@given(codes)
def test_a_code_is_letters_and_digits_and_fits_into_any_address(code: str) -> None:
    assert len(code) == 9
    assert code.isascii()
    assert code.replace("-", "").isalnum()


@given(codes, st.sampled_from(["  {}", "{} ", "\t{}\n"]), st.sampled_from(["-", " ", ""]))
def test_case_blanks_and_dashes_are_forgiven(code: str, around: str, between: str) -> None:
    typed = around.format(code.replace("-", between))
    for spelling in (typed, typed.lower(), typed.replace("0", "o").replace("1", "l")):
        assert read_ticket_ref(spelling) == code
    assert is_code(code)


@given(codes, st.integers(0, 7), st.sampled_from(SIGNS))
def test_one_wrong_sign_is_noticed(code: str, place: int, sign: str) -> None:
    signs = code.replace("-", "")
    wrong = signs[:place] + sign + signs[place + 1 :]
    if wrong != signs:
        with pytest.raises(Invalid):
            read_code(wrong)


@given(codes, st.integers(0, 5))
def test_two_digits_the_wrong_way_round_are_noticed(code: str, place: int) -> None:
    signs = code.replace("-", "")
    wrong = signs[:place] + signs[place + 1] + signs[place] + signs[place + 2 :]
    if wrong != signs:
        with pytest.raises(Invalid):
            read_code(wrong)


@given(st.uuids())
def test_an_id_is_no_code_however_it_is_typed(id: object) -> None:
    assert read_ticket_ref(f" {str(id).upper()} ") == str(id)
    assert not is_code(str(id))
