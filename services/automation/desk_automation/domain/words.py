"""A run's journal as sentences, for people who want to know what was done."""

from desk_shared.events.automation import StepStatus

from desk_automation.domain.model import Entry, Phase, Run
from desk_automation.domain.redact import MAX_EVIDENCE, cut, redacted

_KINDS = {
    "guard": "The guard {step}",
    "act": "The step {step}",
    "probe": "The check {step}",
    "confirm": "Asking whether {step} took place",
    "wait": "The wait {step}",
}
_STATES = {
    StepStatus.INTENT: "was begun; its outcome is not known yet",
    StepStatus.DONE: "succeeded",
    StepStatus.FAILED: "failed",
    StepStatus.SKIPPED: "does not hold, so nothing more is done",
    StepStatus.IN_DOUBT: "is in doubt: it may have taken place, a person has to look",
}
_PHASES = {
    Phase.SETTLING: "It waits whether the trouble goes away by itself",
    Phase.QUEUED: "It waits for its turn",
    Phase.WORKING: "It is at work",
    Phase.VERIFYING: "All is done; it waits for fresh measurements",
    Phase.HEALED: "It healed",
    Phase.ESCALATED: "It was handed to the team {team}",
    Phase.SKIPPED: "It was skipped",
    Phase.CANCELLED: "It was cancelled",
}


def standing(run: Run) -> str:
    """Where the run is, in one sentence."""
    text = _PHASES[run.phase].format(team=run.plan.team)
    return f"{text}: {redacted(run.reason)}" if run.reason else f"{text}."


def line(entry: Entry) -> str:
    """One line of the journal."""
    what = _KINDS[entry.kind].format(step=entry.step)
    tries = f" at try {entry.attempt}" if entry.kind == "act" and entry.attempt > 1 else ""
    resumed = f", after its worker was lost {entry.resumed} times" if entry.resumed else ""
    text = cut(redacted(entry.text), MAX_EVIDENCE)
    said = f" ({text})" if text else ""
    return f"{what} {_STATES[entry.status]}{tries}{resumed}{said}."
