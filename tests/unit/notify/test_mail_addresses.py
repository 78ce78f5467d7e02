"""What is a mail address: international ones as servers know them, all else refused in words."""

import pytest
from desk_contracts.mail_addresses import BadAddress, read_address
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ann.lee@münchen.example", "ann.lee@xn--mnchen-3ya.example"),
        ("hilfe@MÜLLER.example", "hilfe@xn--mller-kva.example"),
        ("ann@пример.example", "ann@xn--e1afmkfd.example"),
        ("a@東京。example", "a@xn--1lqs71d.example"),
        ("a@xn--mnchen-3ya.example", "a@xn--mnchen-3ya.example"),
        ("jo\u0308rg@desk.example", "jörg@desk.example"),
        ("Ann.Lee+desk@Desk.Example", "Ann.Lee+desk@desk.example"),
    ],
)
def test_an_address_is_what_servers_know(written: str, expected: str) -> None:
    assert str(read_address(written)) == expected


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "one @"),
        ("not-an-address", "one @"),
        ("a@b@c.example", "one @"),
        ("a@b.example,c@d.example", "one @"),
        ("ann.lee@desk.example\u200b", r"U\+200B"),
        ("ann\u00adlee@desk.example", r"U\+00AD"),
        ("ann@desk.example\r\nBcc: all@x", "one @"),
        ("ann\n@desk.example", r"U\+000A"),
        ("ann\u202e@desk.example", r"U\+202E"),
        ("\ud83d@desk.example", r"U\+D83D"),
        ("a b@desk.example", r"U\+0020"),
        ("@desk.example", "nothing before"),
        ("a..b@desk.example", "signs before"),
        ("<a@desk.example>", "signs before"),
        ("ü" * 33 + "@desk.example", "64 bytes"),
        ("a@", "no domain"),
        ("a@127.0.0.1", "no domain"),
        ("a@\uff11\uff12\uff17.0.0.1", "no domain"),
        ("a@[127.0.0.1]", "no domain"),
        ("a@-desk.example", "no domain"),
        ("a@desk..example", "no domain"),
        ("a@xn--zz.example", "no domain"),
        ("a@" + "x" * 64 + ".example", "no domain"),
        ("a@" + "x." * 150 + "example", "longer than"),
    ],
)
def test_what_is_no_address_is_refused_with_the_cause(written: str, why: str) -> None:
    with pytest.raises(BadAddress, match=why):
        read_address(written)


@given(st.text(max_size=80) | st.text(max_size=30).map(lambda text: f"a@{text}.example"))
def test_any_text_is_an_address_or_a_refusal(text: str) -> None:
    try:
        address = read_address(text)
    except BadAddress:
        return
    assert address.domain.isascii()
    assert read_address(str(address)) == address
