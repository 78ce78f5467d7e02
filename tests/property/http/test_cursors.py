"""Cursors: what was written is read, anything else is refused."""

import contextlib
from datetime import UTC, timedelta, timezone

from desk_platform.http import BadRequest, Cursors, Position
from hypothesis import given
from hypothesis import strategies as st

CURSORS = Cursors(b"a secret of the tests")
zones = st.builds(lambda m: timezone(timedelta(minutes=m)), st.integers(-720, 840))
times = st.datetimes(timezones=st.one_of(st.just(UTC), zones))
sorts = st.one_of(
    st.text(max_size=40), st.integers(), st.floats(allow_nan=False, allow_infinity=False), times
)
positions = st.builds(Position, sorts, st.text(max_size=40))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ "


def is_refused(cursors: Cursors, listing: str, text: str) -> bool:
    with contextlib.suppress(BadRequest):
        cursors.read(listing, text)
        return False
    return True


@given(st.text(), positions)
def test_a_cursor_comes_back_as_it_was(listing: str, position: Position) -> None:
    read_back = CURSORS.read(listing, CURSORS.write(listing, position))
    assert read_back == position
    assert type(read_back.sort) is type(position.sort)


@given(positions, st.data())
def test_any_changed_character_is_noticed(position: Position, data: st.DataObject) -> None:
    cursor = CURSORS.write("tickets", position)
    at = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.sampled_from(ALPHABET).filter(lambda c: c != cursor[at]))
    assert is_refused(CURSORS, "tickets", cursor[:at] + other + cursor[at + 1 :])


@given(positions, st.integers(0, 10), st.text(min_size=1, max_size=5))
def test_cut_or_lengthened_cursors_are_noticed(position: Position, cut: int, more: str) -> None:
    cursor = CURSORS.write("tickets", position)
    assert is_refused(CURSORS, "tickets", cursor[: -cut - 1])
    assert is_refused(CURSORS, "tickets", cursor + more)


@given(st.text(max_size=2000))
def test_what_nobody_wrote_is_refused(text: str) -> None:
    assert is_refused(CURSORS, "tickets", text)


@given(positions)
def test_a_cursor_works_on_its_listing_and_secret_only(position: Position) -> None:
    cursor = CURSORS.write("tickets?team=a", position)
    assert is_refused(CURSORS, "tickets?team=b", cursor)
    assert is_refused(Cursors(b"another secret"), "tickets?team=a", cursor)


def test_a_cursor_far_too_long_is_refused_unread() -> None:
    assert is_refused(CURSORS, "tickets", "A" * 100_000)
