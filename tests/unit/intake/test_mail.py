"""Mail on a desk in memory: one ticket for one mail, and answers where they belong."""

import asyncio
from dataclasses import replace
from email.header import Header
from email.utils import parsedate_to_datetime

import pytest
from desk_charter import Charter
from desk_charter.people import Member
from desk_contracts.errors import DeskError, Forbidden, Rejected, Transient
from desk_contracts.events.tickets import Channel, Role, State
from desk_contracts.reply_tokens import write_reply_token
from desk_intake.attachments.decide import MAX_FILE_BYTES
from desk_intake.mail.charter import MailAccount, Speaker
from desk_intake.mail.model import MailOutcome, MailRecord
from desk_intake.mail.store import MAILS
from desk_intake.mail.worker import MAILS_AT_ONCE, Envelope
from desk_intake.tickets.model import Ticket
from desk_testing.fakes import FakeDocuments

from tests.support.charter_sections import obeying
from tests.support.intake_world import REPLY_SECRET, Desk, make_desk, triage_says
from tests.support.mails import ANA, DESK, FIRST, mail, nested
from tests.support.spoken import english

AUTHENTIC = "mx.desk.example; dmarc=pass header.from=desk.example"
MAX, BEN = "max@desk.example", "ben@desk.example"
HOME = "ana@home.example"


@pytest.fixture
def desk(charter: Charter) -> Desk:
    speaker = Speaker(address=HOME, person=ANA)
    accounts = (
        MailAccount(
            name="desk",
            address=DESK,
            domains=("desk.example", "*.sub.example"),
            speakers=(speaker,),
            lists=("helpers.desk.example",),
            service="vpn",
            language="de",
        ),
    )
    teams = tuple(
        team.model_copy(update={"members": (Member(id="max", name="Max", mail=MAX),)})
        if team.name == "network"
        else team
        for team in charter.teams
    )
    return make_desk(obeying(charter, mailboxes=accounts).model_copy(update={"teams": teams}))


async def send(desk: Desk, *args: str, sent_from: str = ANA, **headers: str) -> MailRecord:
    return await desk.mail.take(mail(*args, **headers).as_bytes(), Envelope(sent_from, (DESK,)))


async def tickets(desk: Desk) -> list[Ticket]:
    stored = await desk.tickets.find({}, limit=100)
    return [ticket for item in stored if (ticket := item.read()) is not None]


async def test_a_mail_opens_one_ticket_however_often_it_comes(desk: Desk) -> None:
    first = await send(desk, Date="Mon, 02 Mar 2026 08:30:00 +0000")
    again = await send(desk, Date="Mon, 02 Mar 2026 08:30:00 +0000", Received="from b by a; x")
    assert first == again
    [ticket] = await tickets(desk)
    assert (ticket.id, first.outcome) == (first.ticket, MailOutcome.OPENED)
    assert (ticket.requester, ticket.channel, ticket.service) == (ANA, Channel.MAIL, "vpn")
    assert (ticket.title, ticket.language) == ("The VPN does not connect", "de")
    assert ticket.requested_at.minute == 30
    await desk.check(ticket.id)


@pytest.mark.parametrize(
    ("date", "is_believed"),
    [
        ("Mon, 23 Feb 2026 08:59:59 +0000", False),
        ("Mon, 23 Feb 2026 09:00:00 +0000", True),
        ("Mon, 02 Mar 2026 09:00:00 +0000", True),
        ("Mon, 02 Mar 2026 09:00:01 +0000", False),
    ],
)
async def test_a_mail_was_written_within_the_week_before_it_came(
    desk: Desk, date: str, is_believed: bool
) -> None:
    await send(desk, Date=date)
    [ticket] = await tickets(desk)
    written = parsedate_to_datetime(date) if is_believed else desk.clock.now()
    assert ticket.requested_at == written


async def test_a_mail_whose_record_was_lost_in_a_crash_opens_nothing_again(desk: Desk) -> None:
    first = await send(desk)
    answer = await send(desk, "It works", "Re: VPN", id="<2@x>", In_Reply_To=FIRST)
    forgetful = replace(desk.mail, mails=FakeDocuments(MAILS, desk.clock))
    token = write_reply_token(REPLY_SECRET, first.ticket)
    for record, made in (
        (first, mail()),
        (answer, mail("It works", "Re: VPN", id="<2@x>", References=f"<{token}@x>")),
    ):
        assert (await forgetful.take(made.as_bytes(), Envelope(ANA, (DESK,)))) == record
    assert len(await tickets(desk)) == 1
    assert desk.types(first.ticket) == ["opened", "commented"]


async def test_another_mail_with_a_reused_id_is_not_lost(desk: Desk) -> None:
    first = await send(desk)
    other = await send(desk, "Something else entirely", "The printer")
    assert first.ticket != other.ticket
    assert (await send(desk, "Something else entirely", "The printer")) == other


async def test_two_copies_at_once_are_one_ticket(desk: Desk) -> None:
    records = await asyncio.gather(*(send(desk) for _ in range(5)))
    assert len({record.ticket for record in records}) == 1
    assert len(await tickets(desk)) == 1


@pytest.mark.parametrize("way", ["address", "reference", "subject", "thread", "own mail", "code"])
async def test_an_answer_lands_on_its_ticket(desk: Desk, way: str) -> None:
    opened = await send(desk)
    ticket = await desk.ticket(opened.ticket)
    token = write_reply_token(REPLY_SECRET, ticket.id)
    to, headers, subject = DESK, {}, "AW: something"
    match way:
        case "address":
            to = f"desk+{token.upper()}@desk.example"
        case "reference":
            headers = {"References": f"<x@y> <{token}@desk.example>"}
        case "subject":
            subject = f"Re: something [{token}]"
        case "thread":
            headers = {"In_Reply_To": f"<thread-{ticket.id}@desk.example>"}
        case "own mail":
            headers = {"In_Reply_To": FIRST}
        case "code":
            subject = f"Re: ticket {ticket.code.lower()} is urgent"
    text = "It works now.\n\nOn Monday Desk <d@x> wrote:\n> Try again"
    answer = await send(desk, text, subject, to=to, id="<second@x>", **headers)
    assert (answer.outcome, answer.ticket) == (MailOutcome.COMMENTED, ticket.id)
    entry = (await desk.ticket(ticket.id)).timeline[-1]
    assert (entry.who, entry.message.params["text"]) == (ANA, "It works now.")
    assert len(await tickets(desk)) == 1
    again = await send(desk, text, subject, to=to, id="<second@x>", **headers)
    assert again == answer
    assert (await desk.ticket(ticket.id)).comments == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"In_Reply_To": FIRST},
        {"References": "<{thread}@desk.example>"},
        {"References": "<{forged}@desk.example>"},
    ],
)
async def test_who_only_guesses_a_ticket_gets_one_of_their_own(
    desk: Desk, headers: dict[str, str]
) -> None:
    opened = await send(desk)
    token = write_reply_token("another secret", opened.ticket)
    filled = {
        name: text.format(thread=f"thread-{opened.ticket}", forged=token)
        for name, text in headers.items()
    }
    other = await send(desk, sender=BEN, id="<b@x>", sent_from=BEN, **filled)
    assert other.outcome is MailOutcome.OPENED
    assert (await desk.ticket(opened.ticket)).comments == 0
    assert (await desk.ticket(other.ticket)).requester == BEN


async def test_who_has_the_token_may_answer_and_speaks_as_themselves(desk: Desk) -> None:
    opened = await send(desk)
    token = write_reply_token(REPLY_SECRET, opened.ticket)
    to = f"desk+{token}@desk.example"
    answer = await send(desk, "I am her deputy", sender=BEN, to=to, id="<b@x>")
    assert answer.ticket == opened.ticket
    assert (await desk.ticket(opened.ticket)).timeline[-1].who == BEN


async def test_a_member_speaks_as_staff_only_if_our_own_server_vouches_for_the_mail(
    desk: Desk,
) -> None:
    opened = await send(desk)
    await desk.hear(triage_says(), opened.ticket)
    to = f"desk+{write_reply_token(REPLY_SECRET, opened.ticket)}@desk.example"
    await send(desk, "Not proven", sender=MAX, to=to, id="<m1@x>")
    await send(desk, "Proven", sender=MAX, to=to, id="<m2@x>", Authentication_Results=AUTHENTIC)
    comments = [item.data for item in desk.log(opened.ticket) if "commented" in item.type]
    roles = [(item.model_dump()["by"], item.model_dump()["role"]) for item in comments]
    assert roles == [(MAX, Role.EMPLOYEE), ("max", Role.MEMBER)]
    assert (await desk.ticket(opened.ticket)).answered_at is not None


async def test_another_address_of_a_person_is_that_person(desk: Desk) -> None:
    record = await send(desk, sender=HOME)
    assert (await desk.ticket(record.ticket)).requester == ANA


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "junk"},
        {"List_Id": "<chat.desk.example>"},
        {"sent_from": ""},
        {"sender": f"Desk <{DESK}>"},
    ],
    ids=str,
)
async def test_machines_open_nothing_answer_nothing_and_are_written_down(
    desk: Desk, headers: dict[str, str]
) -> None:
    opened = await send(desk)
    to = f"desk+{write_reply_token(REPLY_SECRET, opened.ticket)}@desk.example"
    record = await send(desk, "I am away.", "Out of office", to=to, id="<auto@x>", **headers)
    assert (record.outcome, record.ticket) == (MailOutcome.IGNORED, "")
    assert (record.subject, record.excerpt) == ("Out of office", "I am away.")
    assert len(desk.log(opened.ticket)) == 1
    assert len(await tickets(desk)) == 1


async def test_a_list_that_is_a_way_to_the_desk_opens_tickets(desk: Desk) -> None:
    record = await send(desk, List_Id="Helpers <helpers.desk.example>")
    assert record.outcome is MailOutcome.OPENED


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"sender": "eve@evil.example"}, "mail-not-admitted"),
        ({"sender": "eve@desk.example.evil.example"}, "mail-not-admitted"),
        ({"Authentication_Results": "mx.desk.example; dmarc=fail"}, "mail-not-authentic"),
    ],
)
async def test_who_may_not_write_is_refused_with_a_reason(
    desk: Desk, headers: dict[str, str], code: str
) -> None:
    with pytest.raises(Forbidden) as refused:
        await send(desk, **headers)
    assert refused.value.kind == code
    assert await tickets(desk) == []


async def test_a_mail_of_nothing_is_refused_and_one_of_a_file_is_not(desk: Desk) -> None:
    with pytest.raises(Rejected) as refused:
        await send(desk, " \n", "\u200b")
    assert refused.value.kind == "mail-empty"
    made = mail("", "", id="<file@x>")
    made.add_attachment(b"x" * 300, "image", "png", filename="screen.png")
    record = await desk.mail.take(made.as_bytes(), Envelope(ANA, (DESK,)))
    ticket = await desk.ticket(record.ticket)
    assert ticket.title == "screen.png"
    # What says that it is a picture and is none is named with the reason.
    noted = ticket.timeline[-1].message
    assert (noted.code, ticket.attachments) == ("mailbox.files-not-kept", ())
    assert "screen.png" in english(noted)
    assert desk.types(ticket.id) == ["opened", "commented"]


PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


def with_files(text: str = "See the picture.", id: str = FIRST, **headers: str) -> bytes:
    made = mail(text, id=id, **headers)
    made.add_attachment(PNG, "image", "png", filename="C:\\shots\\screen.png")
    program = b"MZ\x90\x00" + b"\x00" * 60
    made.add_attachment(program, "application", "x-msdownload", filename="fix.exe")
    made.add_attachment(b"it says 42", "text", "plain", filename="out.log")
    made.add_attachment(PNG, "image", "png", filename="the same again.png")
    return made.as_bytes()


async def test_files_of_a_mail_are_kept_and_refused_ones_named(desk: Desk) -> None:
    raw = with_files()
    record = await desk.mail.take(raw, Envelope(ANA, (DESK,)))
    ticket = await desk.ticket(record.ticket)
    kept = [(item.name, item.media_type) for item in ticket.attachments]
    assert kept == [("screen.png", "image/png"), ("out.log", "text/plain")]
    note = english(ticket.timeline[-1].message)
    assert "fix.exe: " in note
    assert "screen.png" not in note
    ana = desk.client(ANA)
    for item, content in zip(ticket.attachments, (PNG, b"it says 42"), strict=True):
        fetched = await ana.get(f"/tickets/{ticket.id}/attachments/{item.id}")
        assert (fetched.status_code, fetched.content.strip()) == (200, content)


async def test_files_of_a_mail_that_comes_twice_are_there_once(desk: Desk) -> None:
    raw = with_files()
    first = await desk.mail.take(raw, Envelope(ANA, (DESK,)))
    log = desk.types(first.ticket)
    # It died before it wrote down what became of the mail: all is done again, and adds nothing.
    assert isinstance(desk.mail.mails, FakeDocuments)
    again = replace(desk.mail, mails=FakeDocuments(MAILS, desk.clock))
    second = await again.take(raw, Envelope(ANA, (DESK,)))
    assert (second.ticket, desk.types(first.ticket)) == (first.ticket, log)
    # An answer that carries the same picture along adds what is new.
    answer = mail("And now?", id="<second@x>", In_Reply_To=FIRST)
    answer.add_attachment(PNG, "image", "png", filename="screen.png")
    answer.add_attachment(b"it says 43", "text", "plain", filename="out.log")
    await desk.mail.take(answer.as_bytes(), Envelope(ANA, (DESK,)))
    ticket = await desk.ticket(first.ticket)
    assert [item.name for item in ticket.attachments] == ["screen.png", "out.log", "out.log"]


async def test_a_ticket_takes_no_more_files_than_it_may(desk: Desk) -> None:
    record = await send(desk)
    for number in range(3):
        answer = mail(f"Part {number}", id=f"<p{number}@x>", In_Reply_To=FIRST)
        for file in range(20):
            content = f"{number}/{file}".encode()
            answer.add_attachment(content, "text", "plain", filename=f"{number}-{file}.log")
        await desk.mail.take(answer.as_bytes(), Envelope(ANA, (DESK,)))
    ticket = await desk.ticket(record.ticket)
    assert len(ticket.attachments) == 50
    assert "2-19.log: " in english(ticket.timeline[-1].message)


async def test_a_file_that_is_too_large_is_named_and_the_words_are_taken(desk: Desk) -> None:
    made = mail()
    made.add_attachment(b"x" * (MAX_FILE_BYTES + 1), "text", "plain", filename="big.log")
    made.add_attachment(mail(subject="Inner"))
    record = await desk.mail.take(made.as_bytes(), Envelope(ANA, (DESK,)))
    ticket = await desk.ticket(record.ticket)
    assert [item.name for item in ticket.attachments] == ["file-2.eml"]
    assert "big.log: It has more than 10 MiB" in english(ticket.timeline[-1].message)


async def test_an_answer_to_what_is_closed_opens_a_ticket_that_names_it(desk: Desk) -> None:
    opened = await send(desk)
    ticket = await desk.ticket(opened.ticket)
    member = desk.client("max", "member", "network")
    await member.post(f"/tickets/{ticket.id}/resolve", resolution="Done")
    late = await send(desk, "Thanks", "Re: VPN", id="<r@x>", In_Reply_To=FIRST)
    assert (late.outcome, late.ticket) == (MailOutcome.COMMENTED, ticket.id)
    await member.post(f"/tickets/{ticket.id}/close")
    again = await send(desk, "It is broken again", "Re: VPN", id="<s@x>", In_Reply_To=FIRST)
    made = mail(" ", " ", id="<f@x>", In_Reply_To=FIRST)
    made.add_attachment(PNG, "image", "png", filename="screen.png")
    only_a_file = await desk.mail.take(made.as_bytes(), Envelope(ANA, (DESK,)))
    for record in (again, only_a_file):
        assert record.outcome is MailOutcome.OPENED
        assert (await desk.ticket(record.ticket)).attributes["follows"] == ticket.code


async def test_an_answer_to_a_merged_ticket_lands_where_it_goes_on(desk: Desk) -> None:
    first = await send(desk)
    second = await send(desk, "The same again", "VPN", id="<2@x>")
    member = desk.client("max", "member", "network")
    into = (await desk.ticket(second.ticket)).code
    assert (await member.post(f"/tickets/{first.ticket}/merge", into=into)).status_code == 200
    assert (await desk.ticket(first.ticket)).state is State.MERGED
    answer = await send(desk, "More", "Re: VPN", id="<3@x>", In_Reply_To=FIRST)
    assert answer.ticket == second.ticket


async def test_who_writes_without_end_has_to_wait(desk: Desk) -> None:
    for number in range(MAILS_AT_ONCE):
        await send(desk, f"text {number}", id=f"<{number}@x>")
    with pytest.raises(Transient) as refused:
        await send(desk, "one more", id="<more@x>")
    assert refused.value.kind == "too-many-requests"
    assert (await send(desk, sender=BEN, id="<ben@x>", sent_from=BEN)).ticket


async def test_mail_to_nobody_here_and_mail_of_too_many_levels_are_refused(desk: Desk) -> None:
    for raw, code in (
        (mail(to="else@desk.example").as_bytes(), "no-such-mailbox"),
        (nested(10), "mail-too-deep"),
    ):
        with pytest.raises(DeskError) as refused:
            await desk.mail.take(raw, Envelope(ANA, ()))
        assert refused.value.kind == code


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\u202e", "\u2066", "\u2028"])
async def test_a_subject_with_signs_that_act_is_cleaned_and_opens_its_ticket(
    desk: Desk, sign: str
) -> None:
    word = Header(f"The VPN{sign} is away", "utf-8").encode()
    raw = mail().as_bytes().replace(b"The VPN does not connect", word.encode())
    record = await desk.mail.take(raw, Envelope(ANA, (DESK,)))
    assert record.outcome is MailOutcome.OPENED
    [ticket] = await tickets(desk)
    assert ticket.title == "The VPN is away"


@pytest.mark.parametrize("sign", ["\x1b", "\u202e", "\u2066", "\u2028"])
async def test_so_is_the_first_line_of_a_mail_without_subject(desk: Desk, sign: str) -> None:
    record = await send(desk, f"The VPN{sign} is away\nSince noon.", Subject=" ")
    assert record.outcome is MailOutcome.OPENED
    [ticket] = await tickets(desk)
    assert ticket.title == "The VPN is away"
