"""`desk report worst-systems`: the services that cost people most, read from metrics' store."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from desk_charter import load_charter
from desk_cli.screen import TextTable, show
from desk_contracts.events.reports import Proposal, ServiceRanked
from desk_contracts.message import message
from desk_platform.clock import SystemClock
from desk_platform.settings import load_settings
from desk_platform.store import open_existing_store
from desk_platform.terminal import say_json, spoken_here
from rich.console import RenderableType

from desk_metrics.measures.store import BUCKETS, SUMS
from desk_metrics.planning.goal_weeks import People
from desk_metrics.reports.causes import CONTACT_MINUTES
from desk_metrics.reports.store import (
    ANSWERS,
    CHANGES,
    REPORTED,
    UNRANKED,
    UNSENT,
    OwnerResponses,
    Sources,
    Systems,
    parse_period,
    rank_systems,
)
from desk_metrics.settings import MetricsSettings

MOST_REQUESTED = 10
_PERIOD = "2026-W47, 2026-11, or one to another: 2026-W44/2026-W47. Else four weeks until now."


def worst_systems(
    period: Annotated[str, typer.Option(help=_PERIOD)] = "",
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 10,
    json: Annotated[bool, typer.Option(help="The report as JSON.")] = False,
) -> None:
    """Tell which services cost people the most time, what to do about each, and why."""
    ranked = asyncio.run(ask(load_settings(MetricsSettings), period))
    ranked = ranked.model_copy(update={"systems": ranked.systems[:top]})
    if json:
        left_out = {
            "systems": {"__all__": UNSENT},
            "unranked": {"__all__": UNSENT | UNRANKED},
        }
        say_json(ranked.model_dump_json(indent=2, exclude=left_out))
    else:
        show(*shown(ranked))


async def ask(settings: MetricsSettings, period: str) -> Systems:
    """The same answer as that of `GET /v1/reports/systems`."""
    now = SystemClock().now()
    wanted = parse_period(period, now)
    async with open_sources(settings) as sources:
        return await rank_systems(sources, wanted, now, spoken_here())


@asynccontextmanager
async def open_sources(settings: MetricsSettings) -> AsyncIterator[Sources]:
    """What metrics has stored, and the charter that this machine has."""
    clock, charter = SystemClock(), load_charter(settings.charter)
    store = open_existing_store(settings.store, f"{settings.store.database_prefix}metrics")
    try:
        yield Sources(
            store.documents(BUCKETS, clock.now),
            store.documents(SUMS, clock.now),
            store.documents(CHANGES, clock.now),
            lambda: charter,
            OwnerResponses(
                store.documents(REPORTED, clock.now),
                store.documents(ANSWERS, clock.now),
            ),
            People(settings.people, settings.cost_per_minute),
        )
    finally:
        await store.stop()


def shown(ranked: Systems) -> list[RenderableType]:
    """A table, and below it why each proposal is made."""
    table = TextTable(
        "rank", "service", "owner", "contacts", "before", "again", "lost min", "repairs", "back",
        "not kept", "changes failed", "proposal",
        title=f"Worst systems, {ranked.period}",
    )  # fmt: skip
    for service in ranked.systems:
        rate = service.change_failure_rate
        table.add_line(
            str(service.rank), service.service, service.team, f"{service.contacts:,}",
            f"{service.contacts_before:,}" if service.is_before_known else "not known",
            f"{service.came_again:,}",
            f"{service.lost_minutes:,.0f}", f"{service.healing_debt:,}",
            f"{service.repeat_contacts:,}", f"{service.slas_breached:,}",
            "" if rate is None else f"{rate:.0%} of {service.changes:,}", service.proposal.value,
        )  # fmt: skip
    lines: list[RenderableType] = [table] if ranked.systems else []
    proposed = [system for system in ranked.unranked if system.proposal is not Proposal.LEAVE]
    for system in (*ranked.systems, *proposed):
        lines.append(f"\n{system.service}: {system.proposal.value}")
        lines.append(f"  {ranked.why[system.service]}")
        lines += _report_people(system)
        if system.service in ranked.answers:
            lines.append(f"  {ranked.answers[system.service]}")
    if ranked.systems:
        limits = message("report.limits", known=ranked.as_of, each=CONTACT_MINUTES)
        lines.append("\n" + spoken_here().render(limits))
    if ranked.unranked:
        names = ", ".join(system.service for system in ranked.unranked)
        lines.append(f"\nNo lost time is known of {names} in {ranked.period}.")
    if not ranked.systems and not ranked.unranked:
        lines.append("The charter names no service.")
    return [*lines, *_demand(ranked)]


def _report_people(system: ServiceRanked) -> Iterator[str]:
    """What people did and said about it, where they did."""
    if system.deflected:
        yield f"  Contacts prevented by what people found: {system.deflected:,}."
    if system.reported_lost_minutes is not None:
        minutes, answers = system.reported_lost_minutes, system.reported_lost_answers
        yield f"  Working minutes lost, as {answers:,} answers say: {minutes:,.0f}."


def _demand(ranked: Systems) -> list[RenderableType]:
    """What people asked for, the most wanted first."""
    if not ranked.demand:
        return []
    table = TextTable("asked for", "people", "times", title="What people ask for that there is not")
    for item in ranked.demand[:MOST_REQUESTED]:
        table.add_line(item.what, f"{item.people:,}", f"{item.times:,}")
    return ["", table]
