"""Mails about a ticket say where to answer, with a token that only the desk can make."""

from email import message_from_bytes
from email.message import Message

from desk_contracts.ids import derive_id
from desk_contracts.mail_addresses import read_address
from desk_contracts.reply_tokens import read_reply_tokens
from desk_notify.deliveries.mail import ReplyTo, mail_of
from pydantic import SecretStr

from tests.support.notify_deliveries import dispatch

SECRET = SecretStr("signs tokens of answers in tests")
TICKET = derive_id("a", "ticket")


def send(mailbox: str, ticket: str = TICKET) -> Message:
    notice = dispatch().model_copy(update={"ticket": ticket, "thread": ticket or "t-1"})
    to = read_address("ana@desk.example")
    reply_to = ReplyTo(read_address(mailbox), SECRET)
    return message_from_bytes(mail_of(notice, "mailto:ana@desk.example", to, to, "Desk", reply_to))


def tickets_in(text: str) -> list[str]:
    return list(read_reply_tokens(SECRET.get_secret_value(), text))


def test_the_address_and_the_references_name_the_ticket() -> None:
    mail = send("desk@desk.example")
    assert tickets_in(mail["Reply-To"]) == tickets_in(mail["References"]) == [TICKET]
    assert mail["Reply-To"].startswith("desk+")
    assert f"<thread-{TICKET}@desk.example>" in mail["References"].split()


def test_a_long_mailbox_has_no_room_and_the_references_still_name_the_ticket() -> None:
    mailbox = f"{'x' * 30}@desk.example"
    mail = send(mailbox)
    assert mail["Reply-To"] == mailbox
    assert tickets_in(mail["References"]) == [TICKET]


def test_a_mail_about_no_ticket_has_the_mailbox_alone() -> None:
    mail = send("desk@desk.example", ticket="")
    assert mail["Reply-To"] == "desk@desk.example"
    assert tickets_in(mail.as_string()) == []
