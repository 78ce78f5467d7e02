"""People who write mail to the desk and answer themselves, by SMTP to any replica."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as LINES

import aiosmtplib
from desk_contracts.ids import derive_id
from desk_local.ports import HOST

from desk_storm.books import Letter
from desk_storm.crowd import Crowd, until
from desk_storm.streams import stream

_DESK = "desk@desk.example"
# A mail server hands over again what was not answered; some hand the same over at both replicas.
_TRIES, _AGAIN_SECONDS, _TIMEOUT_SECONDS = 400, 0.5, 20
_BOTH_EVERY = 5
_ANSWERS = 2


@dataclass
class Letters:
    """`letters` is their book."""

    crowd: Crowd
    ports: Sequence[int]
    seed: int
    letters: list[Letter] = field(default_factory=list)

    async def write(self, per_second: float) -> None:
        """New conversations at a rate."""
        number, chance = 0, stream(self.seed, "letters")
        due = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as lives:
            while not self.crowd.is_over.is_set():
                number += 1
                lives.create_task(self._live(number))
                due += chance.expovariate(per_second)
                await until(due)

    async def _live(self, number: int) -> None:
        """A mail, and answers to one's own mail."""
        chance = stream(self.seed, f"letter {number}")
        first = f"<{derive_id(f'{self.seed}', 'letter', number)}@desk.example>"
        sender, subject = f"writer-{number}@desk.example", f"The scanner is too slow {number}"
        mail = _mail(sender, subject, f"It takes minutes. {number}", first)
        if not await self._hand_over(mail, number):
            return
        for count in range(1, _ANSWERS + 1):
            await asyncio.sleep(chance.uniform(0.5, 6))
            id = f"<{derive_id(f'{self.seed} {number}', 'answer', count)}@desk.example>"
            answer = _mail(sender, f"Re: {subject}", f"Still so: {number} turn {count}", id)
            answer["In-Reply-To"] = answer["References"] = first
            await self._hand_over(answer, number + count, follows=first)

    async def _hand_over(self, mail: EmailMessage, number: int, follows: str = "") -> bool:
        """Once, or at both replicas at the same time; whether one of them took it."""
        at = datetime.now(UTC)
        places = 2 if number % _BOTH_EVERY == 0 else 1
        tries = [
            self._bring(mail, self.ports[(number + place) % len(self.ports) :])
            for place in range(places)
        ]
        answers = [code for codes in await asyncio.gather(*tries) for code in codes]
        is_taken = "250" in answers
        text = mail.get_content().strip()
        self.letters.append(
            Letter(
                at,
                datetime.now(UTC),
                mail["Message-ID"],
                mail["From"],
                mail["Subject"],
                text,
                tuple(answers),
                follows,
            )
        )
        return is_taken

    async def _bring(self, mail: EmailMessage, first: Sequence[int]) -> list[str]:
        """To one replica after the other, until one says yes or a lasting no."""
        answers: list[str] = []
        ports = [*first, *(port for port in self.ports if port not in first)]
        while len(answers) < _TRIES:
            answers.append(await _send(mail, ports[len(answers) % len(ports)]))
            if answers[-1].startswith(("2", "5")):
                break
            await asyncio.sleep(_AGAIN_SECONDS)
        return answers


async def _send(mail: EmailMessage, port: int) -> str:
    """The answer's code; in words where there was none."""
    smtp = aiosmtplib.SMTP(hostname=HOST, port=port, timeout=_TIMEOUT_SECONDS, start_tls=False)
    try:
        async with smtp:
            await smtp.sendmail(mail["From"], [_DESK], mail.as_bytes())
    except aiosmtplib.SMTPRecipientsRefused as refused:
        return str(refused.recipients[0].code)
    except aiosmtplib.SMTPResponseException as refused:
        return str(refused.code)
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        return "broke the line"
    return "250"


def _mail(sender: str, subject: str, text: str, id: str) -> EmailMessage:
    made = EmailMessage(policy=LINES)
    for name, value in {
        "From": sender,
        "To": _DESK,
        "Subject": subject,
        "Message-ID": id,
    }.items():
        made[name] = value
    made.set_content(text)
    return made
