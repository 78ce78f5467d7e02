"""How tickets begin: by another system's request, or by a repair that did not work."""

from collections.abc import Sequence

from desk_contracts import AnyEvent, Payload
from desk_contracts.events.automation import Evidence, RunEscalated
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    LinkKind,
    Role,
    TicketAssigned,
    TicketCommented,
    TicketLinked,
    TicketOpened,
)
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message, verbatim
from desk_contracts.people import canonical_person, find_other_spelling, person_or

AUTOMATION = "automation"
# Room for the rest of an event that must stay under 64 KiB.
MAX_TEXT_BYTES = 40 * 1024
MAX_TEXT = 20_000
_CUT = " … (shortened)"


def proactive_ticket(run: str) -> str:
    """The one ticket that a repair can be escalated with."""
    return derive_id(run, "ticket-of-run")


def from_request(
    data: TicketRequested, code: str, amended: tuple[str, ...] = (), told_time: str = ""
) -> list[Payload]:
    """A ticket as another system asked for it, and what of that was made to fit."""
    return [
        TicketOpened(
            code=code,
            kind=data.kind,
            title=data.title,
            description=cut(data.description),
            requester=(person := canonical_person(data.requester)),
            requester_written=find_other_spelling(data.requester, person),
            channel=Channel.EVENT,
            service=data.service,
            device=data.device,
            site=data.site,
            impact=data.impact,
            urgency=data.urgency,
            language=data.language,
            attributes=data.attributes,
            amended=amended,
            told_time=told_time,
        )
    ]


def from_run(fact: AnyEvent, data: RunEscalated, code: str) -> list[Payload]:
    """A ticket for the owner team, with everything the repair saw."""
    reason = message("routing.repair-escalated", title=data.title, team=data.team)
    opened: list[Payload] = [
        TicketOpened(
            code=code,
            kind=Kind.PROACTIVE,
            title=data.title,
            requester=person_or(data.person, data.team),
            channel=Channel.DESK,
            service=data.service,
            device=data.device,
            site=data.site,
            attributes={
                "run": data.run,
                "runbook": data.runbook,
                "outcome": data.outcome,
                "team": data.team,
                "target": fact.subject,
            },
        ),
        TicketLinked(
            kind=LinkKind.RUN,
            target=data.run,
            message=message("link.repair-tried-first", title=data.title),
        ),
        _evidence(data),
    ]
    if data.tell:
        opened.append(_comment(verbatim(cut(data.tell)), public=True))
    opened.append(TicketAssigned(team=data.team, explanation=(reason,)))
    return opened


def from_taken_run(data: RunEscalated) -> list[Payload]:
    """What the desk had done on the device, for the person who took it over with their ticket."""
    linked = TicketLinked(
        kind=LinkKind.RUN,
        target=data.run,
        message=message("link.repair-tried-first", title=data.title),
    )
    return [linked, _evidence(data)]


def _evidence(data: RunEscalated) -> TicketCommented:
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
