"""Puts metrics together and runs it: `python -m desk_metrics.main`."""

from datetime import timedelta

import httpx
from desk_shared.builder import ServiceBuilder
from desk_shared.bus import BatchProcessor, CommandQueue, Projection
from desk_shared.bus.stops import NothingUnread, OwnPartition
from desk_shared.bus.timers import Gate
from desk_shared.charter import CharterSource
from desk_shared.clock import Clock
from desk_shared.events.names import CONTRIBUTIONS
from desk_shared.events.names import TICKETS as TICKETS_TOPIC
from desk_shared.http import authenticator_from
from desk_shared.service import Service
from desk_shared.starting import start_service
from desk_shared.store import Documents
from fastapi import APIRouter

from desk_metrics.api import metrics_app
from desk_metrics.api.answers import AnswersDeps, answers_router
from desk_metrics.api.experience import experience_router
from desk_metrics.api.goals import goals_router
from desk_metrics.api.page import page_router
from desk_metrics.api.reports import reports_router
from desk_metrics.correspondence import Correspondence, Postbox
from desk_metrics.domain.changes import Changes
from desk_metrics.domain.goal_weeks import People
from desk_metrics.domain.measures.cells import Cell
from desk_metrics.editions import Editions
from desk_metrics.gauges import Gauges
from desk_metrics.handlers import (
    READS,
    cells_projection,
    changes_projection,
    repairs_projection,
    returns_projection,
    sights_projection,
    spells_projection,
    tickets_projection,
    voices_projection,
)
from desk_metrics.patience import once_caught_up
from desk_metrics.planning import PlanningDeps
from desk_metrics.ports import MetricsDeps
from desk_metrics.rejudging import Rejudging
from desk_metrics.reporting import Reporting
from desk_metrics.settings import MetricsSettings
from desk_metrics.store import (
    ANSWERS,
    CELLS,
    CHANGES,
    EDITIONS,
    REPAIRS,
    REPORTED,
    RETURNS,
    SIGHTS,
    SPELLS,
    SUMS,
    TICKETS,
    VOICES,
)
from desk_metrics.systems import Sources

PACE = timedelta(milliseconds=200)
# A part of a day is a large document: what changes in it is gathered, so it is written less often.
FIGURES_PACE = timedelta(seconds=2)


class _SignIn:
    """Lets the HTTP client of the sign-in go when the service stops."""

    def __init__(self) -> None:
        self.client = httpx.AsyncClient()

    async def start(self) -> None:
        """It connects when it is used."""

    async def stop(self) -> None:
        await self.client.aclose()


def build(settings: MetricsSettings, clock: Clock | None = None) -> Service:
    """The whole service; nothing connects yet."""
    builder = ServiceBuilder.open("metrics", settings, clock)
    charter, sign_in = builder.charter(), _SignIn()
    editions = _editions(builder, charter)
    builder.part("slas", editions)
    builder.part("sign-in client", sign_in)
    builder.loop("editions", editions.run)
    tickets, cells = builder.documents(TICKETS), builder.documents(CELLS)
    sums = builder.documents(SUMS)
    fold = tickets_projection(tickets, lambda: editions.book)
    unit_of_work = builder.unit_of_work(
        "tickets", fold, stops=OwnPartition(TICKETS_TOPIC), gate=editions.until_now
    )
    changes = builder.documents(CHANGES)
    _gather(builder, changes)
    # Nobody waits for a figure, and SLAs are counted in minutes: larger batches, less work.
    builder.reads(*READS, pace=PACE)
    _figures(builder, cells)
    rejudging = Rejudging(unit_of_work, fold, lambda: editions.book, builder.clock)
    builder.loop("rejudging", rejudging.run)
    meter = builder.telemetry.metrics.get_meter("desk_metrics")
    gauges = Gauges(meter, cells, sums, tickets, builder.clock)
    builder.loop("figures", gauges.run)
    authenticator = authenticator_from(settings, sign_in.client, builder.clock)
    parts = builder.app_parts(authenticator)
    deps = MetricsDeps(
        tickets,
        cells,
        lambda: editions.book,
        builder.clock,
        settings.people,
        settings.cost_per_minute,
    )
    letters = Correspondence(builder.documents(REPORTED), builder.documents(ANSWERS))
    people = People(settings.people, settings.cost_per_minute)
    sources = Sources(cells, sums, changes, lambda: charter.current, letters, people)
    _report(builder, sources, once_caught_up(builder.health.consumer(builder.name), builder.clock))
    answers = answers_router(_answers(builder, sources))
    return builder.service(metrics_app(parts, deps, answers, *_routers(deps, sources)))


def _answers(builder: ServiceBuilder, sources: Sources) -> AnswersDeps:
    """Owners may answer at any replica, so nothing is remembered."""
    fold = Projection(sources.letters.answers)
    postbox = Postbox(
        CommandQueue(builder.unit_of_work("answers", fold, reads_bus=False, cached=0))
    )
    builder.part("answers", postbox)
    return AnswersDeps(sources.letters, postbox.commands, sources.charter, builder.clock)


def _routers(deps: MetricsDeps, sources: Sources) -> tuple[APIRouter, ...]:
    """Routes that stand in modules of their own."""
    planning = PlanningDeps(
        deps.cells,
        sources.sums,
        sources.charter,
        deps.clock,
        deps.people,
        deps.cost_per_minute,
    )
    return (
        reports_router(sources, deps.clock),
        experience_router(deps),
        page_router(deps, sources.letters),
        goals_router(planning),
    )


def _gather(builder: ServiceBuilder, changes: Documents[Changes]) -> None:
    """What figures are made of, beside tickets."""
    builder.unit_of_work("repairs", repairs_projection(builder.documents(REPAIRS)), cached=2_000)
    builder.unit_of_work("sights", sights_projection(builder.documents(SIGHTS)), cached=2_000)
    builder.unit_of_work("spells", spells_projection(builder.documents(SPELLS)), cached=2_000)
    builder.unit_of_work("voices", voices_projection(builder.documents(VOICES)), cached=500)
    builder.unit_of_work("changes", changes_projection(changes), cached=2_000)


def _figures(builder: ServiceBuilder, cells: Documents[Cell]) -> None:
    """What metrics tells itself, in a lane of its own: parts of days, and who came again."""
    days = builder.unit_of_work("cells", cells_projection(cells), reads_bus=False, cached=64)
    returns = returns_projection(builder.documents(RETURNS))
    people = builder.unit_of_work("returns", returns, reads_bus=False, cached=2_000)
    builder.reads(
        CONTRIBUTIONS, handler=BatchProcessor(days, people), lane="figures", pace=FIGURES_PACE
    )


def _report(builder: ServiceBuilder, sources: Sources, gate: Gate) -> None:
    """The weekly report; other replicas write its document too, so nothing is remembered."""
    documents = sources.letters.reported
    unit_of_work = builder.unit_of_work(
        "reported", Projection(documents), reads_bus=False, cached=0
    )
    reporting = Reporting(documents, CommandQueue(unit_of_work), sources, builder.clock)
    stops = NothingUnread("a report says until when its figures are, and its gate waits for us")
    builder.timers("reports", reporting, documents, stops, gate)
    unit_of_work.on_due = reporting.on_due
    builder.part("reports", reporting)


def _editions(builder: ServiceBuilder, charter: CharterSource) -> Editions:
    documents = builder.documents(EDITIONS)
    unit_of_work = builder.unit_of_work(
        "editions", Projection(documents), reads_bus=False, cached=0
    )
    return Editions(documents, CommandQueue(unit_of_work), lambda: charter.current, builder.clock)


def main() -> None:
    """Run until told to stop; what cannot start says why and ends with 2."""
    start_service(MetricsSettings, build)


if __name__ == "__main__":
    main()
