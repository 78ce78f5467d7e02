"""Only fresh telemetry decides whether a repair helped. No data is never health.

That nothing well was measured is known only when all that was measured in time is heard.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from desk_contracts.events.automation import Outcome
from desk_contracts.message import message
from desk_kernel import Decision

from desk_automation.runs import events
from desk_automation.runs.lifecycle import ASK_AGAIN, Decided, escalate
from desk_automation.runs.model import Phase, Run
from desk_automation.verification.model import Watch
from desk_automation.verification.sample import Sample, behind_by, fresh

IsWell = Callable[[float], bool]


def window_end(run: Run, samples: tuple[Sample, ...]) -> datetime | None:
    """Until when measurements are waited for: longer for a device whose clock runs behind."""
    if run.plan.verify is None or run.verify_until is None:
        return None
    return run.verify_until + run.plan.verify.grace + behind_by(samples)


def measure_until(run: Run) -> datetime | None:
    """What was measured before this, by the device's clock, was measured within the window."""
    return None if run.verify_until is None else run.verify_until + behind_by(run.samples)


def compare(run: Run, watch: Watch | None, is_well: IsWell, now: datetime) -> Decided | None:
    """Healed as soon as enough samples in a row are well; else told when the window is over."""
    if run.phase is not Phase.VERIFYING:
        return None
    verify, acted_at, until = run.plan.verify, run.acted_at, run.verify_until
    if verify is None or acted_at is None or until is None:
        return escalate(run, Outcome.INCONCLUSIVE, message("run.nothing-measured-after"), now)
    samples = () if watch is None else watch.samples
    run = run.model_copy(update={"samples": samples})
    newest = fresh(samples, acted_at)[-verify.samples :]
    if is_cure(newest, verify.samples, is_well):
        return _heal(run, now)
    # Without a watch nobody listens: there is nothing to wait for beyond the time itself.
    if now < until or (watch is not None and not watch.is_over):
        # Written only if the run was due; whoever reads the window's end makes it due, and it looks
        # by itself in case that nobody does.
        is_due = run.timer_at is None or run.timer_at <= now
        timer_at = until if until > now else now + ASK_AGAIN
        return Decision(run.model_copy(update={"timer_at": timer_at})) if is_due else None
    if any(not is_well(sample.value) for sample in newest):
        reason = message("run.did-not-help", measured=events.describe_measurements(run))
        return escalate(run, Outcome.NOT_HEALED, reason, now)
    reason = message("run.cannot-tell", measured=events.describe_measurements(run))
    return escalate(run, Outcome.INCONCLUSIVE, reason, now)


def review(run: Run, watch: Watch | None, is_well: IsWell, now: datetime) -> Decided | None:
    """What was told is corrected if all that was measured in the window, as far as it is known by
    now, shows a cure; it can happen only once, since a cure is not taken back."""
    verify, acted_at = run.plan.verify, run.acted_at
    if verify is None or acted_at is None or not run.may_be_corrected:
        return None
    measured = run.samples if watch is None else watch.samples
    samples = tuple(item for item in measured if watch is None or watch.may_decide(item))
    newest = fresh(samples, acted_at)[-verify.samples :]
    if not is_cure(newest, verify.samples, is_well):
        return Decision(run.model_copy(update={"timer_at": None}))
    changes = {"samples": samples, "corrects": run.outcome, "is_closed": False}
    return _heal(run.model_copy(update=changes), now)


def is_cure(newest: Sequence[Sample], wanted: int, is_well: IsWell) -> bool:
    """Whether enough samples in a row are well."""
    return len(newest) == wanted and all(is_well(sample.value) for sample in newest)


def _heal(run: Run, now: datetime) -> Decided:
    healed = run.model_copy(
        update={
            "phase": Phase.HEALED,
            "outcome": Outcome.HEALED,
            "reason": events.describe_measurements(run),
            "lease": None,
            "ended_at": run.ended_at or now,
            "timer_at": now,
        }
    )
    return Decision(healed, (events.emit_healed(healed, now),))
