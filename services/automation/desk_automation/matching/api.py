"""Runbooks over HTTP: how they fared, why one did or did not act, and a run by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from desk_charter import CharterSource
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.runbooks import Runbook
from desk_contracts.frozen import Frozen, example
from desk_contracts.ids import derive_id
from desk_contracts.value_types import Duration
from desk_kernel import Context, Decision
from desk_platform.clock import Clock
from desk_platform.http import (
    IdempotentCall,
    Page,
    Principal,
    RequestModel,
    RequiredName,
    Role,
    require,
    require_key,
    sight,
)
from desk_platform.http.language import sentence
from desk_platform.http.why import LookView, StaffReader, SubjectAsked, WhyView, why_view
from desk_platform.kafka.unit_of_work import Cause
from desk_platform.lookout import Lookout
from desk_platform.store import Documents, Stored, readable
from fastapi import APIRouter, Depends, Request
from pydantic import Field

from desk_automation.holdback.decide import compare
from desk_automation.holdback.description import describe_difference
from desk_automation.holdback.model import Tally
from desk_automation.matching.by_person import RunRequest, request_run
from desk_automation.matching.decide import RunPolicy
from desk_automation.promotion.api import PromotionView, show_promotion
from desk_automation.promotion.decide import promotion_id
from desk_automation.promotion.model import PromotionState, find_mode
from desk_automation.recurrence.debts import count_since, debt_id
from desk_automation.recurrence.model import Debt
from desk_automation.rollouts.api import RolloutView, find_runbook, no_runbook, show_rollout
from desk_automation.rollouts.model import RolloutState
from desk_automation.runs.api.views import RunDetail, RunsApi, may_see_run, show_run
from desk_automation.runs.description import describe_run
from desk_automation.runs.model import Run
from desk_automation.runs.plan import bounds_of, version_of
from desk_automation.safety import statistics
from desk_automation.safety.statistics import RunbookStatistics

# Of the runs on a target, the newest; all of them are at /v1/runs.
MAX_RUNS = 20
# Where the charter does not say in how many days fixes are counted.
_DAYS = 30
AttributeText = Annotated[str, Field(max_length=1000)]
_may_start = require(Role.MEMBER, Role.OPERATOR)
_may_see = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)


class RecoveryView(Frozen):
    """How much more was well where the runbook acted than where it waited."""

    acted: Tally
    """Matches that did not wait: healed, or over before their turn."""
    waited: Tally
    """Matches that waited: over by themselves in the declared time."""
    beyond: float | None
    """Healed beyond natural recovery, as a share; null where too few are known."""
    low: float | None
    """The least that it may be, at 95 %, however the unknown ones ended."""
    high: float | None
    """The most that it may be."""
    text: str
    """The same as a sentence."""


class DebtView(Frozen):
    """How often a runbook was needed at all targets together."""

    days: int
    """In so many days, today included, in UTC."""
    cures: int
    """So many verified cures, those that did not last included."""
    too_many: int | None
    """With so many since the last problem its owner gets one; null where the charter says none."""
    problems: int
    """How often that was so."""
    last_problem_at: datetime | None
    """When it was so last."""


class RunbookView(Frozen):
    """A runbook, what it may do now and how it fared."""

    id: str
    """Id of the runbook."""
    version: str
    """Its content."""
    title: str
    """What it does."""
    why: str
    """Why this should help."""
    owner_team: str
    """Who answers for it."""
    risk: str
    """What can go wrong."""
    mode: str
    """The mode in force: of the charter, or promoted; past its review date it only suggests."""
    expires: str
    """Its review date."""
    cooldown: Duration
    """Least time between two runs on a target."""
    per_day: int
    """Most runs on a target in 24 hours."""
    per_hour: int
    """Most runs in an hour."""
    started_within_hour: int
    """How many of these are used."""
    breaker: str
    """closed, open or half-open."""
    breaker_since: datetime | None
    """Since when it is not closed; null while it is."""
    withheld: int
    """How many further matches it withheld since then, of causes that people have already."""
    failures_in_a_row: int
    """Runs in a row that did not heal."""
    totals: Mapping[str, int]
    """Runs so far by outcome; `relapsed` are cures that did not last, taken out of `healed`."""
    natural_recovery: RecoveryView | None
    """What heals by itself beside it; null where the charter measures none."""
    debt: DebtView
    """How often it was needed of late, and when that is too often."""
    promotion: PromotionView | None
    """What evidence says of its mode; null where the charter declares no promotion."""
    rollout: RolloutView | None
    """Its rings, what waits, and whether it is stopped; none where it has neither rings nor a
    fleet guard."""


@dataclass(frozen=True, slots=True)
class RunbookRecords:
    """What is kept of each runbook."""

    statistics: Documents[RunbookStatistics]
    debts: Documents[Debt]
    rollouts: Documents[RolloutState]
    promotions: Documents[PromotionState]


@dataclass(frozen=True, slots=True)
class MatchingApi:
    """What the routes read."""

    charter: CharterSource
    records: RunbookRecords
    runs: Documents[Run]
    lookout: Lookout
    clock: Clock


class RunOrder(RequestModel):
    """A run that a person asks for."""

    model_config = example(
        target="laptop-0042",
        reason="She cannot save her work, and no signal came.",
        attributes={"agent_url": "http://agent-0042.example:9000"},
    )

    target: RequiredName
    """What it acts on: a device, or a service by its id."""
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    """Why, for those who approve it and who wonder later."""
    attributes: dict[RequiredName, AttributeText] = Field(
        default={}, max_length=50, json_schema_extra={"additionalProperties": False}
    )
    """What the runbook takes from a signal's `data.attributes`."""


@dataclass(frozen=True, slots=True)
class StartApi:
    """What starting runs needs."""

    policy: RunPolicy
    runs: RunsApi


def match_router(api: MatchingApi, start: StartApi) -> APIRouter:
    """The routes about runbooks."""
    router = APIRouter(prefix="/v1")
    _add_listing(router, api)
    _add_why(router, api)
    _add_starting(router, api, start)
    return router


def _add_listing(router: APIRouter, api: MatchingApi) -> None:
    @router.get("/runbooks", tags=["runbooks"], summary="Runbooks, their limits and breakers")
    async def list_runbooks(
        request: Request, caller: Annotated[Principal, Depends(_may_see)]
    ) -> Page[RunbookView]:
        """Those of the charter in force; one whose record is damaged is left out, and those of
        teams that are hidden from the caller."""
        seen = sight(request, caller)
        every = api.charter.current.of(RUNBOOKS)
        runbooks = [runbook for runbook in every if not seen.hides(team=runbook.owner_team)]
        kept = await _read_records(api.records, runbooks)
        now = api.clock.now()
        views = (_view_runbook(runbook, kept, now) for runbook in runbooks)
        return Page(items=tuple(view for view in views if view is not None))


def _add_why(router: APIRouter, api: MatchingApi) -> None:
    @router.get("/why", tags=["runs"], summary="Why a runbook did or did not act")
    async def read_why(subject: SubjectAsked, reader: StaffReader) -> WhyView:
        """The runs on a target and where each stands, then what each runbook made of its signals:
        the part of the condition that was false, or could not be told, with the values."""
        listed_runs = await api.runs.find_brief({"target": subject}, order="newest", limit=MAX_RUNS)
        runs = (listed.state for listed in listed_runs if listed.state is not None)
        views = [_view_run(run) for run in runs if may_see_run(run, reader.seen)]
        return why_view(subject, api.lookout, reader, views)


def _add_starting(router: APIRouter, api: MatchingApi, start: StartApi) -> None:
    @router.post("/runbooks/{runbook}/runs", tags=["runbooks"], summary="Run a runbook on a target")
    async def start_run_by_hand(
        request: Request,
        runbook: str,
        body: RunOrder,
        caller: Annotated[Principal, Depends(_may_start)],
        call: Annotated[IdempotentCall, Depends(require_key)],
    ) -> RunDetail:
        """For members of its team and operators. Locks, limits, breaker, the stop of all acting,
        guards and verification hold as for any run. A runbook that suggests, or wants a yes, waits
        for that of somebody else; one that observes is refused."""
        seen = sight(request, caller)
        chosen = find_runbook(api.charter.current, runbook, caller, seen)
        order = RunRequest(
            derive_id(call.seed, "run"), body.target, caller.subject, body.reason, body.attributes
        )

        def rule(run: Run | None, context: Context) -> Decision[Run] | None:
            if run is not None:
                return None
            charter = api.charter.current
            decided = request_run(charter, chosen, order, start.policy, context.now)
            if not may_see_run(decided.state, seen):
                raise no_runbook(runbook)
            return decided

        cause = Cause(call.seed, content=call.fingerprint)
        changed = await start.runs.journal.change(order.run, rule, cause)
        if changed.state is None:
            raise start.runs.refuse(order.run)
        return show_run(changed.state)


def _view_run(run: Run) -> LookView:
    return LookView(
        kind="run",
        name=run.plan.runbook,
        at=run.ended_at or run.created_at,
        outcome=str(run.outcome or run.phase),
        text=sentence(describe_run(run)),
        values={"run": run.id, "episode": run.trigger.episode},
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read of all runbooks, and the ids of what is damaged."""

    statistics: Mapping[str, Stored[RunbookStatistics]]
    debts: Mapping[str, Stored[Debt]]
    rollouts: Mapping[str, Stored[RolloutState]]
    promotions: Mapping[str, Stored[PromotionState]]
    damaged: frozenset[str]


async def _read_records(records: RunbookRecords, runbooks: Sequence[Runbook]) -> _Kept:
    ids = [runbook.id for runbook in runbooks]
    statistics, damaged = await readable(records.statistics, ids)
    debts, lost_debts = await readable(records.debts, [debt_id(id) for id in ids])
    rollouts, lost_rollouts = await readable(records.rollouts, ids)
    versions = [promotion_id(runbook.id, version_of(runbook)) for runbook in runbooks]
    promotions, lost = await readable(records.promotions, versions)
    every = frozenset((*damaged, *lost_debts, *lost_rollouts, *lost))
    return _Kept(statistics, debts, rollouts, promotions, every)


def _view_runbook(runbook: Runbook, kept: _Kept, now: datetime) -> RunbookView | None:
    id, version = runbook.id, version_of(runbook)
    promotion = promotion_id(id, version)
    if kept.damaged & {id, debt_id(id), promotion}:
        return None
    stored, debt = kept.statistics.get(id), kept.debts.get(debt_id(id))
    rollout, promoted = kept.rollouts.get(id), kept.promotions.get(promotion)
    promoted_state = (promoted and promoted.state) or PromotionState()
    counts = (stored and stored.state) or RunbookStatistics()
    bounds = bounds_of(runbook)
    episode = counts.open_episode
    return RunbookView(
        id=runbook.id,
        version=version,
        title=runbook.title,
        why=runbook.why,
        owner_team=runbook.owner_team,
        risk=runbook.risk,
        mode=find_mode(runbook, promoted_state.mode, now.date()),
        expires=runbook.expires.isoformat(),
        cooldown=bounds.cooldown,
        per_day=bounds.per_day,
        per_hour=bounds.per_hour,
        started_within_hour=statistics.count_last_hour(counts, now),
        breaker=statistics.find_breaker(counts, bounds, now),
        breaker_since=episode.since if episode else None,
        withheld=episode.withheld if episode else 0,
        failures_in_a_row=counts.failures,
        totals=dict(counts.totals),
        natural_recovery=_view_recovery(runbook, counts),
        debt=_view_debt(runbook, (debt and debt.state) or Debt(runbook=runbook.id), now),
        promotion=show_promotion(runbook, promoted_state, now),
        rollout=show_rollout(runbook, (rollout and rollout.state) or RolloutState(), now),
    )


def _view_debt(runbook: Runbook, debt: Debt, now: datetime) -> DebtView:
    bound = runbook.debt.per_cause if runbook.debt else None
    days = bound.within.days if bound else _DAYS
    return DebtView(
        days=days,
        cures=count_since(debt.by_day, days, now),
        too_many=bound.times if bound else None,
        problems=debt.reports,
        last_problem_at=debt.reported_at,
    )


def _view_recovery(runbook: Runbook, counts: RunbookStatistics) -> RecoveryView | None:
    if runbook.hold_back is None:
        return None
    comparison, least = counts.comparison, runbook.hold_back.least
    difference = compare(comparison, least)
    return RecoveryView(
        acted=comparison.acts,
        waited=comparison.waits,
        beyond=None if difference is None else difference.beyond,
        low=None if difference is None else difference.low,
        high=None if difference is None else difference.high,
        text=sentence(describe_difference(difference, comparison, least)),
    )
