"""Puts metrics together and runs it: `python -m desk_metrics.main`."""

from datetime import timedelta

import httpx
from desk_shared.bus import Commands, Fold, Folding
from desk_shared.bus.stops import NothingUnread, OwnPartition
from desk_shared.bus.timers import Gate
from desk_shared.charter import CharterSource
from desk_shared.clock import Clock
from desk_shared.events.names import CONTRIBUTIONS
from desk_shared.events.names import TICKETS as TICKETS_TOPIC
from desk_shared.http import authenticator_from
from desk_shared.kernel import Decision
from desk_shared.kit import Kit
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
from desk_metrics.correspondence import Correspondence, Postbox, answers_fold
from desk_metrics.domain.changes import Changes
from desk_metrics.domain.goal_weeks import People
from desk_metrics.domain.measures.cells import Cell
from desk_metrics.domain.policies import Edition
from desk_metrics.editions import Editions
from desk_metrics.gauges import Gauges
from desk_metrics.handlers import (
    READS,
    cells_fold,
    changes_fold,
    repairs_fold,
    returns_fold,
    sights_fold,
    spells_fold,
    tickets_fold,
    voices_fold,
)
from desk_metrics.patience import once_caught_up
from desk_metrics.planning import PlanningDeps
from desk_metrics.ports import MetricsDeps
from desk_metrics.rejudging import Rejudging
from desk_metrics.reporting import Reporting, reported_fold
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
    kit = Kit.open("metrics", settings, clock)
    charter, sign_in = kit.charter(), _SignIn()
    editions = _editions(kit, charter)
    kit.part("slas", editions)
    kit.part("sign-in client", sign_in)
    kit.loop("editions", editions.run)
    tickets, cells = kit.documents(TICKETS), kit.documents(CELLS)
    sums = kit.documents(SUMS)
    fold = tickets_fold(tickets, lambda: editions.book)
    ledger = kit.ledger("tickets", fold, stops=OwnPartition(TICKETS_TOPIC), gate=editions.until_now)
    changes = kit.documents(CHANGES)
    _gather(kit, changes)
    # Nobody waits for a figure, and SLAs are counted in minutes: larger batches, less work.
    kit.reads(*READS, pace=PACE)
    _figures(kit, cells)
    rejudging = Rejudging(ledger, fold, lambda: editions.book, kit.clock)
    kit.loop("rejudging", rejudging.run)
    meter = kit.telemetry.metrics.get_meter("desk_metrics")
    gauges = Gauges(meter, cells, sums, tickets, kit.clock)
    kit.loop("figures", gauges.run)
    authenticator = authenticator_from(settings, sign_in.client, kit.clock)
    parts = kit.app_parts(authenticator)
    deps = MetricsDeps(
        tickets,
        cells,
        lambda: editions.book,
        kit.clock,
        settings.people,
        settings.cost_per_minute,
    )
    letters = Correspondence(kit.documents(REPORTED), kit.documents(ANSWERS))
    people = People(settings.people, settings.cost_per_minute)
    sources = Sources(cells, sums, changes, lambda: charter.current, letters, people)
    _report(kit, sources, once_caught_up(kit.health.consumer(kit.name), kit.clock))
    answers = answers_router(_answers(kit, sources))
    return kit.service(metrics_app(parts, deps, answers, *_routers(deps, sources)))


def _answers(kit: Kit, sources: Sources) -> AnswersDeps:
    """Owners may answer at any replica, so nothing is remembered."""
    fold = answers_fold(sources.letters.answers)
    postbox = Postbox(Commands(kit.ledger("answers", fold, reads_bus=False, cached=0)))
    kit.part("answers", postbox)
    return AnswersDeps(sources.letters, postbox.commands, sources.charter, kit.clock)


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


def _gather(kit: Kit, changes: Documents[Changes]) -> None:
    """What figures are made of, beside tickets."""
    kit.ledger("repairs", repairs_fold(kit.documents(REPAIRS)), cached=2_000)
    kit.ledger("sights", sights_fold(kit.documents(SIGHTS)), cached=2_000)
    kit.ledger("spells", spells_fold(kit.documents(SPELLS)), cached=2_000)
    kit.ledger("voices", voices_fold(kit.documents(VOICES)), cached=500)
    kit.ledger("changes", changes_fold(changes), cached=2_000)


def _figures(kit: Kit, cells: Documents[Cell]) -> None:
    """What metrics tells itself, in a lane of its own: parts of days, and who came again."""
    days = kit.ledger("cells", cells_fold(cells), reads_bus=False, cached=64)
    returns = returns_fold(kit.documents(RETURNS))
    people = kit.ledger("returns", returns, reads_bus=False, cached=2_000)
    kit.reads(CONTRIBUTIONS, handler=Folding(days, people), lane="figures", pace=FIGURES_PACE)


def _report(kit: Kit, sources: Sources, gate: Gate) -> None:
    """The weekly report; other replicas write its document too, so nothing is remembered."""
    documents = sources.letters.reported
    ledger = kit.ledger("reported", reported_fold(documents), reads_bus=False, cached=0)
    reporting = Reporting(documents, Commands(ledger), sources, kit.clock)
    stops = NothingUnread("a report says until when its figures are, and its gate waits for us")
    kit.timers("reports", reporting, documents, stops, gate)
    ledger.on_due = reporting.on_due
    kit.part("reports", reporting)


def _editions(kit: Kit, charter: CharterSource) -> Editions:
    documents = kit.documents(EDITIONS)
    fold: Fold[Edition] = Fold(documents, keys=lambda _: (), react=lambda s, _e, _t: _unchanged(s))
    ledger = kit.ledger("editions", fold, reads_bus=False, cached=0)
    return Editions(documents, Commands(ledger), lambda: charter.current, kit.clock)


def _unchanged(_edition: Edition | None) -> Decision[Edition] | None:
    """No event makes an edition; only the charter does."""
    return None


def main() -> None:
    """Run until told to stop; what cannot start says why and ends with 2."""
    start_service(MetricsSettings, build)


if __name__ == "__main__":
    main()
