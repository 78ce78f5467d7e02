"""`desk report page`: the same page as a file, read from metrics' store."""

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from desk_platform.clock import SystemClock
from desk_platform.settings import load_settings
from desk_platform.terminal import say, spoken_here

from desk_metrics.reports.commands import open_sources
from desk_metrics.reports.page.html import render_page
from desk_metrics.reports.page.model import PageQuery
from desk_metrics.reports.page.store import gather
from desk_metrics.settings import MetricsSettings

_DAY = ["%Y-%m-%d"]


def page(
    out: Annotated[Path, typer.Option(help="The HTML file to write; print it for a PDF.")],
    first: Annotated[datetime | None, typer.Option("--from", formats=_DAY)] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=_DAY)] = None,
    team: Annotated[str, typer.Option(help="Only this team.")] = "",
) -> None:
    """Write the report of a period, by default the four weeks that end today, as an HTML page."""
    first_day, last_day = (at and at.date() for at in (first, last))
    text = asyncio.run(build_page(load_settings(MetricsSettings), first_day, last_day, team))
    out.write_text(text, encoding="utf-8")
    say(f"Written to {out}; open it in a browser, or print it to get a PDF.")


async def build_page(
    settings: MetricsSettings, first: date | None, last: date | None, team: str
) -> str:
    """The page, from what metrics' store holds now."""
    now = SystemClock().now()
    async with open_sources(settings) as sources:
        query = PageQuery.of(first, last, now, sources.charter().name_team(team))
        return render_page(await gather(sources, query), now, spoken_here().language)
