"""`desk report page`: the same page as a file, read from metrics' store."""

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from desk_shared.clock import SystemClock
from desk_shared.settings import load_settings
from desk_shared.store import MongoDocuments, Store
from desk_shared.terminal import say

from desk_metrics.correspondence import Correspondence
from desk_metrics.page.gathering import gather, question
from desk_metrics.page.rendering import page_of
from desk_metrics.settings import MetricsSettings
from desk_metrics.store import ANSWERS, CELLS, REPORTED

_DAY = ["%Y-%m-%d"]


def page(
    out: Annotated[Path, typer.Option(help="The HTML file to write; print it for a PDF.")],
    first: Annotated[datetime | None, typer.Option("--from", formats=_DAY)] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=_DAY)] = None,
    team: Annotated[str, typer.Option(help="Only this team.")] = "",
) -> None:
    """Write the report of a period, by default of the last four weeks, as one HTML page."""
    days = [None if one is None else one.date() for one in (first, last)]
    text = asyncio.run(written(load_settings(MetricsSettings), days[0], days[1], team))
    out.write_text(text, encoding="utf-8")
    say(f"Written to {out}; open it in a browser, or print it to get a PDF.")


async def written(
    settings: MetricsSettings, first: date | None, last: date | None, team: str
) -> str:
    """The page."""
    clock = SystemClock()
    asked = question(first, last, clock.now(), team)
    store = Store(settings.store, f"{settings.store.database_prefix}metrics")
    try:
        cells = MongoDocuments(store.database, CELLS, clock.now)
        letters = Correspondence(
            MongoDocuments(store.database, REPORTED, clock.now),
            MongoDocuments(store.database, ANSWERS, clock.now),
        )
        cost = settings.cost_per_minute
        found = await gather(cells, asked, settings.people, cost, letters)
    finally:
        await store.stop()
    return page_of(found, clock.now())
