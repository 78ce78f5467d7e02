"""How a run is shown to people, and who may see it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from desk_contracts.errors import NotFound
from desk_contracts.events.automation import Outcome, StepStatus
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_kernel.sight import Sight
from desk_platform.http import Role
from desk_platform.http.language import sentence
from desk_platform.kafka import CommandQueue
from desk_platform.store import Documents

from desk_automation.runs.description import describe_line, describe_run
from desk_automation.runs.model import Phase, Run
from desk_automation.safety.approval import Approval

STAFF_OF_RUNS = (Role.MEMBER, Role.OWNER, Role.OPERATOR)


class RunView(Frozen):
    """One run at a glance."""

    id: str
    """The run; proactive tickets name it as their origin."""
    runbook: str
    """Id of the runbook."""
    version: str
    """The content of the runbook that this run uses to its end."""
    title: str
    """What the runbook does."""
    target: str
    """What it acts on."""
    episode: str
    """The signal's episode that started it."""
    phase: Phase
    """Where the run is."""
    outcome: Outcome | None
    """What verification said, once the run is over."""
    relapsed_at: datetime | None
    """When the trouble of its cure was back, within seven days: the cure is taken back."""
    corrects: Outcome | None
    """The outcome that was told first and that late measurements showed not to be so."""
    done_by: Literal["desk", "device"]
    """Who acted: the desk, or the device by itself, by a policy, while it was cut off."""
    status: str
    """Where the run is and why, as a sentence."""
    plan_hash: str
    """Stands for exactly these steps on exactly this target."""
    created_at: datetime
    """When the runbook matched."""
    ended_at: datetime | None
    """When it was over."""


class LineView(Frozen):
    """One line of the journal."""

    at: datetime
    """When it was begun."""
    ended_at: datetime | None
    """When its outcome was known."""
    step: str
    """Id of the step or guard."""
    executor: str
    """The kind of action it is, by the name of what carries it out: http, wait."""
    status: StepStatus
    """What became of it."""
    attempt: int
    """Which try it was."""
    text: str
    """The same as a sentence."""


class VoteView(Frozen):
    """What one person said to the plan."""

    by: str
    """Who."""
    is_approved: bool
    """Yes or no."""
    at: datetime
    """When."""
    comment: str
    """Why, if they said so."""


class ApprovalView(Frozen):
    """Whose yes a run waits for, and what was said so far."""

    plan: str
    """The hash that a yes must name."""
    team: str
    """Whose members may say yes."""
    role: str
    """Instead of the team: whoever has this role may."""
    needed: int
    """How many different people must say yes."""
    given: int
    """How many did."""
    asked_at: datetime
    """When they were asked."""
    until: datetime
    """After it silence is no."""
    votes: tuple[VoteView, ...]
    """Who said what."""


class RunDetail(RunView):
    """One run with its journal."""

    journal: tuple[LineView, ...]
    """What was done, in order; secrets are left out."""
    team: str
    """Who gets it when it does not help."""
    approval: ApprovalView | None
    """Whose yes it waits for, or waited for."""
    requested_by: str
    """Who asked for it by hand; empty where a signal or a ticket did."""
    why: str
    """Why they did."""
    transitions: int
    """How many transitions of it were sealed, one after the other; 0 where nothing is sealed."""


@dataclass(frozen=True, slots=True)
class RunsApi:
    """What the routes need."""

    runs: Documents[Run]
    journal: CommandQueue[Run]
    # How long a run is kept after its end.
    kept: Callable[[], timedelta]

    def refuse(self, id: str) -> NotFound:
        """There is no such run, or not any more, or not for this caller: which of them is not told
        apart, since of a run that was removed nothing is kept."""
        return NotFound(message("run.not-found", run=id, kept=self.kept()), run=id)


def may_see_run(run: Run, seen: Sight) -> bool:
    """A run is about the service of its signal, or the one it acts on, and its team's matter."""
    team = run.plan.team
    return not (seen.hides(run.trigger.service, team) or seen.hides(run.target, team))


async def find_run(api: RunsApi, id: str, seen: Sight) -> Run:
    """The run as it is stored; `NotFound` also for one that the caller may not know of."""
    stored = (await api.runs.load([id])).get(id)
    if stored is None or stored.state is None or not may_see_run(stored.state, seen):
        raise api.refuse(id)
    return stored.state


def summarize_run(run: Run) -> RunView:
    """The run at a glance."""
    return RunView(
        id=run.id,
        runbook=run.plan.runbook,
        version=run.plan.version,
        title=run.plan.title,
        target=run.target,
        episode=run.trigger.episode,
        phase=run.phase,
        outcome=run.outcome,
        relapsed_at=None if run.relapse is None else run.relapse.at,
        corrects=run.corrects,
        done_by="device" if run.is_by_device else "desk",
        status=sentence(describe_run(run)),
        plan_hash=run.plan.hash,
        created_at=run.created_at,
        ended_at=run.ended_at,
    )


def show_run(run: Run) -> RunDetail:
    """The run with its journal in words."""
    journal = tuple(
        LineView(
            at=entry.at,
            ended_at=entry.ended_at,
            step=entry.step,
            executor=entry.executor,
            status=entry.status,
            attempt=entry.attempt,
            text=sentence(describe_line(entry)),
        )
        for entry in run.journal
    )
    return RunDetail(
        **summarize_run(run).model_dump(),
        journal=journal,
        team=run.plan.team,
        approval=None if run.approval is None else _show_approval(run, run.approval),
        requested_by=run.trigger.requested_by,
        why=run.trigger.reason,
        transitions=run.link.number,
    )


def _show_approval(run: Run, approval: Approval) -> ApprovalView:
    planned = run.plan.approval
    return ApprovalView(
        plan=approval.plan,
        team=planned.team if planned else run.plan.team,
        role=planned.role if planned else "",
        needed=approval.needed,
        given=approval.given,
        asked_at=approval.asked_at,
        until=approval.until,
        votes=tuple(VoteView(**vote.model_dump()) for vote in approval.votes),
    )
