"""Who is mailed, and how often: at the edges."""

from datetime import timedelta

import pytest
from desk_notify.deliveries.mail_limits import (
    Mailbox,
    Mailed,
    MailRules,
    count_mail,
    name_mailbox,
    refusal,
)

from tests.support.notify_desk import NOON, directory

RULES = MailRules(domains=("desk.example", "*.corp.example"), per_hour=3)
HOUR = timedelta(hours=1)


def box(*minutes: float) -> Mailbox:
    """Mails so many minutes ago."""
    return Mailbox(
        recent=tuple(
            Mailed(id=f"m-{number}", at=NOON - timedelta(minutes=ago))
            for number, ago in enumerate(minutes)
        )
    )


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "a b@desk.example", "@desk.example"])
def test_what_is_no_address_is_left_to_the_channel_that_says_so(address: str) -> None:
    assert refusal(f"mailto:{address}", directory(), RULES) is None


def test_a_refusal_names_address_and_domain() -> None:
    why = refusal("mailto:Eve@Else.example", directory(), RULES)
    assert why is not None
    assert why.code == "delivery.unknown-address"
    assert why.params == {"address": "Eve@else.example", "domain": "else.example"}


def test_without_any_domain_those_of_the_charter_are_mailed_and_nobody_else() -> None:
    none = MailRules(domains=(), per_hour=3)
    assert refusal("mailto:nina@desk.example", directory(), none) is None
    assert refusal("mailto:net@desk.example", directory(), none) is None
    assert refusal("mailto:ana@desk.example", directory(), none) is not None


def test_a_mailbox_has_one_name_however_its_address_is_written() -> None:
    assert name_mailbox("mailto:Ana@Desk.Example") == name_mailbox("mailto:ana@desk.example")
    assert name_mailbox("mailto:" + "x" * 300) == "x" * 200


def test_the_first_mail_opens_the_mailbox() -> None:
    assert count_mail(None, "m", 1, NOON) == Mailbox(recent=(Mailed(id="m", at=NOON),))
    assert count_mail(None, "m", 0, NOON) is None


def test_so_many_an_hour_and_no_more() -> None:
    room = count_mail(box(1, 2), "new", 3, NOON)
    assert room is not None
    assert [item.id for item in room.recent] == ["m-0", "m-1", "new"]
    assert count_mail(box(1, 2, 3), "new", 3, NOON) is None


@pytest.mark.parametrize(("minutes", "has_room"), [(59.9, False), (60.0, True), (60.1, True)])
def test_what_is_an_hour_old_takes_no_room(minutes: float, *, has_room: bool) -> None:
    assert (count_mail(box(1, 2, minutes), "new", 3, NOON) is not None) is has_room


def test_an_attempt_more_of_a_mail_takes_no_room_and_forgets_what_is_old() -> None:
    again = count_mail(box(1, 2, 3, 90), "m-1", 3, NOON)
    assert again == box(1, 2, 3)
