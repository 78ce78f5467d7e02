"""Is it down? What the desk knows of troubles that many have."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from desk_charter import Charter
from desk_charter.people import Team
from desk_contracts.events.changes import ChangeKind
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_contracts.value_types import Duration
from desk_kernel.sight import Sight
from desk_platform.clock import Clock
from desk_platform.http import STAFF, Principal, Role, require, sight
from desk_platform.http.language import sentence
from desk_platform.store import Documents
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from desk_intake.status.atom import FeedEntry, write_feed
from desk_intake.status.changes import KnownChange
from desk_intake.status.model import KnownProblem
from desk_intake.status.verdicts import DayVerdicts, TeamVerdicts, add_up, list_parts
from desk_intake.tickets.api.pasts import TeamPasts
from desk_intake.tickets.forecast import SHARE, ForecastRecord, PastTicket, TeamPast, foresee

Anybody = Annotated[Principal, Depends(require(Role.EMPLOYEE, *STAFF))]
_LONGEST_CHANGE = timedelta(days=60)


class AtomResponse(Response):
    """A feed."""

    media_type = "application/atom+xml"


# More troubles than this at once are one trouble: everything is down.
MAX_PROBLEMS = 200


class Answer(Frozen):
    """A part of the answer."""


class ProblemView(Answer):
    """One trouble that many have."""

    id: str
    service: str
    service_title: str
    """The service as people call it."""
    title: str
    message: str
    """What to know and to do meanwhile."""
    people: int
    """How many people reported it."""
    since: datetime
    updated_at: datetime


class ServiceStatus(Answer):
    """How one service is, as far as the desk knows."""

    name: str
    title: str
    state: Literal["trouble", "no trouble known"]
    problems: tuple[str, ...]
    """Ids of its open problems."""


class ChangeView(Answer):
    """Maintenance, a release or a migration that is planned or under way."""

    id: str
    service: str
    service_title: str
    kind: ChangeKind
    title: str
    starts: datetime
    ends: datetime | None
    """When it is to be over; null if nobody said."""
    is_under_way: bool
    """Whether its beginning was reported."""
    text: str
    """When it is, as a sentence."""


class SlasToday(Answer):
    """How today's promises were kept, of all that ended since midnight (UTC)."""

    since: datetime
    met: int
    breached: int
    share: float | None
    """Met of all; null where none has ended yet, which says nothing of how it goes."""
    text: str
    """The same as a sentence."""


class Status(Answer):
    """How everything is."""

    sentence: str
    """The whole in a sentence."""
    problems: tuple[ProblemView, ...]
    services: tuple[ServiceStatus, ...]
    changes: tuple[ChangeView, ...]
    """What is under way, and what is planned for the next fortnight; the next one first."""
    slas_today: SlasToday


class TeamForecasts(Answer):
    """What was said of when tickets would be solved, and what came."""

    team: str
    team_title: str
    record: ForecastRecord
    """Of its latest hundred tickets: what would have been said when each was opened."""
    share: float
    """So many are to be within, by what is said."""
    coverage: float | None
    """So many were; null where nothing can be compared."""


class PersonWaits(Answer):
    """How long it takes to talk to a person of a team."""

    team: str
    team_title: str
    waiting: int | None
    """How many wait for one now; null if the team has more open tickets than are looked through."""
    half_within: Duration | None
    """Half of those who asked lately were answered within this; null if that is not known."""
    most_within: Duration | None
    """Nine of ten were; null if that is not known."""
    answered: int
    """Of how many answered requests this was learned."""


@dataclass(frozen=True, slots=True)
class StatusDeps:
    """What the routes need."""

    problems: Documents[KnownProblem]
    changes: Documents[KnownChange]
    verdicts: Documents[DayVerdicts]
    pasts: TeamPasts
    charter: Callable[[], Charter]
    clock: Clock


def status_router(deps: StatusDeps) -> APIRouter:
    """`GET /v1/status` and what belongs to it."""
    router = APIRouter(prefix="/v1/status", tags=["status"])

    @router.get("", summary="Is it down?")
    async def show_status(request: Request, caller: Anybody) -> Status:
        """Open problems, every service, what is planned, and how today's SLAs were kept."""
        return await _read_status(deps, sight(request, caller))

    @router.get("/feed", response_class=AtomResponse, summary="The status as an Atom feed")
    async def show_feed(request: Request, caller: Anybody) -> AtomResponse:
        """Open problems, and changes that are planned or under way (RFC 4287)."""
        status = await _read_status(deps, sight(request, caller))
        title = sentence(message("status.feed-title"))
        return AtomResponse(write_feed(title, _list_entries(status), deps.clock.now()))

    @router.get("/forecasts", summary="What was said of when tickets are solved, and what came")
    async def show_forecasts(request: Request, caller: Anybody) -> tuple[TeamForecasts, ...]:
        """Of each team, whether its tickets were solved when the desk said that they would be."""
        return await _read_forecasts(deps, sight(request, caller))

    @router.get("/person", summary="How long it takes to talk to a person")
    async def show_person_waits(request: Request, caller: Anybody) -> tuple[PersonWaits, ...]:
        """Of each team, how long those waited who asked for a person, those who wait among them."""
        seen, now = sight(request, caller), deps.clock.now()
        teams = [team for team in deps.charter().teams if not seen.hides(team=team.name)]
        pasts = [(await deps.pasts.of(team.name)).person_requests for team in teams]
        return tuple(_show_waits(team, past, now) for team, past in zip(teams, pasts, strict=True))

    return router


async def _read_forecasts(deps: StatusDeps, seen: Sight) -> tuple[TeamForecasts, ...]:
    """One team after the other: they share what is read and counted for each."""
    views = []
    for team in deps.charter().teams:
        if seen.hides(team=team.name):
            continue
        record = await deps.pasts.look_back(team.name)
        views.append(
            TeamForecasts(
                team=team.name,
                team_title=team.title,
                record=record,
                share=SHARE,
                coverage=record.coverage,
            )
        )
    return tuple(views)


def _show_waits(team: Team, past: TeamPast, now: datetime) -> PersonWaits:
    forecast = foresee(PastTicket(now, None, is_solved=False), past, now)
    half, most = (
        None if moment is None else moment - now for moment in (forecast.median, forecast.latest)
    )
    return PersonWaits(
        team=team.name,
        team_title=team.title,
        waiting=None if past.queue is None else len(past.queue),
        half_within=half,
        most_within=most,
        answered=forecast.solved,
    )


async def _read_status(deps: StatusDeps, seen: Sight) -> Status:
    charter, now = deps.charter(), deps.clock.now()
    rows = await deps.problems.find_brief({"open": True}, order="since", limit=MAX_PROBLEMS)
    problems = [row.state for row in rows if row.state and not seen.hides(row.state.service)]
    # What began long ago and was never said to be over is not looked through.
    since = now - _LONGEST_CHANGE
    plans = await deps.changes.find_brief(
        {"over": False}, order="starts", after=(since, ""), limit=MAX_PROBLEMS
    )
    changes = [
        row.state
        for row in plans
        if row.state and row.state.is_shown(now) and not seen.hides(row.state.service)
    ]
    days = await deps.verdicts.load(list_parts(now))
    shown = ["", *(team.name for team in charter.teams if not seen.hides(team=team.name))]
    parts = [stored.state for stored in days.values() if stored.state is not None]
    return _status(charter, problems, seen, changes, now, add_up(parts, shown))


def _status(
    charter: Charter,
    problems: list[KnownProblem],
    seen: Sight,
    changes: list[KnownChange],
    now: datetime,
    verdicts: TeamVerdicts,
) -> Status:
    titles = {service.name: service.title for service in charter.services}
    troubled: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        troubled[problem.service].append(problem.id)
    names = [titles.get(name, name) for name in troubled]
    overall = message("status.trouble", services=names) if names else message("status.none")
    return Status(
        sentence=sentence(overall),
        problems=tuple(_view(problem, titles) for problem in problems),
        services=tuple(
            ServiceStatus(
                name=service.name,
                title=service.title,
                state="trouble" if service.name in troubled else "no trouble known",
                problems=tuple(troubled.get(service.name, ())),
            )
            for service in charter.services
            if service.lifecycle in ("live", "retiring") and not seen.hides(service.name)
        ),
        changes=tuple(_show_change(change, titles) for change in changes),
        slas_today=_show_slas(now, verdicts),
    )


def _show_slas(now: datetime, verdicts: TeamVerdicts) -> SlasToday:
    whole = verdicts.met + verdicts.breached
    text = message("status.slas-unknown")
    if whole:
        text = message("status.slas-today", met=verdicts.met, whole=whole)
    return SlasToday(
        since=now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0),
        met=verdicts.met,
        breached=verdicts.breached,
        share=verdicts.met / whole if whole else None,
        text=sentence(text),
    )


def _show_change(change: KnownChange, titles: dict[str, str]) -> ChangeView:
    times = {"starts": change.started_at or change.starts}
    if change.started_at is not None:
        text = message("status.change-under-way", **times)
    elif change.ends is not None:
        text = message("status.change-planned", ends=change.ends, **times)
    else:
        text = message("status.change-begins", **times)
    return ChangeView(
        id=change.id,
        service=change.service,
        service_title=titles.get(change.service, change.service),
        kind=change.kind,
        title=change.title,
        starts=change.starts,
        ends=change.ends,
        is_under_way=change.started_at is not None,
        text=sentence(text),
    )


def _list_entries(status: Status) -> list[FeedEntry]:
    problems = [
        FeedEntry(item.id, f"{item.service_title}: {item.title}", item.message, item.updated_at)
        for item in status.problems
    ]
    changes = [
        FeedEntry(item.id, f"{item.service_title}: {item.title}", item.text, item.starts)
        for item in status.changes
    ]
    return problems + changes


def _view(problem: KnownProblem, titles: dict[str, str]) -> ProblemView:
    return ProblemView(
        id=problem.id,
        service=problem.service,
        service_title=titles.get(problem.service, problem.service),
        title=sentence(problem.title),
        message=sentence(problem.message) if problem.message else "",
        people=problem.people,
        since=problem.since,
        updated_at=problem.updated_at,
    )
