"""What the events of a runbook's runs say for and against it, and whether that is enough. Pure.

Shares are judged by their lower limit (Wilson, one-sided 95 %): few runs prove little, and no runs
prove nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from desk_charter.runbook_brakes import Mode, Promotion
from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import (
    Outcome,
    RunApprovalRecorded,
    RunApprovalRequested,
    RunbookStopped,
    RunEscalated,
    RunHealed,
    RunRelapsed,
    RunSkipped,
    StopKind,
    UndoState,
)
from desk_contracts.events.promotions import PromotionEvidence
from desk_contracts.message import Message, Param, message
from desk_kernel import Readings
from desk_kernel.wilson import wilson

# The quantile of the normal distribution of one-sided 95 %.
ONE_SIDED_95 = 1.645
_LEFT_CHANGED = {UndoState.PARTLY_UNDONE, UndoState.CANNOT_UNDO, UndoState.IN_DOUBT}
_OF_OUTCOME = {
    Outcome.NOT_HEALED: "not_healed",
    Outcome.INCONCLUSIVE: "inconclusive",
    Outcome.IN_DOUBT: "in_doubt",
}
Counts = dict[str, int]

# What one event adds to the evidence; None for all that say nothing of a version of a runbook.
count: Readings[Counts | None] = Readings(None)


@count.on(RunSkipped)
def _count_proposed(event: Event[RunSkipped]) -> Counts | None:
    """What its mode keeps from acting was proposed; all other reasons say nothing of the cure."""
    is_proposal = any(reason.code == "run.not-run-by-mode" for reason in event.data.explanation)
    return {"proposed": 1} if is_proposal else None


@count.on(RunApprovalRequested)
def _count_asked(_event: Event[RunApprovalRequested]) -> Counts | None:
    return {"proposed": 1}


@count.on(RunApprovalRecorded)
def _count_vote(event: Event[RunApprovalRecorded]) -> Counts | None:
    return {"approved": 1} if event.data.is_approved else {"denied": 1}


@count.on(RunHealed)
def _count_cure(event: Event[RunHealed]) -> Counts | None:
    """Late measurements that show a cure take back what was counted before."""
    before = event.data.corrects
    return {"healed": 1} | ({_OF_OUTCOME[before]: -1} if before in _OF_OUTCOME else {})


@count.on(RunEscalated)
def _count_failure(event: Event[RunEscalated]) -> Counts | None:
    data = event.data
    if data.outcome not in _OF_OUTCOME:
        return {"denied": 1} if data.reason.code == "approval.silence" else None
    harmed = {"harmed": 1} if data.undo in _LEFT_CHANGED else {}
    return {_OF_OUTCOME[data.outcome]: 1} | harmed


@count.on(RunRelapsed)
def _count_relapse(_event: Event[RunRelapsed]) -> Counts | None:
    return {"relapsed": 1}


@count.on(RunbookStopped)
def _count_stop(event: Event[RunbookStopped]) -> Counts | None:
    """Many equal faults say nothing of the cure."""
    return None if event.data.kind is StopKind.FLEET else {"stops": 1}


def add_counts(evidence: PromotionEvidence, counts: Counts, event: AnyEvent) -> PromotionEvidence:
    """The evidence with what one event says, and when; no count falls below nothing."""
    first, last = evidence.first_at or event.time, evidence.last_at or event.time
    changes = {name: max(0, getattr(evidence, name) + more) for name, more in counts.items()}
    times = {"first_at": min(first, event.time), "last_at": max(last, event.time)}
    return evidence.model_copy(update=changes | times)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What the next mode asks for, as it stands."""

    text: Message
    is_met: bool


def list_requirements(
    evidence: PromotionEvidence, rules: Promotion, following: Mode
) -> Iterator[Requirement]:
    """All that the next mode asks for. To suggest, nothing has to be healed: it does not act."""
    first, last = evidence.first_at, evidence.last_at
    if first is None or last is None:
        yield Requirement(message("promotion.no-age", least=rules.age), is_met=False)
    else:
        text = message("promotion.age", age=last - first, least=rules.age)
        yield Requirement(text, last - first >= rules.age)
    if following == "suggest":
        yield _count_of("matches", evidence.proposed, rules.matches)
        return
    acted = count_acted(evidence)
    yield _count_of("runs", acted, rules.runs)
    lasting = max(0, evidence.healed - evidence.relapsed)
    yield _share_of("healed", lasting, acted, rules.healed_percent)
    if following == "auto":
        votes = evidence.approved + evidence.denied
        yield _share_of("approved", evidence.approved, votes, rules.approved_percent)


def find_fault(evidence: PromotionEvidence, rules: Promotion) -> Message | None:
    """What is so bad that a promotion is taken back, and counting begins anew."""
    if evidence.stops:
        return message("promotion.stopped")
    if evidence.harmed:
        return message("promotion.harmed")
    if not evidence.healed:
        return None
    relapsed = min(evidence.relapsed, evidence.healed)
    low, _ = wilson(relapsed, evidence.healed, ONE_SIDED_95)
    if 100 * low <= rules.relapsed_percent:
        return None
    facts: dict[str, Param] = {"count": relapsed, "of": evidence.healed}
    return message(
        "promotion.relapsed", low=round(100 * low, 1), most=rules.relapsed_percent, **facts
    )


def count_acted(evidence: PromotionEvidence) -> int:
    """How many runs acted and were told how they ended."""
    failed = evidence.not_healed + evidence.inconclusive + evidence.in_doubt
    return evidence.healed + failed


def _count_of(what: str, count: int, least: int) -> Requirement:
    codes = {
        "matches": message("promotion.matches", count=count, least=least),
        "runs": message("promotion.runs", count=count, least=least),
    }
    return Requirement(codes[what], count >= least)


def _share_of(what: str, part: int, whole: int, least: float) -> Requirement:
    low = round(100 * wilson(part, whole, ONE_SIDED_95)[0], 1) if whole else 0.0
    facts: dict[str, Param] = {"count": part, "of": whole, "low": low, "least": least}
    codes = {
        "healed": message("promotion.healed", **facts),
        "approved": message("promotion.approved", **facts),
    }
    return Requirement(codes[what], whole > 0 and low >= least)
