"""A runbook is promoted by evidence and a person, step by step; evidence alone demotes it. Pure.

All is judged at the times of events, so the same log gives the same.
"""

from dataclasses import dataclass
from datetime import datetime

from desk_charter.runbook_brakes import Mode
from desk_charter.runbooks import Runbook
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.errors import Rejected
from desk_contracts.events.promotions import (
    PromotionProposed,
    PromotionWithdrawn,
    RunbookDemoted,
    RunbookPromoted,
)
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message
from desk_contracts.names import AUTOMATION_SOURCE
from desk_kernel import Decision

from desk_automation.promotion.evidence import (
    Requirement,
    add_counts,
    count,
    find_fault,
    list_requirements,
)
from desk_automation.promotion.model import PromotionState, find_next

Decided = Decision[PromotionState]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a runbook that declares promotion: its content hash, and what it says."""

    hash: str
    runbook: Runbook


def promotion_id(runbook: str, version: str) -> str:
    """Of the document of one version."""
    return derive_id(runbook, f"promotion/{version}")


def check_next(state: PromotionState, version: Version) -> list[Requirement]:
    """What the next mode asks for; nothing where there is none."""
    rules, following = version.runbook.promotion, find_next(version.runbook, state.mode)
    if rules is None or following is None:
        return []
    return list(list_requirements(state.evidence, rules, following))


def add_event(state: PromotionState | None, event: AnyEvent, version: Version) -> Decided | None:
    """The state with what the event says; None if it says nothing, or is of an earlier time."""
    state, counts = state or PromotionState(), count(event)
    rules = version.runbook.promotion
    if counts is None or rules is None or (state.since and event.time < state.since):
        return None
    state = state.model_copy(update={"evidence": add_counts(state.evidence, counts, event)})
    fault = find_fault(state.evidence, rules)
    if fault is None:
        after, data = _weigh(state, version)
    else:
        after, data = _take_back(state, version, fault, event.time)
    return Decision(after, () if data is None else (_emit(data, version, event.time, event),))


def _weigh(state: PromotionState, version: Version) -> tuple[PromotionState, Payload | None]:
    """For which mode the evidence speaks now, and what is new of that."""
    requirements = check_next(state, version)
    missing = tuple(item.text for item in requirements if not item.is_met)
    supported = find_next(version.runbook, state.mode) if requirements and not missing else None
    after = state.model_copy(update={"proposed": supported})
    if supported == state.proposed:
        return after, None
    if supported is None:
        return after, _describe_withdrawal(state, version, missing)
    data = PromotionProposed(
        **_common(version),
        mode=state.mode or version.runbook.mode,
        proposed=supported,
        evidence=state.evidence,
        explanation=tuple(item.text for item in requirements),
    )
    return after, data


def _take_back(
    state: PromotionState, version: Version, fault: Message, at: datetime
) -> tuple[PromotionState, Payload | None]:
    """Evidence is counted anew from the fault on. A demotion is the end of a proposal as well."""
    after = PromotionState(since=at, fault=fault, link=state.link)
    if state.mode is not None:
        return after, _describe_demotion(state, version, fault)
    if state.proposed is not None:
        return after, _describe_withdrawal(state, version, (fault,))
    return after, None


def promote(
    state: PromotionState | None,
    version: Version,
    mode: Mode,
    by: str,
    reason: str,
    now: datetime,
) -> Decided:
    """A person lets it act in the next mode; `Rejected` where the evidence is not enough."""
    state, runbook = state or PromotionState(), version.runbook
    following = find_next(runbook, state.mode)
    if following is None:
        raise Rejected(message("promotion.ceiling", mode=mode), code="at-its-ceiling")
    if mode != following:
        refused = message("promotion.not-next", mode=mode, next=following)
        raise Rejected(refused, code="not-the-next-mode", next=following)
    requirements = check_next(state, version)
    missing = [item.text for item in requirements if not item.is_met]
    if missing or not requirements:
        raise Rejected(message("promotion.not-ready", missing=missing), code="not-ready")
    data = RunbookPromoted(
        **_common(version),
        previous=state.mode or runbook.mode,
        mode=mode,
        by=by,
        reason=reason,
        evidence=state.evidence,
        explanation=tuple(item.text for item in requirements),
    )
    after = PromotionState(mode=mode, by=by, since=now, link=state.link)
    return Decision(after, (_emit(data, version, now),))


def demote(
    state: PromotionState | None, version: Version, by: str, reason: str, now: datetime
) -> Decided:
    """A person takes a promotion back; `Rejected` where there is none."""
    if state is None or state.mode is None:
        raise Rejected(message("promotion.none"), code="not-promoted")
    fault = message("promotion.taken-back", by=by)
    data = _describe_demotion(state, version, fault).model_copy(update={"by": by, "reason": reason})
    after = PromotionState(since=now, fault=fault, link=state.link)
    return Decision(after, (_emit(data, version, now),))


def _describe_demotion(state: PromotionState, version: Version, fault: Message) -> RunbookDemoted:
    charter = version.runbook.mode
    return RunbookDemoted(
        **_common(version),
        previous=state.mode or charter,
        mode=charter,
        evidence=state.evidence,
        explanation=(fault,),
    )


def _describe_withdrawal(
    state: PromotionState, version: Version, reasons: tuple[Message, ...]
) -> PromotionWithdrawn:
    mode = state.mode or version.runbook.mode
    return PromotionWithdrawn(
        **_common(version),
        mode=mode,
        proposed=state.proposed or mode,
        evidence=state.evidence,
        explanation=reasons,
    )


def _common(version: Version) -> dict[str, str]:
    book = version.runbook
    return {
        "runbook": book.id,
        "version": version.hash,
        "title": book.title,
        "team": book.owner_team,
    }


def _emit(data: Payload, version: Version, at: datetime, cause: AnyEvent | None = None) -> AnyEvent:
    """Its id comes from the event that is the cause, else from the moment at which a person said
    so: one version has one document, and one decision at a time."""
    book, seed = version.runbook.id, at.isoformat() if cause is None else cause.id
    return Event(
        id=derive_id(promotion_id(book, version.hash), f"{data.TYPE}/{seed}"),
        source=AUTOMATION_SOURCE,
        subject=book,
        time=at,
        data=data,
        causation_id="" if cause is None else cause.id,
    )
