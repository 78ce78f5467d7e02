"""Why a detector did or did not act, why a ticket went where it went, and what nobody watches."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from desk_shared.events.message import message
from desk_shared.http.language import sentence
from desk_shared.http.whys import (
    LookView,
    StaffReader,
    SubjectAsked,
    UnheededList,
    WhyView,
    unheeded_view,
    why_view,
)
from desk_shared.kernel.sight import Sight
from desk_shared.lookout import Lookout
from desk_shared.store import Documents
from fastapi import APIRouter

from desk_triage.domain.model import Ticket
from desk_triage.domain.watching import Subject
from desk_triage.looking import UNKNOWN_SERVICE
from desk_triage.ports import CharterInForce


@dataclass(frozen=True, slots=True)
class Whys:
    """What the routes read."""

    lookout: Lookout
    tickets: Documents[Ticket]
    subjects: Documents[Subject]
    charter: CharterInForce


def why_routes(whys: Whys) -> APIRouter:
    """The routes about what was not done."""
    router = APIRouter(prefix="/v1")

    @router.get("/why")
    async def read_why(subject: SubjectAsked, reader: StaffReader) -> WhyView:
        """What looked at a device, service or ticket, and why it did or did not act."""
        decided = (await whys.tickets.load([subject])).get(subject)
        watched = (await whys.subjects.load([subject])).get(subject)
        stored = [*_decision(decided.state if decided else None, reader.seen)]
        stored += _signals(watched.state if watched else None, reader.seen)
        return why_view(subject, whys.lookout, reader, stored)

    @router.get("/unheeded")
    async def list_unheeded(reader: StaffReader) -> UnheededList:
        """Measurements that nobody watches and services that nobody knows, with likely names."""
        charter = whys.charter.current
        watched = sorted({one.measurement for one in charter.routing.detectors})
        services = sorted(one.name for one in charter.services)
        items = []
        for one in whys.lookout.all_unheeded:
            known = services if one.kind == UNKNOWN_SERVICE else watched
            meant = next(iter(get_close_matches(one.name[:200], known, n=1)), "")
            # A name near that of a hidden service is most likely that service, misspelled.
            if not any(map(reader.seen.hides, (one.last_service, one.last_subject, meant))):
                items.append(unheeded_view(one, meant))
        return UnheededList(since=whys.lookout.since, items=tuple(items))

    return router


def _decision(ticket: Ticket | None, seen: Sight) -> Iterator[LookView]:
    if ticket is None or seen.hides(ticket.decision.service, ticket.decision.team):
        return
    decision = ticket.decision
    for reason in decision.explanation:
        yield LookView(
            kind="decision",
            name=reason.code,
            at=decision.decided_at,
            outcome="deferred" if decision.is_deferred else "decided",
            text=sentence(reason),
            values={"team": decision.team, "rule": decision.rule},
        )


def _signals(subject: Subject | None, seen: Sight) -> Iterator[LookView]:
    for one in subject.episodes if subject else ():
        if seen.hides(one.service):
            continue
        yield LookView(
            kind="signal",
            name=one.signal,
            at=one.raised_at,
            outcome="open",
            text=one.title,
            values={"severity": one.severity, "detector": one.detector, "episode": one.id},
        )
    for alert in subject.alerts if subject else ():
        if alert.episode is None:
            yield LookView(
                kind="alert",
                name=alert.fingerprint,
                at=alert.resolved_at or alert.fired_at,
                outcome="over",
                text=sentence(message("detector.monitor-says-over")),
                values={"source": alert.source},
            )
