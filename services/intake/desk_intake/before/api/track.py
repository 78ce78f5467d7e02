"""What somebody took instead of logging a ticket, and what came of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from desk_contracts.events.feedback import Taken
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message, message
from desk_platform.http.language import sentence, spoken_catalogue
from desk_platform.store import Documents
from fastapi import APIRouter, Request

from desk_intake.before.api.check import BeforeDeps, may_see, may_show
from desk_intake.before.model import PersonContacts, TakenThing
from desk_intake.catalogue.charter import CatalogueItem
from desk_intake.catalogue.view import show_item
from desk_intake.knowledge.model import choose_translation
from desk_intake.status.model import KnownProblem
from desk_intake.tickets.api.calls import Caller, actor_of
from desk_intake.tickets.lifecycle import Actor


class TrackState(StrEnum):
    """What came of it: the problem goes on, or is over; it was enough; a ticket came after all."""

    OPEN = "open"
    OVER = "over"
    ENOUGH = "enough"
    LOGGED = "logged"


class TrackView(Frozen):
    """Something that was taken instead of a ticket."""

    id: str
    taken: Taken
    target: str
    title: str | None
    """What it is called; null where it is not there any more, or not for you."""
    at: datetime
    state: TrackState
    ended_at: datetime | None
    """When the problem was over."""
    ticket: str | None
    """The ticket that you logged about the same within seven days."""
    text: str
    """Where it stands, as a sentence."""


class TracksView(Frozen):
    """The newest first; each for 90 days."""

    items: tuple[TrackView, ...]


def track_router(deps: BeforeDeps, kept: Documents[PersonContacts]) -> APIRouter:
    """One's own things, and nobody else's."""
    router = APIRouter(prefix="/v1", tags=["before logging"])

    @router.get("/contacts", summary="What you took instead of a ticket, and what came of it")
    async def list_taken(request: Request, caller: Caller) -> TracksView:
        """Problems that you joined, articles, items and solutions that you took: your own only."""
        actor = actor_of(request, caller)
        stored = (await kept.load([actor.id])).get(actor.id)
        state = stored.read() if stored else None
        things = () if state is None else state.track[::-1]
        problems = await _load_problems(deps, things, actor)
        offered = deps.items.list_offered(caller)
        reader = _TrackReader(deps, actor, problems, offered)
        return TracksView(items=tuple([await reader.view(thing) for thing in things]))

    return router


async def _load_problems(
    deps: BeforeDeps, things: Iterable[TakenThing], actor: Actor
) -> dict[str, KnownProblem]:
    """The joined problems that the person may know of, also those that are over."""
    joined = [thing.target for thing in things if thing.taken is Taken.PROBLEM]
    problems = [stored.read() for stored in (await deps.problems.load(joined)).values()]
    return {
        problem.id: problem
        for problem in problems
        if problem is not None and not actor.sight.hides(problem.service)
    }


def _find_state(thing: TakenThing, problem: KnownProblem | None) -> tuple[TrackState, Message]:
    if thing.ticket:
        return TrackState.LOGGED, message("track.logged")
    if thing.taken is not Taken.PROBLEM:
        return TrackState.ENOUGH, message("track.enough")
    if problem is None:
        return TrackState.OPEN, message("track.unknown")
    if problem.is_open:
        return TrackState.OPEN, message("track.open")
    return TrackState.OVER, problem.resolution or message("track.over")


@dataclass(frozen=True, slots=True)
class _TrackReader:
    """One person who looks, and what they may see."""

    deps: BeforeDeps
    actor: Actor
    problems: Mapping[str, KnownProblem]
    offered: Mapping[str, CatalogueItem]

    async def view(self, thing: TakenThing) -> TrackView:
        problem = self.problems.get(thing.target)
        state, text = _find_state(thing, problem)
        return TrackView(
            id=thing.id,
            taken=thing.taken,
            target=thing.target,
            title=await self._find_title(thing),
            at=thing.at,
            state=state,
            ended_at=problem.updated_at if problem and not problem.is_open else None,
            ticket=thing.ticket or None,
            text=sentence(text),
        )

    async def _find_title(self, thing: TakenThing) -> str | None:
        indexes, target = self.deps.indexes, thing.target
        match thing.taken:
            case Taken.PROBLEM:
                problem = self.problems.get(target)
                return sentence(problem.title) if problem else None
            case Taken.ARTICLE:
                article = await indexes.articles.find(target)
                if article is None or not may_show(article, self.actor):
                    return None
                return choose_translation(article.translations, spoken_catalogue().language).title
            case Taken.ITEM:
                item = self.offered.get(target)
                return show_item(item, spoken_catalogue().language).title if item else None
            case Taken.TICKET:
                ticket = await indexes.tickets.find(target)
                return None if ticket is None or not may_see(ticket, self.actor) else ticket.title
            case _:
                assert_never(thing.taken)
