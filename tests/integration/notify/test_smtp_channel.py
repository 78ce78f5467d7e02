"""The mail channel against a real mail server: sign-in, encryption, and each kind of no."""

import asyncio
import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from desk_contracts.errors import DependencyDown
from desk_contracts.message import message
from desk_local.ports import free_ports
from desk_notify.adapters.channels.smtp import SmtpChannel, SmtpServer
from desk_notify.deliveries.decide import Later, Refused, Sent
from desk_notify.deliveries.model import Dispatch
from desk_testing import eventually
from pydantic import SecretStr

from tests.support.notify_channels import Choosy, Mailbox
from tests.support.notify_running import MailServer

CHANNEL = "mailto:net@desk.example"
NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
DISPATCH = Dispatch(
    message="m-1", recipient="network", kind="ticket_changed", title="Störung", body="Übel.",
    thread="t-1", happened_at=NOW, deliveries=(),
)  # fmt: skip


@pytest.fixture
def plain() -> Iterator[tuple[Choosy, SmtpServer]]:
    box, port = Choosy(), free_ports(1)[0]
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    yield (
        box,
        SmtpServer("127.0.0.1", port, "desk@desk.example", "Desk", timeout=timedelta(seconds=60)),
    )
    controller.stop()


async def test_mails_go_one_after_the_other_over_one_line(
    plain: tuple[Choosy, SmtpServer],
) -> None:
    box, server = plain
    channel = SmtpChannel(server)
    for _ in range(3):
        await channel.open()
        assert isinstance(await channel.send(DISPATCH, CHANNEL), Sent)
    await channel.close()
    await channel.close()
    assert [mail["Subject"] for mail in box.mails] == ["Störung"] * 3
    assert len(set(box.ids)) == 1


async def test_an_unknown_mailbox_is_a_no_for_ever_and_the_line_goes_on(
    plain: tuple[Choosy, SmtpServer],
) -> None:
    box, server = plain
    channel = SmtpChannel(server)
    await channel.open()
    refused = await channel.send(DISPATCH, "mailto:nobody@desk.example")
    assert refused == Refused(message("delivery.server-said", answer="550 no such user"))
    box.says = "450 mailbox is busy"
    later = await channel.send(DISPATCH, "mailto:nobody@desk.example")
    assert later == Later(message("delivery.server-said", answer="450 mailbox is busy"))
    assert isinstance(await channel.send(DISPATCH, CHANNEL), Sent)
    await channel.close()


async def test_what_is_no_address_never_reaches_the_server(
    plain: tuple[Choosy, SmtpServer],
) -> None:
    box, server = plain
    channel = SmtpChannel(server)
    await channel.open()
    assert isinstance(await channel.send(DISPATCH, "mailto:a@b@c"), Refused)
    await channel.close()
    assert box.mails == []


async def test_a_line_cut_after_the_text_leaves_it_open_whether_it_arrived(
    plain: tuple[Choosy, SmtpServer],
) -> None:
    box, server = plain
    box.is_cut_off = True
    channel = SmtpChannel(server)
    await channel.open()
    outcome = await channel.send(DISPATCH, CHANNEL)
    assert isinstance(outcome, Later)
    assert outcome.is_unknown
    box.is_cut_off = False
    await channel.open()
    assert isinstance(await channel.send(DISPATCH, CHANNEL), Sent)
    await channel.close()
    assert len(box.ids) == 2
    assert len(set(box.ids)) == 1


async def test_a_line_that_broke_while_idle_is_opened_again(mail_server: MailServer) -> None:
    mail_server.start()
    server = SmtpServer("127.0.0.1", mail_server.port, "desk@desk.example", "Desk")
    channel = SmtpChannel(server)
    await channel.open()
    mail_server.stop()
    with pytest.raises(DependencyDown, match="cannot be used"):
        await channel.open()
    mail_server.start()
    await channel.open()
    assert isinstance(await channel.send(DISPATCH, CHANNEL), Sent)
    await channel.close()


async def test_a_line_that_breaks_before_the_text_is_known_not_to_have_sent_it(
    mail_server: MailServer,
) -> None:
    mail_server.start()
    channel = SmtpChannel(SmtpServer("127.0.0.1", mail_server.port, "desk@desk.example", "Desk"))
    await channel.open()
    mail_server.stop()
    outcome = await channel.send(DISPATCH, CHANNEL)
    assert isinstance(outcome, Later)
    assert not outcome.is_unknown


async def test_a_domain_beyond_ascii_is_mailed_as_servers_know_it(
    plain: tuple[Choosy, SmtpServer],
) -> None:
    box, server = plain
    box.accepted = "hilfe@xn--mller-kva.example"
    channel = SmtpChannel(server)
    await channel.open()
    sent = await channel.send(DISPATCH, "mailto:hilfe@m%C3%BCller.example")
    assert sent == Sent("250 kept")
    await channel.close()
    assert [mail["To"] for mail in box.mails] == [box.accepted]


@pytest.mark.parametrize("is_offered", [True, False])
async def test_a_name_beyond_ascii_goes_only_to_servers_that_take_it(is_offered: bool) -> None:
    box, port = Choosy(), free_ports(1)[0]
    box.accepted = "jörg@desk.example"
    controller = Controller(box, "127.0.0.1", port, enable_SMTPUTF8=is_offered, ready_timeout=60)
    controller.start()
    channel = SmtpChannel(SmtpServer("127.0.0.1", port, "desk@desk.example", "Desk"))
    await channel.open()
    outcome = await channel.send(DISPATCH, "mailto:j%C3%B6rg@desk.example")
    assert isinstance(outcome, Sent if is_offered else Refused)
    box.accepted = "net@desk.example"
    assert isinstance(await channel.send(DISPATCH, CHANNEL), Sent)
    await channel.close()
    controller.stop()
    assert len(box.mails) == (2 if is_offered else 1)


@pytest.mark.parametrize("answer", ["25 hm", "354 go on", "200 well"])
async def test_an_answer_that_is_neither_yes_nor_no_leaves_it_unknown(
    plain: tuple[Choosy, SmtpServer], answer: str
) -> None:
    box, server = plain
    box.refusals = [answer]
    channel = SmtpChannel(server)
    await channel.open()
    outcome = await channel.send(DISPATCH, CHANNEL)
    assert isinstance(outcome, Later)
    assert outcome.is_unknown
    await channel.open()
    assert isinstance(await channel.send(DISPATCH, CHANNEL), Sent)
    await channel.close()


async def test_who_is_stopped_in_the_middle_leaves_no_answer_for_the_next_mail(
    plain: tuple[Choosy, SmtpServer],
) -> None:
    box, server = plain
    channel = SmtpChannel(server)
    box.is_slow = True
    await channel.open()
    sending = asyncio.create_task(channel.send(DISPATCH, CHANNEL))
    await eventually(lambda: box.is_asked)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    box.is_slow = False
    # Nobody waits until the old line has timed out.
    async with asyncio.timeout(30):
        await channel.open()
    assert isinstance(await channel.send(DISPATCH, CHANNEL), Sent)
    await channel.close()
    assert len(box.sessions) == 2


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[Mailbox, SmtpServer]]:
    """A server that asks for STARTTLS and a password."""
    certificate, key = _certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    box, port = Mailbox(), free_ports(1)[0]
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=port,
        ready_timeout=60,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=_knows_the_desk,
    )
    controller.start()
    yield (
        box,
        SmtpServer(
            "127.0.0.1", port, "desk@desk.example", "Desk", starttls=True, username="desk",
            password=SecretStr("sesame"), ca_file=certificate, timeout=timedelta(seconds=60),
        ),
    )  # fmt: skip
    controller.stop()


async def test_it_signs_in_over_starttls(guarded: tuple[Mailbox, SmtpServer]) -> None:
    box, server = guarded
    channel = SmtpChannel(server)
    await channel.open()
    assert isinstance(await channel.send(DISPATCH, CHANNEL), Sent)
    await channel.close()
    assert len(box.mails) == 1


async def test_a_wrong_password_or_a_strange_certificate_sends_nothing(
    guarded: tuple[Mailbox, SmtpServer],
) -> None:
    box, server = guarded
    wrong_password = replace(server, password=SecretStr("swordfish"))
    with pytest.raises(DependencyDown, match=r"cannot be used: .*535"):
        await SmtpChannel(wrong_password).open()
    with pytest.raises(DependencyDown, match=r"cannot be used: .*CERTIFICATE_VERIFY_FAILED"):
        await SmtpChannel(replace(server, ca_file=None)).open()
    assert box.mails == []


def _knows_the_desk(
    _server: SMTP, _session: Session, _envelope: Envelope, _how: str, login: object
) -> AuthResult:
    assert isinstance(login, LoginPassword)
    # What is not handled here aiosmtpd answers itself: with 535.
    is_known = (login.login, login.password) == (b"desk", b"sesame")
    return AuthResult(success=is_known, handled=False)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.desk.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files
