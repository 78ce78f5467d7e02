"""Runs of which much can be told: one that waits for people's yes, one that was cured late."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from desk_contracts.events.automation import (
    Evidence,
    Outcome,
    RunApprovalRequested,
    RunConsentRequested,
    RunHealed,
    StepStatus,
)
from desk_contracts.events.promotions import (
    PromotionEvidence,
    PromotionProposed,
    PromotionWithdrawn,
    RunbookDemoted,
)
from desk_contracts.message import Param, message, verbatim

from tests.support.notify_desk import ANA, run


def ask_for_approval(until: datetime) -> RunApprovalRequested:
    """Two people are asked until then."""
    return run(
        RunApprovalRequested,
        person=ANA,
        title="Restart the spooler of print-01",
        plan="9f2c1d7a40b3e855",
        team="network",
        role="owner",
        needed=2,
        until=until,
        service="laptop",
        explanation=(verbatim("It would restart the spooler."),),
    )


def tell_promotions() -> Iterator[PromotionProposed | PromotionWithdrawn | RunbookDemoted]:
    """A runbook may act by itself, is not proven any more, and does not act so any more."""
    common = {
        "runbook": "restart-print-spooler",
        "version": "0f3a4c5d6e7f8091",
        "title": "Restart a stuck print spooler",
        "team": "network",
        "evidence": PromotionEvidence(approved=24, healed=24),
    }
    facts: dict[str, Param] = {"count": 24, "of": 24, "low": 89.9, "least": 80.0}
    proven = (message("promotion.healed", **facts), message("promotion.approved", **facts))
    proposed = common | {"mode": "approve", "proposed": "auto", "explanation": proven}
    yield PromotionProposed.model_validate(proposed)
    fewer = message("promotion.approved", **(facts | {"of": 28, "low": 71.7}))
    yield PromotionWithdrawn.model_validate(proposed | {"explanation": (fewer,)})
    why = (message("promotion.stopped"),)
    demoted = common | {"previous": "auto", "mode": "approve", "explanation": why}
    yield RunbookDemoted.model_validate(demoted)


def ask_for_consent(until: datetime) -> RunConsentRequested:
    """The person at the device is asked until then."""
    return run(
        RunConsentRequested,
        person=ANA,
        title="Restart a person's device",
        plan="9f2c1d7a40b3e855",
        until=until,
        latest=until + timedelta(hours=4),
    )


def find_cured_late() -> RunHealed:
    """It was escalated as in doubt before."""
    since = Evidence(
        step="verify", status=StepStatus.DONE, message=verbatim("Since the repair: 40 at 09:00.")
    )
    return run(RunHealed, person=ANA, evidence=(since,), corrects=Outcome.IN_DOUBT)
