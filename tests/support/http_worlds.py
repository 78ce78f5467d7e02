"""Each service with something plain and something confidential in it, for many readers.

The confidential things are those of team `business-apps` and its service `crm`; what stands in
`SECRETS` is known to nobody else.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import cast

from desk_automation.devices.api import DevicesApi, device_router
from desk_automation.devices.model import DeviceRecord
from desk_automation.devices.store import DEVICES
from desk_automation.matching.api import MatchingApi, RunbookRecords, StartApi, match_router
from desk_automation.matching.worker import note_runbooks
from desk_automation.promotion.api import PromotionApi, promotion_router
from desk_automation.rollouts.api import RolloutApi, rollout_router
from desk_automation.runs.api.approvals import approval_router
from desk_automation.runs.api.consents import consent_router
from desk_automation.runs.api.runs import run_router
from desk_automation.runs.api.views import RunsApi
from desk_automation.safety.api import StopApi, stop_router
from desk_automation.scopes.api import scopes_router
from desk_charter import Charter, CharterSource
from desk_charter.runbook_checks import RUNBOOKS
from desk_contracts import AnyEvent
from desk_contracts.device_orders import DevicePolicy
from desk_contracts.events.feedback import DemandRequested, SurveyAnswered
from desk_contracts.events.problems import ProblemDetected
from desk_contracts.events.telemetry import AlertFired
from desk_contracts.message import verbatim
from desk_contracts.value_types import Severity, SubjectKind
from desk_intake.demands.decide import demand_id
from desk_intake.surveys.decide import survey_id
from desk_metrics.measures.api import MetricsDeps, experience_router, metrics_routers
from desk_metrics.planning.api import goals_router
from desk_metrics.planning.charter import Goal
from desk_metrics.planning.store import PlanningDeps
from desk_metrics.reports.api.page import page_router
from desk_metrics.reports.api.responses import AnswersDeps, answers_router
from desk_metrics.reports.api.services import reports_router
from desk_metrics.reports.decide import WEEKLY, Reported
from desk_metrics.reports.responses import AskedProposal
from desk_metrics.reports.store import ANSWERS, REPORTED, OwnerResponses, Sources
from desk_notify.deliveries.api import delivery_router
from desk_notify.deliveries.store import DELIVERIES
from desk_platform.clock import Clock, FakeClock
from desk_platform.health import Health
from desk_platform.http import AppParts, Cursors, Principal, Role, make_app
from desk_platform.kafka import CommandQueue, Projection, UnitOfWork
from desk_platform.lookout import Lookout
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry, unread_meters
from desk_triage.similar.api import similar_router
from fastapi import FastAPI

from tests.support.agent_device import clean_policy
from tests.support.automation_engine import KEPT, Engine, raised, runbook
from tests.support.charter_sections import obeying
from tests.support.confidential import with_secrets
from tests.support.intake_world import make_desk, triage_says
from tests.support.metrics_desk import Desk as MetricsDesk
from tests.support.metrics_feedback import NOW, after, answered
from tests.support.metrics_feedback import raised as trouble
from tests.support.metrics_measures import second
from tests.support.metrics_story import Story
from tests.support.notify_deliveries import dispatch
from tests.support.notify_desk import NOON
from tests.support.triage_desk import TriageDesk, event, measured, opened
from tests.support.triage_index import index_tickets

ANA, SUE, ADA = "ana@desk.example", "sue@desk.example", "ada@desk.example"
TITLE, OUTAGE, BOOK = "The board sees wrong sums", "Nobody sees records", "Restart the records"
# Whole words, so that no id or cursor has one of them by chance.
SECRETS = re.compile(
    rf"\bcrm\b|crm[-.]|customer records|business[- ]app|{TITLE}|{OUTAGE}|{BOOK}|{SUE}", re.I
)
WEEK = "from=2026-11-23&to=2026-11-29"

READERS: dict[str, Principal | None] = {
    "ana": Principal(ANA, frozenset({Role.EMPLOYEE})),
    "sue": Principal(SUE, frozenset({Role.EMPLOYEE})),
    "ben": Principal("ben@desk.example", frozenset({Role.EMPLOYEE}), "business-apps"),
    "mia": Principal("mia@desk.example", frozenset({Role.MEMBER}), "business-apps"),
    "max": Principal("max@desk.example", frozenset({Role.MEMBER}), "network"),
    "nil": Principal("nil@desk.example", frozenset({Role.MEMBER}), "no-such-team"),
    "olga": Principal("olga@desk.example", frozenset({Role.OWNER})),
    "otto": Principal("otto@desk.example", frozenset({Role.OPERATOR})),
    "odd": Principal("odd@desk.example"),  # of roles that the desk does not know
    "nobody": None,
}


# Also known, beside those of the table.
ADAS = Principal(ADA, frozenset({Role.MEMBER}), "network")


@dataclass
class World:
    """A service's application, and how the plain and the confidential things in it are called."""

    app: FastAPI
    names: dict[str, tuple[str, str]] = field(default_factory=dict)


def secret_charter() -> Charter:
    """The default charter with a confidential team, a goal about its service, and its runbook."""
    charter = with_secrets(team="business-apps")
    goals = [_goal("less-vpn", "Less about the VPN", "vpn"), _goal("less-crm", OUTAGE, "crm")]
    sources = (runbook(), runbook(id="restart-crm", title=BOOK, owner_team="business-apps"))
    return obeying(charter, goals=tuple(goals), runbooks=sources)


def _goal(name: str, title: str, service: str) -> Goal:
    return Goal.model_validate(
        {
            "name": name, "title": title, "measure": "contacts", "where": {"services": [service]},
            "direction": "down", "target": {"times_baseline": 0.5}, "due": date(2027, 8, 22),
            "baseline": {"from": date(2026, 6, 1), "to": date(2026, 8, 23)},
        }
    )  # fmt: skip


CHARTER = secret_charter()


def _parts(clock: Clock) -> AppParts:
    who = FakeAuthenticator(ADAS, *(reader for reader in READERS.values() if reader))
    telemetry = record_telemetry().telemetry
    return AppParts(Health(clock), telemetry, who, clock, organisation=lambda: CHARTER)


async def intake() -> World:
    desk = make_desk(CHARTER)
    plain = await desk.client(ANA).open("The VPN is slow", service="vpn")
    secret = await desk.client(SUE).open(TITLE, service="Customer records")
    own = await desk.client("ben@desk.example").open("My own")
    await desk.hear(triage_says(), plain)
    await desk.hear(triage_says(team="business-apps"), secret)
    for service, team, title in (("crm", "business-apps", OUTAGE), ("vpn", "network", "VPN down")):
        detected = ProblemDetected(
            service=service, title=verbatim(title), team=team, message=verbatim(title),
            tickets=(), people=(), explanation=(),
        )  # fmt: skip
        await desk.hear(detected, f"p-{service}")
    articles = []
    for service, title in (("vpn", "The VPN at home"), ("crm", OUTAGE)):
        text = {"language": "en", "title": title, "body": title}
        written = await desk.client("olga@desk.example", "owner").post(
            "/articles", translations=[text], services=[service]
        )
        articles.append(str(written.json()["id"]))
    await desk.read_topics()
    names = {"article": (articles[0], articles[1])}
    names |= {"ticket": (plain, secret), "other": (own, own), "service": ("vpn", "crm")}
    names |= {"id": ("p-vpn", "p-crm")}
    for who, ticket, content in ((ANA, plain, b"VPN"), (SUE, secret, TITLE.encode())):
        added = await desk.client(who).client.post(
            f"/v1/tickets/{ticket}/attachments?name=a.txt",
            content=content,
            headers={"Idempotency-Key": ticket},
        )
        names["attachment"] = (*names.get("attachment", ()), added.json()["attachments"][0]["id"])
    app = cast("FastAPI", desk.transport.app)
    unhappy = SurveyAnswered(ticket=plain, cycle=0, revision=1, score=1, by=ANA, team="network")
    await desk.hear(unhappy, plain)
    wanted = DemandRequested(feedback="f-1", what="A quiet room", by=ANA)
    await desk.hear(wanted, "a quiet room")
    owed, demand = survey_id(plain, 0), demand_id("demand", "a quiet room")
    names |= {"token": ("of-nobody", "of-nobody"), "follow_up": (owed, owed)}
    names |= {"demand": (demand, demand)}
    return World(app, names | {"team": ("network", "business-apps")})


def _alert(subject: str, service: str, summary: str = OUTAGE) -> AnyEvent:
    data = AlertFired(
        subject_kind=SubjectKind.SERVICE, name="Down", fingerprint=f"{subject}-{service}",
        severity=Severity.CRITICAL, summary=summary, service=service,
    )  # fmt: skip
    return event(subject, data, 3)


async def triage() -> World:
    desk = TriageDesk(charter=CHARTER)
    plain = [opened("VPN does not connect", n / 10, person=ANA, service="vpn") for n in range(6)]
    people = [SUE, *(f"{n}@desk.example" for n in range(5))]
    secret = [
        opened(TITLE, 1 + n / 10, person=person, service="crm") for n, person in enumerate(people)
    ]
    plain = [*plain, *(opened("VPN", 1, person=item, service="vpn") for item in people[1:])]
    await desk.feed(*plain, *secret)
    await desk.feed(
        measured(5, 3, subject="laptop-1", person=ADA),
        _alert("crm-db-1", "crm"),
        _alert("server-2", "Customer Records"),
        _alert("crm", ""),
        _alert("gateway", "vpn", "VPN down"),
        measured(1, 3, "crm.queue", "crm-db-1", SubjectKind.SERVICE, service="crm"),
        measured(1, 3, "fan.speed", "laptop-1"),
        opened("Where is it?", 3, service="Customer recrods", person=ANA),
    )
    (register,) = await desk.register.find({"open": True})
    assert register.state is not None
    ids = {problem.service: problem.id for problem in register.state.problems}
    similar = similar_router(await index_tickets((*plain, *secret), desk.clock))
    app = make_app("triage", [*desk.routers(), similar], _parts(desk.clock))
    return World(
        app,
        {
            "ticket": (plain[0].subject, secret[0].subject),
            "id": (ids["vpn"], ids["crm"]),
            "service": ("vpn", "crm"),
            "device": ("laptop-1", "crm-db-1"),
        },
    )


async def automation() -> World:
    engine = Engine(CHARTER.of(RUNBOOKS)[:1])
    meters = unread_meters()
    lookout = Lookout(engine.clock.now(), meters)
    for subject, service in (("laptop-1", ""), ("crm-db-1", "crm"), ("crm", "")):
        signal = raised(subject)
        signal = signal._replace(data=signal.data.model_copy(update={"service": service}))
        await engine.hear(signal)
        note_runbooks(lookout, signal, engine.rulebook)
    runs = await engine.runs.find({})
    ids = {run.state.target: run.id for run in runs if run.state}
    source = cast("CharterSource", SimpleNamespace(current=CHARTER))
    matching = MatchingApi(
        source,
        RunbookRecords(
            engine.statistics, engine.debts, engine.rollouts, engine.promotions.documents
        ),
        engine.runs,
        lookout,
        engine.clock,
    )
    api = RunsApi(engine.runs, engine.journal, lambda: KEPT)
    routers = [
        run_router(api, Cursors(b"x")),
        approval_router(api),
        consent_router(api),
        stop_router(StopApi(engine.stop_commands, engine.stops)),
        match_router(matching, StartApi(engine.policy, api)),
        scopes_router(engine.restraints.scopes_api(source, engine.runs)),
        rollout_router(RolloutApi(source, engine.collections.rollouts, engine.clock)),
        promotion_router(PromotionApi(source, engine.promotions.commands, engine.clock)),
        device_router(DevicesApi(await _devices(engine.clock), _policies), Cursors(b"x")),
    ]
    names = {
        "runbook": (CHARTER.of(RUNBOOKS)[0].id, "restart-crm"),
        "id": (ids["laptop-1"], ids["crm-db-1"]),
        "service": ("vpn", "crm"),
        "device": ("laptop-1", "crm-db-1"),
    }
    return World(make_app("automation", routers, _parts(engine.clock)), names)


async def _devices(clock: FakeClock) -> FakeDocuments[DeviceRecord]:
    documents = FakeDocuments(DEVICES, clock)
    for device, folder in (("crm-db-1", "customer records"), ("laptop-1", "caches")):
        actions = {"clean-disk": folder}
        record = DeviceRecord(connected_at=NOON, journal="j", journal_since=NOON, actions=actions)
        await documents.write([Stored(device, state=record)])
    return documents


def _policies(device: str) -> tuple[DevicePolicy, ...]:
    """Only the one of the confidential service names it."""
    policy = clean_policy(NOON)
    of_crm = {"id": "clean-crm", "service": "crm", "team": "business-apps", "title": TITLE}
    return (policy.model_copy(update=of_crm if device == "crm-db-1" else {}),)


async def notify() -> World:
    clock = FakeClock(NOON)
    documents = FakeDocuments(DELIVERIES, clock)
    sent = (("network", "VPN down"), ("business-apps", TITLE), (SUE, TITLE), (ANA, "VPN down"))
    for number, (recipient, title) in enumerate(sent):
        fields = {"message": f"m-{number}", "recipient": recipient, "title": title}
        state = dispatch().model_copy(update=fields)
        await documents.write([Stored(id=state.message, state=state)])
    routers = [delivery_router(documents, Cursors(b"x"))]
    names = {"team": ("network", "business-apps"), "person": (ANA, SUE)}
    return World(make_app("notify", routers, _parts(clock)), names)


async def _week() -> MetricsDesk:
    plain = Story("2026-11-24 09:00", service="vpn", requester=ANA, device="lt-1")
    secret = Story("2026-11-24 09:00", service="crm", requester=SUE)
    lives = [
        *plain.assigned("2026-11-24 10:00", "network").resolved("2026-11-24 11:00").events,
        *second(secret.assigned("2026-11-24 10:00", "business-apps"), "ticket-2", SUE),
    ]
    return await after(
        *lives,
        trouble("vpn", 30, SubjectKind.SERVICE),
        trouble("crm", 30, SubjectKind.SERVICE),
        answered(1, 40, service="crm"),
        answered(5, 41, service="vpn"),
    )


async def metrics() -> World:
    desk = await _week()
    clock, collections, telemetry = desk.clock, desk.collections, record_telemetry().telemetry
    reported, answers = FakeDocuments(REPORTED, clock), FakeDocuments(ANSWERS, clock)
    responses = OwnerResponses(reported, answers)
    proposals = tuple(
        AskedProposal(item, "repair", 2, 2, NOW, "2026-W44/2026-W47", 5.0)
        for item in ("crm", "vpn")
    )
    await reported.write([Stored(id=WEEKLY, state=Reported(NOW, proposals))])
    projection = Projection(answers)
    commands = CommandQueue(
        UnitOfWork(projection, FakePublisher(), clock, telemetry.meters, cached=0)
    )
    deps = MetricsDeps(
        collections.tickets, collections.buckets, lambda: desk.book, clock, people=50
    )
    sources = Sources(
        collections.buckets, desk.sums, collections.changes, lambda: CHARTER, responses
    )
    routers = metrics_routers(
        deps,
        answers_router(AnswersDeps(responses, commands, lambda: CHARTER, clock)),
        reports_router(sources, clock),
        experience_router(deps),
        page_router(sources, clock),
        goals_router(
            PlanningDeps(collections.buckets, desk.sums, lambda: CHARTER, clock, people=50)
        ),
    )
    app = make_app("metrics", routers, _parts(clock))
    names = {
        "ticket": ("ticket-1", "ticket-2"),
        "service": ("vpn", "crm"),
        "team": ("network", "business-apps"),
    }
    return World(app, names)


WORLDS = {
    "intake": intake, "triage": triage, "automation": automation, "notify": notify,
    "metrics": metrics,
}  # fmt: skip
