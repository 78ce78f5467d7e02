"""Lines of a mail's header: as long as they may be, and no longer."""

import pytest
from desk_notify.deliveries.mail_headers import mailbox, write_unstructured

WISHED, MOST = 78, 998


def lines(header: bytes) -> list[str]:
    assert header.endswith(b"\r\n")
    return header[:-2].decode("ascii").split("\r\n")


def test_a_subject_that_just_fits_stays_on_one_line() -> None:
    text = f"{'a' * 34} {'b' * 34}"
    assert lines(write_unstructured("Subject", text)) == [f"Subject: {text}"]
    assert len(f"Subject: {text}") == WISHED


def test_one_sign_more_is_folded_before_the_word() -> None:
    first, second = "a" * 34, "b" * 35
    assert lines(write_unstructured("Subject", f"{first} {second}")) == [
        f"Subject: {first}",
        f" {second}",
    ]


def test_a_line_that_goes_on_counts_its_blank() -> None:
    words = ["x" * 60, "y" * 38, "z" * 38, "q"]
    assert lines(write_unstructured("Subject", " ".join(words))) == [
        f"Subject: {words[0]}",
        f" {words[1]} {words[2]}",
        " q",
    ]
    assert len(f" {words[1]} {words[2]}") == WISHED


@pytest.mark.parametrize(("length", "is_plain"), [(MOST, True), (MOST + 1, False)])
def test_a_word_longer_than_any_line_is_encoded(length: int, is_plain: bool) -> None:
    written = lines(write_unstructured("Subject", "w" * (length - len("Subject: "))))
    assert (len(written) == 1) is is_plain
    assert written[0].startswith("Subject: w") is is_plain
    assert max(map(len, written)) <= MOST


@pytest.mark.parametrize(("more", "count"), [(0, 1), (1, 2)])
def test_an_address_goes_to_the_next_line_once_it_does_not_fit(more: int, count: int) -> None:
    address = "ana@desk.example"
    name = "A" * (WISHED - len("To:  <>") - len(address) + more)
    written = lines(mailbox("To", name, address))
    assert len(written) == count
    assert " ".join(line.strip() for line in written) == f"To: {name} <{address}>"


@pytest.mark.parametrize("name", [("X-" + "Header" * 4)[:length] for length in range(2, 26)])
def test_an_encoded_line_is_as_full_as_it_can_be_and_no_longer_whatever_its_name(name: str) -> None:
    """Three bytes are four signs of base64, so at most three signs of a line stay empty."""
    text = "=?" + "x" * 200
    for header in (write_unstructured(name, text), mailbox(name, text, "ana@desk.example")):
        first, *more = lines(header)
        assert WISHED - 3 <= len(first) <= WISHED
        # What follows has one blank and a whole encoded word: 75 signs at most, by RFC 2047.
        assert all(len(line) <= 76 for line in more)
        assert len(more[0]) == 1 + 72
