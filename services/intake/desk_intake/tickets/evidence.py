"""What a run leaves on a ticket: what it did and saw, for staff, and what the person is told."""

from collections.abc import Sequence

from desk_contracts.events.automation import Evidence, RunEscalated
from desk_contracts.events.tickets import Role, TicketCommented
from desk_contracts.message import Message, message, verbatim

AUTOMATION = "automation"
# Room for the rest of an event that must stay under 64 KiB.
MAX_TEXT_BYTES = 40 * 1024
MAX_TEXT = 20_000
_CUT = " … (shortened)"


def say_of_run(data: RunEscalated) -> list[TicketCommented]:
    """What the runbook says to the person, if anything."""
    return [_comment(verbatim(cut(data.tell)), public=True)] if data.tell else []


def describe_run(data: RunEscalated) -> TicketCommented:
    """What the run did and saw, for those who go on."""
    if not data.evidence:
        text = message(
            "comment.repair-left-nothing", runbook=data.runbook, run=data.run, why=data.reason
        )
        return _comment(text, public=False)
    text = message(
        "comment.repair-tried",
        runbook=data.runbook,
        run=data.run,
        why=data.reason,
        steps=_newest(data.evidence),
    )
    return _comment(text, public=False)


def _newest(evidence: Sequence[Evidence]) -> list[Message]:
    """The newest lines that an event has room for, and how many are missing before them."""
    kept, room = list[Message](), MAX_TEXT_BYTES
    left_out = sum(item.left_out for item in evidence)
    for number, step in enumerate(reversed(evidence)):
        line = _line(step)
        room -= len(line.model_dump_json().encode())
        if room < 0:
            left_out += len(evidence) - number
            break
        kept.insert(0, line)
    first = [message("comment.lines-left-out", count=left_out)] if left_out else []
    return [*first, *kept]


def _line(evidence: Evidence) -> Message:
    return message(
        "comment.step",
        step=evidence.step,
        status=evidence.status,
        attempt=evidence.attempt,
        text=evidence.message or "",
    )


def _comment(text: Message, *, public: bool) -> TicketCommented:
    return TicketCommented(
        by=AUTOMATION, role=Role.AUTOMATION, message=text, public=public, automatic=True
    )


def cut(text: str) -> str:
    """The text, shortened where it would make an event too large for the bus."""
    raw = text.encode()
    if len(raw) <= MAX_TEXT_BYTES and len(text) <= MAX_TEXT:
        return text
    shortened = raw[: MAX_TEXT_BYTES - 64].decode(errors="ignore")
    return shortened[: MAX_TEXT - len(_CUT)] + _CUT
