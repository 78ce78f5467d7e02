"""Only fresh telemetry decides whether a repair helped. No data is never health."""

from collections.abc import Callable
from datetime import datetime

from desk_shared.events.automation import Outcome

from desk_automation.domain import record
from desk_automation.domain.course import Decided, handed_over
from desk_automation.domain.model import Decision, Phase, Run, Sample

IsWell = Callable[[float], bool]


def judged(run: Run, samples: tuple[Sample, ...], is_well: IsWell, now: datetime) -> Decided | None:
    """Healed as soon as enough samples in a row are well; else told when the time is over."""
    if run.phase is not Phase.VERIFYING:
        return None
    verify, acted_at, until = run.plan.verify, run.acted_at, run.verify_until
    if verify is None or acted_at is None or until is None:
        return handed_over(run, Outcome.INCONCLUSIVE, "nothing is measured after it", now)
    run = run.model_copy(update={"samples": samples})
    newest = record.fresh(samples, acted_at)[-verify.samples :]
    is_enough = len(newest) == verify.samples
    if is_enough and all(is_well(sample.value) for sample in newest):
        return _healed(run, now)
    if now < until:
        return _wait(run, until, now)
    if any(not is_well(sample.value) for sample in newest):
        reason = f"it did not help: {record.measurements(run)}"
        return handed_over(run, Outcome.NOT_HEALED, reason, now)
    reason = f"nobody can tell whether it helped: {record.measurements(run)}"
    return handed_over(run, Outcome.INCONCLUSIVE, reason, now)


def _healed(run: Run, now: datetime) -> Decided:
    healed = run.model_copy(
        update={
            "phase": Phase.HEALED,
            "outcome": Outcome.HEALED,
            "reason": record.measurements(run),
            "lease": None,
            "ended_at": now,
            "wake_at": now,
        }
    )
    return Decision(healed, (record.healed(healed, now),))


def _wait(run: Run, until: datetime, now: datetime) -> Decided | None:
    """Written only if the run was woken; the window's end wakes it in any case."""
    if run.wake_at is not None and run.wake_at > now:
        return None
    return Decision(run.model_copy(update={"wake_at": until}))
