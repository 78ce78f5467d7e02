"""Why a detector did or did not act, why a ticket went where it went, and what nobody watches."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated

from desk_shared.charter.confidential import Sight
from desk_shared.errors import NotFound
from desk_shared.http import Principal, Role, require, sight
from desk_shared.http.whys import (
    LookView,
    SubjectAsked,
    UnheededList,
    WhyView,
    unheeded_view,
    why_view,
)
from desk_shared.lookout import Lookout
from desk_shared.store import Documents
from fastapi import APIRouter, Depends, Request

from desk_triage.domain.model import Ticket
from desk_triage.domain.watching import Subject
from desk_triage.looking import UNKNOWN_SERVICE
from desk_triage.ports import CharterInForce

_STAFF = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)


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
    async def read_why(
        request: Request, subject: SubjectAsked, caller: Annotated[Principal, Depends(_STAFF)]
    ) -> WhyView:
        """What looked at a device, service or ticket, and why it did or did not act."""
        decided = (await whys.tickets.load([subject])).get(subject)
        watched = (await whys.subjects.load([subject])).get(subject)
        _check_seen(sight(request, caller), subject, decided.state if decided else None)
        stored = [*_decision(decided.state if decided else None)]
        stored += _signals(watched.state if watched else None)
        return why_view(subject, whys.lookout, stored)

    @router.get("/unheeded", dependencies=[Depends(_STAFF)])
    async def list_unheeded() -> UnheededList:
        """Measurements that nobody watches and services that nobody knows, with likely names."""
        charter = whys.charter.current
        watched = sorted({one.measurement for one in charter.routing.detectors})
        services = sorted(one.name for one in charter.services)
        items = []
        for one in whys.lookout.all_unheeded:
            known = services if one.kind == UNKNOWN_SERVICE else watched
            meant = get_close_matches(one.name[:200], known, n=1)
            items.append(unheeded_view(one, meant[0] if meant else ""))
        return UnheededList(since=whys.lookout.since, items=tuple(items))

    return router


def _check_seen(seen: Sight, subject: str, ticket: Ticket | None) -> None:
    decision = ticket.decision if ticket else None
    is_hidden = decision is not None and seen.hides(decision.service, decision.team)
    if is_hidden or seen.hides(subject):
        raise NotFound(f"Nothing is known of '{subject}'.", subject=subject)


def _decision(ticket: Ticket | None) -> Iterator[LookView]:
    if ticket is None:
        return
    decision = ticket.decision
    for reason in decision.explanation:
        yield LookView(
            kind="decision",
            name=reason.rule,
            at=decision.decided_at,
            outcome="deferred" if decision.is_deferred else "decided",
            text=reason.text,
            values={"team": decision.team, "rule": decision.rule},
        )


def _signals(subject: Subject | None) -> Iterator[LookView]:
    for one in subject.episodes if subject else ():
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
                text="The last that its monitor said of it is that it is over.",
                values={"source": alert.source},
            )
