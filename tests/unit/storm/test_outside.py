"""What stands around the desk does what its book says, and the same again for the same seed."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from desk_storm.mail_server import MailServer, Treatment, treatment
from desk_storm.streams import stream
from desk_storm.targets import ANSWERS, Targets

_MAIL = b"Message-ID: <m-1@desk>\r\nSubject: x\r\n\r\nwords\r\n.\r\n"


@pytest.fixture
async def targets() -> AsyncIterator[Targets]:
    running = Targets()
    await running.start()
    yield running
    running.stop()


async def _ask(targets: Targets, device: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", targets.port)
    body = json.dumps({"device": device}).encode()
    head = f"POST /x HTTP/1.1\r\nIdempotency-Key: k\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("kind", "starts", "effect"),
    [
        ("ok", b"HTTP/1.1 200", True),
        ("err", b"HTTP/1.1 502", True),
        ("sick", b"HTTP/1.1 503", False),
        ("away", b"HTTP/1.1 307", False),
        ("moved", b"HTTP/1.1 302", True),
        ("busy", b"HTTP/1.1 429", False),
        ("cut", b"", True),
        ("early", b"", False),
    ],
)
async def test_a_target_does_what_its_book_says(
    targets: Targets, kind: str, starts: bytes, *, effect: bool
) -> None:
    answer = await _ask(targets, f"laptop-{kind}-1")
    assert answer.startswith(starts)
    assert bool(answer) is bool(starts)
    (act,) = targets.acts
    assert (act.effect, act.answer) == (effect, ANSWERS[kind][0])
    assert act.ended_at is not None


async def _mailed(seed: int, recipient: str) -> tuple[MailServer, bytes]:
    """One mail, and all that the mail server said."""
    mail_server = MailServer(seed)
    await mail_server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", mail_server.port)
    writer.write(b"EHLO me\r\nMAIL FROM:<d@e>\r\n")
    writer.write(f"RCPT TO:<{recipient}>\r\nDATA\r\n".encode() + _MAIL + b"QUIT\r\n")
    transcript = await reader.read()
    writer.close()
    mail_server.stop()
    return mail_server, transcript


def _seed_for(what: Treatment) -> int:
    seeds = (n for n in range(5000) if treatment(stream(n, "mail 1 to a@b").random()) is what)
    return next(seeds)


@pytest.mark.parametrize("what", Treatment)
async def test_the_mail_server_does_what_its_book_says(what: Treatment) -> None:
    mail_server, transcript = await _mailed(_seed_for(what), "a@b")
    (mail,) = mail_server.mails
    assert mail.id == "m-1"
    assert mail.began_at is not None
    assert mail.ended_at is not None
    is_taken = what in (Treatment.TAKEN, Treatment.TAKEN_SLOWLY)
    assert (b"250 taken" in transcript) is is_taken
    assert (mail.answer == "250") is is_taken
    assert (b"451 later" in transcript) is (what is Treatment.REFUSED) is (mail.answer == "451")
    assert mail.whole is (is_taken or what is Treatment.LOST_ANSWER)


def test_every_treatment_happens_and_most_messages_are_taken() -> None:
    counts = Counter(treatment(number / 1000) for number in range(1000))
    assert set(counts) == set(Treatment)
    assert counts[Treatment.TAKEN] > 700


def test_what_one_draws_does_not_shift_what_another_draws() -> None:
    first, second = stream(7, "a"), stream(7, "b")
    drawn = first.random()
    assert second.random() == stream(7, "b").random()
    assert len({drawn, stream(7, "b").random(), stream(8, "a").random()}) == 3


async def test_a_line_that_breaks_in_the_middle_does_not_wait_for_the_end() -> None:
    mail_server = MailServer(_seed_for(Treatment.BROKEN_IN_THE_MIDDLE))
    await mail_server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", mail_server.port)
    head, _ = _MAIL.split(b"words")
    writer.write(b"RCPT TO:<a@b>\r\nDATA\r\n" + head)
    async with asyncio.timeout(20):
        transcript = await reader.read()
    writer.close()
    mail_server.stop()
    assert transcript.endswith(b"354 go on\r\n")
    assert [(mail.id, mail.whole) for mail in mail_server.mails] == [("m-1", False)]
