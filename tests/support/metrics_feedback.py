"""Shared by tests: metrics, feedback."""

from datetime import UTC, datetime, timedelta

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.feedback import SurveyAnswered
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.value_types import Severity, SubjectKind
from desk_metrics.measures.figures import Figures, figures_of
from desk_metrics.measures.totals import QuerySpan, totals_of
from desk_metrics.sla.worktime import micros

from tests.support.metrics_desk import Desk
from tests.support.metrics_story import book, policy

DAY = datetime(2026, 11, 23, tzinfo=UTC)


HOUR = timedelta(hours=1)


NOW = DAY + timedelta(days=7)


def happened(data: Payload, subject: str, at: datetime) -> AnyEvent:
    id = f"{data.TYPE}/{subject}/{at.isoformat()}/{data.model_dump_json()[:80]}"
    return Event(id, "/test", subject, at, data)


def answered(score: int, hours: int, revision: int = 1, **more: str) -> AnyEvent:
    data = SurveyAnswered.model_validate(
        {"ticket": "t-1", "cycle": 0, "revision": revision, "score": score, "by": "ana", **more}
    )
    return happened(data, "t-1", DAY + hours * HOUR)


def raised(
    subject: str, hours: float, kind: SubjectKind = SubjectKind.DEVICE, episode: str = ""
) -> AnyEvent:
    data = SignalRaised(
        episode=episode or f"e-{subject}",
        detector="d", signal="disk-filling", title="Disk filling",
        severity=Severity.WARNING, subject_kind=kind, measurement="disk", value=1, threshold=1,
        service="vpn", person="ana",
    )  # fmt: skip
    return happened(data, subject, DAY + hours * HOUR)


def cleared(
    subject: str, hours: float, kind: SubjectKind = SubjectKind.DEVICE, episode: str = ""
) -> AnyEvent:
    data = SignalCleared(
        episode=episode or f"e-{subject}",
        detector="d",
        signal="disk-filling",
        value=0,
        subject_kind=kind,
    )
    return happened(data, subject, DAY + hours * HOUR)


async def after(*events: AnyEvent) -> Desk:
    desk = Desk(NOW, book(policy(minutes=60)))
    for event in events:
        await desk.tell([event])
    await desk.at(NOW)
    return desk


async def figures(desk: Desk, by: str = "", as_of: datetime = NOW) -> dict[str, Figures]:
    span = QuerySpan(micros(DAY), micros(NOW), micros(as_of))
    by_group = totals_of(await desk.buckets(), [span], by)
    return {name: figures_of(totals, span) for (_, name), totals in by_group.items()}
