"""A run and its journal, for people who want to know what was done."""

from desk_contracts.message import Message, Param, message

from desk_automation.actions.redaction import redact_message
from desk_automation.runs.model import Entry, Phase, Run


def describe_run(run: Run) -> Message:
    """Where the run is, and why."""
    facts: dict[str, Param] = {"reason": redact_message(run.reason) if run.reason else ""}
    if run.relapse is not None:
        return message("phase.relapsed", at=run.relapse.at, again=run.relapse.episode, **facts)
    sentences = {
        Phase.SETTLING: message("phase.settling", **facts),
        Phase.AWAITING_APPROVAL: message("phase.awaiting-approval", **facts),
        Phase.AWAITING_CONSENT: message("phase.awaiting-consent", **facts),
        Phase.QUEUED: message("phase.queued", **facts),
        Phase.WORKING: message("phase.working", **facts),
        Phase.VERIFYING: message("phase.verifying", **facts),
        Phase.UNDOING: message("phase.undoing", **facts),
        Phase.HEALED: message("phase.healed", **facts),
        Phase.ESCALATED: message("phase.escalated", team=run.plan.team, **facts),
        Phase.SKIPPED: message("phase.skipped", **facts),
        Phase.CANCELLED: message("phase.cancelled", **facts),
    }
    return sentences[run.phase]


def describe_line(entry: Entry) -> Message:
    """One line of the journal."""
    details = list[Message | str]()
    if entry.kind == "act" and entry.attempt > 1:
        details.append(message("journal.attempt", attempt=entry.attempt))
    if entry.resumed:
        details.append(message("journal.resumed", count=entry.resumed))
    if entry.message:
        details.append(redact_message(entry.message))
    facts: dict[str, Param] = {"step": entry.step, "status": entry.status, "detail": details}
    sentences = {
        "guard": message("journal.guard", **facts),
        "act": message("journal.act", **facts),
        "probe": message("journal.probe", **facts),
        "confirm": message("journal.confirm", **facts),
        "wait": message("journal.wait", **facts),
    }
    return sentences[entry.kind]
