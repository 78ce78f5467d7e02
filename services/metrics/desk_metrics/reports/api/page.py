"""`GET /v1/report`: the figures of a period as one page for people, on screen or on paper."""

from typing import Annotated

from desk_platform.clock import Clock
from desk_platform.http import STAFF, Principal, require, sight
from desk_platform.http.language import spoken_catalogue
from fastapi import APIRouter, Depends, Query, Request, Response

from desk_metrics.measures.api import FromDay, ToDay
from desk_metrics.planning.api import hidden_goals
from desk_metrics.planning.charter import GOALS
from desk_metrics.reports.page.html import render_page
from desk_metrics.reports.page.model import PageQuery
from desk_metrics.reports.page.store import gather, unknown_team
from desk_metrics.reports.store import Sources
from desk_metrics.sla.api import AsOf

HTML = "text/html; charset=utf-8"
# The page loads nothing and runs nothing; this holds it to that.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page_router(sources: Sources, clock: Clock) -> APIRouter:
    """The one route."""
    router = APIRouter(prefix="/v1/report", tags=["reports"])

    @router.get(
        "",
        summary="The report as a page",
        response_class=Response,
        responses={200: {"content": {"text/html": {}}}},
    )
    async def report(
        request: Request,
        caller: Annotated[Principal, Depends(require(*STAFF))],
        first: FromDay = None,
        last: ToDay = None,
        team: Annotated[str, Query(max_length=200, description="Default: all teams.")] = "",
        as_of: AsOf = None,
    ) -> Response:
        """A headline, proposals, goals, figures, plots with tables; print it for a PDF."""
        now = clock.now()
        named, seen = sources.charter().name_team(team), sight(request, caller)
        query = PageQuery.of(first, last, as_of or now, named)
        if seen.hides(team=named):
            raise unknown_team(team)
        contents = await gather(sources, query)
        hidden = hidden_goals(sources.charter().of(GOALS), seen)
        shown = contents.hide_from(seen, hidden)
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "private, no-cache"}
        text = render_page(shown, now, spoken_catalogue().language)
        return Response(text, headers=headers, media_type=HTML)

    return router
