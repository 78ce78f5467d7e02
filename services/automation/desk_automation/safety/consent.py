"""The yes of the person at a device to exactly one plan: now, later, or no. Pure.

Silence is never consent. Who defers has agreed, to another moment within a bound.
"""

from datetime import datetime, timedelta

from desk_contracts.errors import Rejected
from desk_contracts.events.automation import ConsentAnswer
from desk_contracts.frozen import Frozen
from desk_contracts.message import message


class PlannedConsent(Frozen):
    """How the person is asked, as the runbook says."""

    within: timedelta
    defer: timedelta
    again_after: timedelta
    otherwise: str = "escalate"


class PersonReply(Frozen):
    """What the person said. `at` is the moment that they chose for later."""

    by: str
    answer: ConsentAnswer
    given_at: datetime
    at: datetime | None = None
    reason: str = ""


class Consent(Frozen):
    """What the person was asked, and what they said last. It stands for one plan and no other."""

    plan: str
    person: str
    asked_at: datetime
    until: datetime
    latest: datetime
    reply: PersonReply | None = None

    def is_given(self, plan: str, now: datetime) -> bool:
        """Whether that plan may be carried out at this moment."""
        reply = self.reply
        if reply is None or plan != self.plan or reply.answer is ConsentAnswer.NO:
            return False
        return reply.at is None or reply.at <= now


def with_reply(consent: Consent, reply: PersonReply) -> Consent:
    """With the person's answer; `Rejected` where it comes too late, or defers too far.

    Until the moment comes that they chose, they may change their mind.
    """
    before = consent.reply
    is_deferred = before is not None and before.at is not None and before.at > reply.given_at
    if not is_deferred and reply.given_at >= consent.until:
        late = message("approval.too-late", until=consent.until)
        raise Rejected(late, code="consent-expired")
    if reply.answer is ConsentAnswer.LATER:
        at = reply.at
        if at is None or not reply.given_at < at <= consent.latest:
            refused = message("consent.not-then", latest=consent.latest)
            raise Rejected(refused, code="not-then")
    elif reply.at is not None:
        raise Rejected(message("consent.time-without-later"), code="time-without-later")
    return consent.model_copy(update={"reply": reply})
