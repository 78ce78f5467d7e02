"""The HTTP side of detection: open signals, why a detector acted or not, what nobody watches."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from itertools import chain
from typing import Annotated, TypeVar

from desk_charter import Charter
from desk_contracts.errors import Invalid
from desk_contracts.frozen import Frozen
from desk_contracts.ids import read_ticket_ref
from desk_contracts.message import message
from desk_contracts.value_types import Severity, SubjectKind
from desk_kernel.sight import Sight
from desk_platform.http import (
    Cursors,
    Page,
    PageRequest,
    Principal,
    Role,
    find_visible,
    link_next,
    may_see_person,
    page_request,
    place_of,
    require,
    sight,
)
from desk_platform.http.language import sentence
from desk_platform.http.tickets import find_ticket
from desk_platform.http.why import (
    LookView,
    StaffReader,
    SubjectAsked,
    UnhandledList,
    WhyView,
    view_unhandled,
    why_view,
)
from desk_platform.lookout import Lookout
from desk_platform.store import Documents, Listed
from desk_platform.store.document import S
from desk_platform.store.pages import After
from fastapi import APIRouter, Depends, Request, Response

from desk_triage.detection.model import Episode, Subject
from desk_triage.routing.model import Ticket
from desk_triage.routing.worker import UNKNOWN_SERVICE

T = TypeVar("T")

_STAFF = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)


class SignalView(Frozen):
    """An open signal."""

    episode: str
    subject: str
    subject_kind: SubjectKind
    detector: str
    signal: str
    title: str
    severity: Severity
    raised_at: datetime
    value: float
    """The value that raised it."""
    service: str
    person: str
    """Whose device it is; only for owners, operators and that person."""
    site: str


@dataclass(frozen=True, slots=True)
class OpenListing:
    """A listing of open documents by id: where it starts, and where the next page does."""

    request: Request
    response: Response
    page: PageRequest
    seen: Sight
    principal: Principal

    async def read(
        self,
        documents: Documents[S],
        cursors: Cursors,
        views: Callable[[str, S], Sequence[T]],
    ) -> Page[T]:
        """The views of each open document; one that has no view takes no place."""
        path, after = self.request.url.path, None
        if self.page.cursor is not None:
            position = cursors.read(path, self.page.cursor)
            after = position.sort, position.id

        async def find(after: After | None, limit: int) -> list[Listed[S]]:
            return await documents.find_brief({"open": True}, after=after, limit=limit)

        def show(listed: Listed[S]) -> Sequence[T]:
            return views(listed.id, listed.state) if listed.state is not None else ()

        visible = await find_visible(
            find, lambda listed: bool(show(listed)), after, self.page.limit
        )
        shown, cursor = visible[: self.page.limit], None
        if len(visible) > self.page.limit:
            cursor = cursors.write(path, place_of(shown[-1]))
            self.response.headers["Link"] = link_next(self.request, cursor)
        return Page(items=tuple(chain.from_iterable(map(show, shown))), next=cursor)


async def open_listing(
    request: Request,
    response: Response,
    page: Annotated[PageRequest, Depends(page_request)],
    principal: Annotated[Principal, Depends(_STAFF)],
) -> OpenListing:
    """What a route that lists open documents depends on."""
    return OpenListing(request, response, page, sight(request, principal), principal)


@dataclass(frozen=True, slots=True)
class DetectionReads:
    """What the routes read."""

    subjects: Documents[Subject]
    tickets: Documents[Ticket]
    cursors: Cursors
    lookout: Lookout
    charter: Callable[[], Charter]


def detection_router(reads: DetectionReads) -> APIRouter:
    """The routes about signals and about what was not done."""
    router = APIRouter(prefix="/v1")

    @router.get("/signals", dependencies=[Depends(_STAFF)])
    async def list_signals(
        listing: Annotated[OpenListing, Depends(open_listing)],
    ) -> Page[SignalView]:
        """Open signals by subject."""

        def views(subject: str, state: Subject) -> list[SignalView]:
            shown = listing.seen.of_subject(
                subject, state.episodes, lambda episode: episode.service
            )
            return [_view(subject, episode, listing.principal) for episode in shown]

        return await listing.read(reads.subjects, reads.cursors, views)

    _add_why(router, reads)
    return router


def _add_why(router: APIRouter, reads: DetectionReads) -> None:
    @router.get("/why")
    async def read_why(subject: SubjectAsked, reader: StaffReader) -> WhyView:
        """What looked at a device, service or ticket, and why it did or did not act."""
        decided = None
        # Most subjects are devices or services, and some of those are as long as a code.
        with suppress(Invalid):
            decided = await find_ticket(reads.tickets, read_ticket_ref(subject))
        subject = decided.id if decided else subject
        watched = (await reads.subjects.load([subject])).get(subject)
        looks = [*_explain_decision(decided.state if decided else None, reader.seen)]
        looks += _explain_signals(watched.state if watched else None, reader.seen)
        return why_view(subject, reads.lookout, reader, looks)

    @router.get("/unheeded")
    async def list_unhandled(reader: StaffReader) -> UnhandledList:
        """Measurements that nobody watches and services that nobody knows, with likely names."""
        charter = reads.charter()
        watched = sorted({detector.measurement for detector in charter.routing.detectors})
        services = sorted(service.name for service in charter.services)
        items = []
        for unhandled in reads.lookout.all_unhandled:
            candidates = services if unhandled.kind == UNKNOWN_SERVICE else watched
            meant = next(iter(get_close_matches(unhandled.name[:200], candidates, n=1)), "")
            # A name near that of a hidden service is most likely that service, misspelled.
            names = (unhandled.last_service, unhandled.last_subject, meant)
            if not any(map(reader.seen.hides, names)):
                items.append(view_unhandled(unhandled, meant))
        return UnhandledList(since=reads.lookout.since, items=tuple(items))


def _view(subject: str, episode: Episode, reader: Principal) -> SignalView:
    person = episode.person if may_see_person(reader, episode.person) else ""
    return SignalView(
        episode=episode.id,
        subject=subject,
        subject_kind=episode.subject_kind,
        detector=episode.detector,
        signal=episode.signal,
        title=episode.title,
        severity=episode.severity,
        raised_at=episode.raised_at,
        value=episode.value,
        service=episode.service,
        person=person,
        site=episode.site,
    )


def _explain_decision(ticket: Ticket | None, seen: Sight) -> Iterator[LookView]:
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


def _explain_signals(subject: Subject | None, seen: Sight) -> Iterator[LookView]:
    for episode in subject.episodes if subject else ():
        if seen.hides(episode.service):
            continue
        yield LookView(
            kind="signal",
            name=episode.signal,
            at=episode.raised_at,
            outcome="open",
            text=episode.title,
            values={
                "severity": episode.severity,
                "detector": episode.detector,
                "episode": episode.id,
            },
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
