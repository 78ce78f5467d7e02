"""Metrics as one table: what it reads, keeps and answers; `python -m desk_metrics`."""

from datetime import timedelta
from functools import partial

from desk_charter.desk import Desk, obey_charter
from desk_charter.slas import SLAS
from desk_contracts.names import CONTRIBUTIONS
from desk_contracts.names import TICKETS as TICKETS_TOPIC
from desk_platform.kafka import Projection
from desk_platform.kafka.specification import application
from desk_platform.kafka.timer_stops import NothingUnread, OwnPartition
from desk_platform.lifetimes import Beginning
from desk_platform.service import Service, Subscription, Web
from fastapi import APIRouter

from desk_metrics.checkpoints.store import CHAINS
from desk_metrics.checkpoints.worker import chains_projection
from desk_metrics.measures.api import MetricsDeps, experience_router, metrics_routers
from desk_metrics.measures.gauges import Gauges
from desk_metrics.measures.store import (
    BUCKETS,
    DETECTIONS,
    OUTAGES,
    REPAIRS,
    RESPONSES,
    RETURNS,
    SUMS,
    TICKETS,
)
from desk_metrics.measures.worker import (
    READS,
    Reevaluation,
    buckets_projection,
    detections_projection,
    outages_projection,
    repairs_projection,
    responses_projection,
    returns_projection,
    tickets_projection,
)
from desk_metrics.planning.api import goals_router
from desk_metrics.planning.charter import GOALS
from desk_metrics.planning.goal_weeks import People
from desk_metrics.planning.store import PlanningDeps
from desk_metrics.reports.api.page import page_router
from desk_metrics.reports.api.responses import AnswersDeps, answers_router
from desk_metrics.reports.api.services import reports_router
from desk_metrics.reports.store import ANSWERS, CHANGES, REPORTED, OwnerResponses, Sources
from desk_metrics.reports.worker import Reporting, changes_projection, once_caught_up
from desk_metrics.settings import MetricsSettings
from desk_metrics.sla.store import EDITIONS
from desk_metrics.sla.worker import Editions

# What an SLA gives rise to is told to three services: fewer batches here are fewer there. With the
# half second between two watermarks a breach is still told within one.
LINGER = timedelta(milliseconds=400)
# A part of a day is a large document: what changes in it is gathered, so it is written less often.
FIGURES_LINGER = timedelta(seconds=2)


def compose(desk: Desk, settings: MetricsSettings) -> Web:
    """Its units of work, jobs and routes."""
    editions = _editions(desk)
    tickets, buckets, sums = (desk.documents(item) for item in (TICKETS, BUCKETS, SUMS))
    projection = tickets_projection(tickets, lambda: editions.book)
    unit_of_work = desk.unit_of_work(
        "tickets", projection, stops=OwnPartition(TICKETS_TOPIC), readiness_gate=editions.until_now
    )
    reevaluation = Reevaluation(unit_of_work, projection, lambda: editions.book, desk.clock)
    desk.job("reevaluation", reevaluation.run)
    _gather(desk)
    noted = NothingUnread("an end that was read is true, whatever comes after it")
    desk.unit_of_work("chains", chains_projection(desk.documents(CHAINS)), cached=64, stops=noted)
    meter = desk.telemetry.metrics.get_meter("desk_metrics")
    desk.job("figures", Gauges(meter, buckets, sums, tickets, desk.clock).run)
    deps = MetricsDeps(
        tickets,
        buckets,
        lambda: editions.book,
        desk.clock,
        settings.people,
        settings.cost_per_minute,
    )
    responses = OwnerResponses(desk.documents(REPORTED), desk.documents(ANSWERS))
    people = People(settings.people, settings.cost_per_minute)
    changes = desk.documents(CHANGES)
    sources = Sources(buckets, sums, changes, lambda: desk.charter.current, responses, people)
    _report(desk, sources)
    # Owners may answer at any replica, so nothing is remembered.
    answers = desk.unit_of_work("answers", Projection(responses.answers), cached=0)
    answers_deps = AnswersDeps(responses, desk.commands(answers), sources.charter, desk.clock)
    return Web(metrics_routers(deps, *_routers(deps, sources), answers_router(answers_deps)))


def _routers(deps: MetricsDeps, sources: Sources) -> tuple[APIRouter, ...]:
    """Routes that stand in modules of their own."""
    planning = PlanningDeps(
        deps.buckets,
        sources.sums,
        sources.charter,
        deps.clock,
        deps.people,
        deps.cost_per_minute,
    )
    return (
        reports_router(sources, deps.clock),
        experience_router(deps),
        page_router(sources, deps.clock),
        goals_router(planning),
    )


def _gather(desk: Desk) -> None:
    """What figures are made of, beside tickets."""
    desk.unit_of_work("repairs", repairs_projection(desk.documents(REPAIRS)), cached=2_000)
    desk.unit_of_work("detections", detections_projection(desk.documents(DETECTIONS)), cached=2_000)
    desk.unit_of_work("outages", outages_projection(desk.documents(OUTAGES)), cached=2_000)
    desk.unit_of_work(
        "survey_responses", responses_projection(desk.documents(RESPONSES)), cached=500
    )
    desk.unit_of_work("changes", changes_projection(desk.documents(CHANGES)), cached=2_000)
    desk.unit_of_work("buckets", buckets_projection(desk.documents(BUCKETS)), cached=64)
    desk.unit_of_work("returns", returns_projection(desk.documents(RETURNS)), cached=2_000)


def _report(desk: Desk, sources: Sources) -> None:
    """The weekly report; other replicas write its document too, so nothing is remembered."""
    documents = sources.responses.reported
    reported = desk.unit_of_work("reported", Projection(documents), cached=0)
    reporting = Reporting(documents, desk.commands(reported), sources, desk.clock)
    stops = NothingUnread("a report says until when its figures are, and its gate waits for us")
    gate = once_caught_up(desk.health.consumer(desk.name), desk.clock)
    desk.timers("reports", reported, reporting.on_timer, stops, gate)
    desk.part("reports", Beginning(reporting.begin))


def _editions(desk: Desk) -> Editions:
    documents = desk.documents(EDITIONS)
    noted = desk.unit_of_work("editions", Projection(documents), cached=0)
    charter = desk.charter
    editions = Editions(documents, desk.commands(noted), lambda: charter.current, desk.clock)
    desk.part("slas", Beginning(editions.begin))
    desk.job("editions", editions.run)
    return editions


SERVICE = Service(
    "metrics",
    MetricsSettings,
    collections=(
        TICKETS,
        BUCKETS,
        SUMS,
        EDITIONS,
        REPAIRS,
        DETECTIONS,
        OUTAGES,
        RESPONSES,
        CHANGES,
        RETURNS,
        REPORTED,
        ANSWERS,
        CHAINS,
    ),
    subscriptions=(
        # Nobody waits for a figure, and SLAs are counted in minutes: larger batches, less work.
        Subscription(
            READS,
            to=(
                "tickets",
                "changes",
                "repairs",
                "detections",
                "outages",
                "survey_responses",
                "chains",
            ),
            linger=LINGER,
        ),
        # What metrics tells itself: parts of days, and who came again.
        Subscription(
            (CONTRIBUTIONS,),
            to=("buckets", "returns", "tickets"),
            group="figures",
            linger=FIGURES_LINGER,
        ),
    ),
    organisation=obey_charter(SLAS, GOALS),
    compose=compose,
)

# `faststream docs serve desk_metrics.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)
