"""What a runbook would do, with every parameter filled in; nothing is sent to the target."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from desk_automation.actions.model import PlannedAct, PlannedProbe, PlannedWait
from desk_automation.adapters.executors.registry import EXECUTORS
from desk_automation.matching.decide import RunPolicy, start_run
from desk_automation.patterns.charter import play_test
from desk_automation.runs.model import Run
from desk_automation.runs.scopes import count_people, list_scopes
from desk_automation.windows.decide import find_open
from desk_automation.windows.model import Affected, PlannedChanges
from desk_charter import Charter
from desk_charter.public_holidays import date_calendar
from desk_charter.runbooks import Runbook
from desk_charter.value_types import write_duration
from desk_charter.window_checks import WINDOWS
from desk_contracts import Event
from desk_contracts.errors import Rejected
from desk_contracts.events.signals import SignalRaised
from desk_contracts.value_types import Severity, SubjectKind
from pydantic import ValidationError
from pydantic_core import to_json

from desk_runbooks.runs_api import RunbookUse


@dataclass(frozen=True, slots=True)
class Example:
    """A runbook and an event that starts it."""

    runbook: Runbook
    event: Event[SignalRaised]


def example_of(runbook: Runbook, target: str) -> Example:
    """The event of the first of its tests that starts it, on this target."""
    test = next((test for test in runbook.tests if test.expect == "run"), None)
    if test is None:
        raise Rejected(
            f"'{runbook.id}' has no test with 'expect: run', so no event of it is known; add one."
        )
    given = test.data
    if given is None:
        given = play_test(runbook, test)[-1].event.data
    plain = {
        "episode": f"{target}/plan",
        "detector": "plan",
        "signal": runbook.id,
        "title": f"Plan for {target}",
        "severity": Severity.WARNING,
        "subject_kind": SubjectKind.DEVICE,
        "measurement": "",
        "value": 0.0,
        "threshold": 0.0,
    }
    try:
        data = SignalRaised.model_validate(plain | given)
    except ValidationError as error:
        raise Rejected(f"the event of '{test.name}' is no signal: {error}") from error
    now = datetime.now(UTC)
    return Example(runbook, Event(id="plan", source="/plan", subject=target, time=now, data=data))


def describe_plan(charter: Charter, example: Example, use: RunbookUse | str) -> str:
    """The plan in lines.

    `use` is what a desk that runs says of the limits, or why nobody knows.
    """
    return "\n".join(_lines(charter, example, use))


def _lines(charter: Charter, example: Example, use: RunbookUse | str) -> Iterator[str]:
    runbook, event = example.runbook, example.event
    policy = RunPolicy(timedelta(hours=1), timedelta(hours=1), EXECUTORS.kinds)
    run = start_run(runbook, event, charter.team(runbook.owner_team), policy, event.time).state
    plan = run.plan
    yield f"{plan.title} ({runbook.id}, version {plan.version}), mode {plan.mode}"
    yield f"target: {run.target}; plan {plan.hash}"
    if run.has_ended and not plan.steps:
        yield f"it cannot be planned: {run.reason}"
        return
    yield f"starts {write_duration(runbook.settle)} after the signal, if that is not over by then"
    for guard in plan.guards:
        yield f"  if    {guard.id}: {guard.call.summary}, expects {guard.expect.strip()}"
    for step in plan.steps:
        yield from _describe_step(step)
    taken = {step.id for step in (*plan.guards, *plan.steps)}
    for left_out in (*runbook.guards, *runbook.steps):
        if left_out.id not in taken:
            yield f"  not   {left_out.id}: {left_out.condition} is false"
    if plan.verify is not None:
        verify = plan.verify
        yield (
            f"  then  {verify.measurement}: {verify.condition}, {verify.samples} in a row"
            f" within {write_duration(verify.within)}"
        )
    bounds = plan.bounds
    yield (
        f"limits: {write_duration(bounds.cooldown)} between two runs on a target, {bounds.per_day}"
        f" a day on a target, {bounds.per_hour} an hour in all; beyond: {bounds.overflow}"
    )
    yield from _describe_scopes(charter, run)
    yield from _describe_rings(runbook)
    yield from _describe_windows(charter, run)
    yield from _describe_use(plan.version, use)
    yield "Nothing was sent to the target."


def _describe_scopes(charter: Charter, run: Run) -> Iterator[str]:
    services = {service.name: service for service in charter.services}
    for _, limit in list_scopes(run, services):
        numbers = (
            (limit.at_once, "at once"),
            (limit.per_hour, "an hour"),
            (limit.people_at_once, "people at once"),
        )
        most = ", ".join(f"{number} {what}" for number, what in numbers if number is not None)
        stop = f"stops after {limit.failures} that did not help" if limit.failures else ""
        place = " ".join(filter(None, (limit.kind, limit.name)))
        yield f"limits of {place}: {'; '.join(filter(None, (most, stop)))}"
    people = count_people(run, services)
    yield f"people concerned: {'unknown' if people is None else people}"


def _describe_rings(runbook: Runbook) -> Iterator[str]:
    rollout, guard = runbook.rollout, runbook.fleet_guard
    if rollout is not None:
        sizes = [min(rollout.first * 2**number, rollout.most) for number in range(4)]
        yield (
            f"rings: {', '.join(map(str, sizes))} ... of at most {rollout.most} targets; the next"
            f" opens when {rollout.healed_percent:g} % are healed and that lasts"
            f" {write_duration(rollout.hold)}; else it stops"
        )
    if guard is not None:
        yield (
            f"fleet guard: more than {guard.more_than} targets within"
            f" {write_duration(guard.within)} are one cause; then it stops"
        )


def _describe_windows(charter: Charter, run: Run) -> Iterator[str]:
    """Windows of the charter that hold for this target at this moment."""
    plan, trigger = run.plan, run.trigger
    affected = Affected(
        runbook=plan.runbook,
        subject=trigger.subject,
        target=run.target,
        service=trigger.service,
        site=trigger.site,
    )
    service = charter.find_service(trigger.service)
    now = datetime.now(UTC)
    window = find_open(
        charter.of(WINDOWS),
        lambda name: date_calendar(charter.calendar(name), now.year),
        service,
        PlannedChanges(),
        affected,
        now,
    )
    then = {"skip": "nothing is done", "wait": "it waits for the end"}[plan.in_window]
    if window is None:
        yield (
            f"windows: none of the charter is open for it now; in one {then}. What changes announce"
            " is known to the desk that runs only"
        )
    else:
        yield (
            f"windows: {window.kind} {window.name} is open until"
            f" {window.until:%Y-%m-%d %H:%M} UTC ({window.why}, {window.by}); in it {then}"
        )
    if plan.inhibited_by:
        yield f"inhibited by: {', '.join(plan.inhibited_by)}, while one is open"


def _describe_use(version: str, use: RunbookUse | str) -> Iterator[str]:
    if isinstance(use, str):
        yield f"limits used: unknown, {use}"
        return
    yield (
        f"limits used: {use.started_within_hour} of {use.per_hour} in the last hour;"
        f" breaker {use.breaker}, {use.failures_in_a_row} failures in a row;"
        " of those on this target no desk says how much"
    )
    if use.rollout is not None:
        yield f"rings now: {use.rollout.status}"
    if use.promotion is not None:
        yield f"promotion: {use.promotion.describe()}"
    if use.debt is not None:
        yield (
            f"needed: {use.debt.cures} verified cures in {use.debt.days} days,"
            f" {use.debt.problems} times too often"
        )
    if use.natural_recovery is not None:
        yield f"natural recovery: {use.natural_recovery.text}"
    if use.version != version:
        yield f"The desk that runs has another version of it: {use.version}, mode {use.mode}."


def _describe_step(step: PlannedAct | PlannedProbe | PlannedWait) -> Iterator[str]:
    if isinstance(step, PlannedWait):
        yield f"  wait  {step.id}: {write_duration(step.pause)}"
        return
    effect = f" ({step.effect}, {step.call.attempts} tries)" if isinstance(step, PlannedAct) else ""
    yield f"  {'do' if effect else 'ask':5} {step.id}: {step.call.summary}{effect}"
    body = step.call.action.get("body")
    if body is not None:
        yield f"        {to_json(body).decode()}"
