"""What a message looks like as mail."""

import pytest
from desk_notify.channels.mail import address_of, mail_of
from desk_notify.domain.model import Dispatch
from desk_shared.errors import Invalid

from tests.unit.notify.desk import NOON

SENDER, NAME = "desk@desk.example", "Experience Desk"


def dispatch(title: str = "Störung vorbei: VPN", thread: str = "t-1") -> Dispatch:
    return Dispatch(
        message="m-1", recipient="network", kind="problem_resolved", title=title,
        body="Die Störung ist behoben.", thread=thread, happened_at=NOON, deliveries=(),
    )  # fmt: skip


def test_a_mail_is_marked_as_automatic_and_threaded_by_its_ticket() -> None:
    mail = mail_of(dispatch(), "mailto:net@desk.example", SENDER, NAME)
    assert mail["From"] == "Experience Desk <desk@desk.example>"
    assert mail["To"] == "net@desk.example"
    assert mail["Subject"] == "Störung vorbei: VPN"
    assert mail["Date"].datetime == NOON
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["References"] == mail["In-Reply-To"] == "<thread-t-1@desk.example>"
    assert mail.get_content() == "Die Störung ist behoben.\n"


def test_a_second_attempt_is_the_same_mail() -> None:
    first, second = (mail_of(dispatch(), "mailto:a@b.example", SENDER, NAME) for _ in range(2))
    other = mail_of(dispatch(), "mailto:c@b.example", SENDER, NAME)
    assert first.as_bytes() == second.as_bytes()
    assert first["Message-ID"] != other["Message-ID"]


def test_the_text_on_the_wire_is_plain_ascii() -> None:
    assert mail_of(dispatch(), "mailto:a@b.example", SENDER, NAME).as_bytes().isascii()


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("mailto:net@desk.example", "net@desk.example"),
        ("mailto:net@desk.example?subject=hi", "net@desk.example"),
        ("mailto:a%3Fb@desk.example", "a?b@desk.example"),
    ],
)
def test_a_mail_address_is_read_off_its_url(channel: str, address: str) -> None:
    assert address_of(channel) == address


@pytest.mark.parametrize("channel", ["mailto:", "mailto:a@b@c", "mailto:a%0Ab@c.example"])
def test_what_is_no_address_gets_no_mail(channel: str) -> None:
    with pytest.raises(Invalid, match="no mail can be written"):
        mail_of(dispatch(), channel, SENDER, NAME)
