"""Mail to intake as a process, by SMTP and from a mailbox: a conversation stays one ticket.

Nothing is shared but the wire: a mail program that sends and answers, a mail server, a mailbox.
"""

import asyncio
import re
import secrets
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import aiosmtplib
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_contracts import AnyEvent
from desk_contracts.events.tickets import TicketAttached, TicketCommented, TicketOpened
from desk_contracts.topics import all_topics
from desk_local.ports import free_ports
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from desk_testing import eventually
from desk_testing.processes import CHARTER, environment
from imapclient import IMAPClient

from tests.support.intake_around import Bus, Intake, Person
from tests.support.mails import ANA, DESK, mail, nested
from tests.support.notify_channels import Mailbox
from tests.support.notify_running import MailServer, Notify, topics

pytestmark = [pytest.mark.connected, pytest.mark.timeout(420)]


@pytest.fixture
async def bus(kafka: str, prefix: str) -> AsyncIterator[Bus]:
    """With the topics of notify as well."""
    named = {topic.name: topic for topic in (*topics(), *all_topics(["network"]))}
    settings = KafkaSettings(bootstrap=kafka)
    await apply_topics(settings, list(named.values()), prefix=prefix, partitions=2)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    consumer = AIOKafkaConsumer(
        prefix + "desk.tickets", bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    await producer.start()
    await consumer.start()
    yield Bus(producer, consumer, prefix, kafka)
    await consumer.stop()
    await producer.stop()


@pytest.fixture
async def desk(bus: Bus, kafka: str, store_url: str, tmp_path: Path) -> AsyncIterator["MailDesk"]:
    port = free_ports(1)[0]
    more = {"INTAKE_SMTP_PORT": str(port), "INTAKE_REPLY_SECRET": secrets.token_hex(16)}
    env = environment(kafka, store_url, bus.prefix, CHARTER, **more)
    service = MailDesk("intake", env, tmp_path / "intake.log")
    service.smtp = port
    await service.start()
    yield service
    service.stop()


class MailDesk(Intake):
    """Intake with a door for mail."""

    smtp = 0

    async def take(self, made: EmailMessage | bytes, sender: str = ANA, to: str = DESK) -> str:
        """What it answers to the mail, refusals included."""
        raw = made if isinstance(made, bytes) else made.as_bytes()
        smtp = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.smtp, timeout=30, start_tls=False)
        async with smtp:
            try:
                _, answer = await smtp.sendmail(sender, [to], raw)
            except aiosmtplib.SMTPResponseException as refused:
                return f"{refused.code} {refused.message}"
            except aiosmtplib.SMTPRecipientsRefused as refused:
                return f"{refused.recipients[0].code} {refused.recipients[0].message}"
        return f"250 {answer}"


def answer_to(received: EmailMessage, text: str, number: int) -> EmailMessage:
    """As a mail program answers: to Reply-To, with the headers of the thread, quoting below."""
    quoted = "\n".join(f"> {line}" for line in received.get_content().splitlines())
    before = f"{received.get('References', '')} {received['Message-ID']}"
    return mail(
        f"{text}\n\nOn Monday, the desk <{received['From']}> wrote:\n{quoted}\n",
        f"Re: {received['Subject']}",
        to=str(received["Reply-To"]),
        id=f"<answer-{number}@desk.example>",
        In_Reply_To=str(received["Message-ID"]),
        References=before.strip(),
    )


async def texts(bus: Bus) -> list[tuple[str, str]]:
    """What people wrote, ticket and text, each once."""
    events: dict[str, AnyEvent] = {event.id: event for event in await bus.read()}
    return [
        (
            event.subject,
            event.data.title if isinstance(event.data, TicketOpened) else event.data.text,
        )
        for event in events.values()
        if isinstance(event.data, TicketOpened | TicketCommented)
    ]


@pytest.fixture
async def inbox(
    desk: MailDesk, bus: Bus, kafka: str, store_url: str, tmp_path: Path
) -> AsyncIterator[Mailbox]:
    """What notify sends, as people get it."""
    server = MailServer(free_ports(1)[0])
    server.start()
    more = {
        "NOTIFY_SMTP_HOST": "127.0.0.1",
        "NOTIFY_SMTP_PORT": str(server.port),
        "NOTIFY_SMTP_SECURITY": "none",
        "NOTIFY_MAIL_DOMAINS": "desk.example",
        "NOTIFY_SENDER": "noreply@desk.example",
        "NOTIFY_REPLY_TO": DESK,
        "NOTIFY_REPLY_SECRET": desk.env["INTAKE_REPLY_SECRET"],
    }
    notify = Notify(
        "notify",
        environment(kafka, store_url, bus.prefix, CHARTER, **more),
        tmp_path / "notify.log",
    )
    await notify.start()
    yield server.mailbox
    notify.stop()
    server.stop()


@pytest.fixture
async def member(desk: MailDesk) -> AsyncIterator[Person]:
    """Somebody of the network team, with a browser."""
    who = {"X-Desk-User": "max", "X-Desk-Roles": "member", "X-Desk-Team": "network"}
    async with httpx.AsyncClient(base_url=desk.url, headers=who, timeout=60) as client:
        yield Person(client)


async def next_mail(inbox: Mailbox, words: str) -> EmailMessage:
    """Ana's mail with these words, once it is there."""
    return await eventually(
        lambda: [item for item in inbox.to(ANA) if words in str(item.get_content())][0],  # noqa: RUF015  no item yet is an IndexError, and asked again
        timeout=60,
    )


async def test_a_conversation_of_five_turns_stays_one_ticket(
    desk: MailDesk, bus: Bus, inbox: Mailbox, member: Person
) -> None:
    # 1: Ana writes, and is told that it came.
    assert (await desk.take(mail())).startswith("250")
    received = await next_mail(inbox, "Thank you for telling us")
    assert re.fullmatch(r"desk\+[a-z2-7]{42}@desk\.example", received["Reply-To"])
    [(ticket, _)] = await texts(bus)
    # 2: she adds something, by her mail program's answer.
    await desk.take(answer_to(received, "Since the update.", 1))
    await eventually(lambda: _has(bus, ticket, "Since the update."), timeout=60)
    # 3: the team asks.
    path = f"/tickets/{ticket}"
    assert (await member.post(f"{path}/start", "s")).status_code == 200
    comment = await member.post(f"{path}/comments", "c", text="Which version is it?")
    assert comment.status_code == 200
    question = await next_mail(inbox, "Which version is it?")
    # 4: she answers from a program that drops the token of the address; the headers have it.
    plain = answer_to(question, "Version 7.", 2)
    plain.replace_header("To", DESK)
    await desk.take(plain)
    await eventually(lambda: _has(bus, ticket, "Version 7."), timeout=60)
    # 5: it is solved, and she says thanks.
    solved = await member.post(f"{path}/resolve", "r", resolution="Updated to 8.")
    assert solved.status_code == 200
    done = await next_mail(inbox, "Updated to 8.")
    await desk.take(answer_to(done, "Thank you!", 3))
    await eventually(lambda: _has(bus, ticket, "Thank you!"), timeout=60)
    written = await texts(bus)
    assert {subject for subject, _ in written} == {ticket}
    assert [text for _, text in written] == [
        "The VPN does not connect",
        "Since the update.",
        "Which version is it?",
        "Version 7.",
        "Thank you!",
    ]


async def _has(bus: Bus, ticket: str, text: str) -> bool:
    return (ticket, text) in await texts(bus)


def mail_with_log(number: int) -> EmailMessage:
    """One of many, with a file of its own."""
    made = mail(f"Words {number}", f"Subject {number}", id=f"<m{number}@desk.example>")
    made.add_attachment(f"log {number}".encode(), "text", "plain", filename="out.log")
    return made


async def test_mails_are_one_ticket_each_wherever_intake_is_killed(
    desk: MailDesk, bus: Bus
) -> None:
    waiting = [mail_with_log(number) for number in range(24)]

    async def deliver(made: EmailMessage) -> None:
        """As a mail server does: again and again until it hears 250."""

        async def is_taken() -> bool:
            try:
                return (await desk.take(made)).startswith("250")
            except (aiosmtplib.SMTPException, OSError):
                return False

        await eventually(is_taken, timeout=240)

    async def kill_twice() -> None:
        for wanted in (4, 12):
            await eventually(partial(_opened, bus, wanted), timeout=120)
            desk.kill()
            await desk.start()

    gate = asyncio.Semaphore(3)

    async def deliver_soon(made: EmailMessage) -> None:
        async with gate:
            await deliver(made)

    await asyncio.gather(kill_twice(), *map(deliver_soon, waiting))
    # Copies that come late, as after a lost 250.
    for made in waiting[:6]:
        await deliver(made)
    await eventually(lambda: _opened(bus, 24), timeout=60)
    opened = {
        event.subject: event.data.title
        for event in await bus.read()
        if isinstance(event.data, TicketOpened)
    }
    assert sorted(opened.values()) == sorted(f"Subject {n}" for n in range(24))
    await check_files(desk, bus, opened)


async def check_files(desk: MailDesk, bus: Bus, opened: dict[str, str]) -> None:
    """Each ticket has the file of its mail, once, and it can be fetched."""

    async def is_each_attached_once() -> bool:
        events = {e.id: e for e in await bus.read() if isinstance(e.data, TicketAttached)}
        return sorted(event.subject for event in events.values()) == sorted(opened)

    await eventually(is_each_attached_once, timeout=60)
    async with httpx.AsyncClient(base_url=desk.url, timeout=60) as http:
        for ticket, title in opened.items():
            me = {"X-Desk-User": ANA, "X-Desk-Roles": "employee"}
            (file,) = (await http.get(f"/v1/tickets/{ticket}", headers=me)).json()["attachments"]
            path = f"/v1/tickets/{ticket}/attachments/{file['id']}"
            kept = (await http.get(path, headers=me)).text
            assert kept.strip() == title.replace("Subject", "log")


async def _opened(bus: Bus, count: int) -> bool:
    subjects = {event.subject for event in await bus.read() if event.type.endswith("opened.v1")}
    return len(subjects) >= count


async def test_what_cannot_be_taken_is_refused_on_the_line_and_machines_get_nothing(
    desk: MailDesk, bus: Bus
) -> None:
    answers = {
        "nobody here": await desk.take(mail(), to="else@desk.example"),
        "no sender": await desk.take(b"To: desk@desk.example\r\n\r\nhello"),
        "deep": await desk.take(nested(10)),
        "foreign": await desk.take(mail(sender="eve@evil.example"), sender="eve@evil.example"),
        "large": await desk.take(mail().as_bytes() + b"x" * 11 * 1024 * 1024),
        "away": await desk.take(mail(Auto_Submitted="auto-replied", id="<away@x>")),
        "bounce": await desk.take(mail(id="<bounce@x>"), sender=""),
    }
    codes = {name: answer.split()[0] for name, answer in answers.items()}
    assert codes == {
        "nobody here": "550",
        "no sender": "554",
        "deep": "554",
        "foreign": "550",
        "large": "552",
        "away": "250",
        "bounce": "250",
    }, answers
    assert "mail-too-deep" in answers["deep"]
    assert "desk@desk.example takes no mail from eve@evil.example" in answers["foreign"]
    assert "ignored" in answers["away"]
    await desk.take(mail(id="<last@x>"))
    assert len(await eventually(lambda: texts(bus), timeout=60)) == 1


async def test_a_mailbox_is_fetched_and_what_is_refused_stays_in_it_flagged(
    bus: Bus, kafka: str, store_url: str, tmp_path: Path
) -> None:
    imap_port = free_ports(1)[0]
    server = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("pymap"),
        *("--host", "127.0.0.1", "--port", str(imap_port), "--no-tls", "dict"),
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    more = {
        "INTAKE_IMAP_HOST": "127.0.0.1",
        "INTAKE_IMAP_PORT": str(imap_port),
        "INTAKE_IMAP_SECURITY": "none",
        "INTAKE_IMAP_USERNAME": "demouser",
        "INTAKE_IMAP_PASSWORD": "demopass",
        "INTAKE_IMAP_INTERVAL": "0.2",
    }
    service = Intake(
        "intake", environment(kafka, store_url, bus.prefix, CHARTER, **more), tmp_path / "log"
    )
    try:
        await eventually(lambda: asyncio.to_thread(_fill, imap_port), timeout=60)
        await service.start()
        await eventually(lambda: _opened(bus, 2), timeout=60)
        flags = await eventually(lambda: asyncio.to_thread(_settled, imap_port, 5), timeout=60)
        # By their order: two people, a machine, a copy of the first, one without sender.
        assert [b"\\Flagged" in item for item in flags] == [False, False, False, False, True]
        assert len({ticket for ticket, _ in await texts(bus)}) == 2
    finally:
        service.stop()
        server.terminate()
        await server.wait()


def _mailbox(port: int) -> IMAPClient:
    client = IMAPClient("127.0.0.1", port=port, ssl=False, timeout=10)
    client.login("demouser", "demopass")
    return client


def _fill(port: int) -> bool:
    try:
        client = _mailbox(port)
    except OSError:
        return False
    with client:
        for made in (
            mail(id="<i1@x>"),
            mail("Second", id="<i2@x>"),
            mail(id="<i3@x>", Auto_Submitted="auto-replied"),
            mail(id="<i1@x>"),
            mail(id="<i5@x>", sender="nobody"),
        ):
            client.append("INBOX", made.as_bytes())
    return True


def _settled(port: int, count: int) -> list[tuple[bytes, ...]]:
    """The flags of each mail, once all are read."""
    with _mailbox(port) as client:
        client.select_folder("INBOX", readonly=True)
        flags = [tuple(item) for item in client.get_flags(client.search()).values()]
    seen = [item for item in flags if b"\\Seen" in item]
    return flags if len(seen) == count else []
