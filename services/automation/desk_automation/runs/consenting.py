"""Before a run touches a person's device, that person is asked: now, later, or no. Pure.

Asked last, after whoever has to approve it, and before target and limits are: a run that waits
holds nobody up. Guards are asked after it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from desk_contracts import AnyEvent
from desk_contracts.errors import Rejected
from desk_contracts.events.automation import ConsentAnswer, Outcome
from desk_contracts.message import Message, message
from desk_kernel import Decision

from desk_automation.runs import events
from desk_automation.runs.lifecycle import Decided, escalate, skip
from desk_automation.runs.model import Phase, Run
from desk_automation.safety.consent import Consent, PersonReply, with_reply

# A run that waits for a person looks so often whether its trouble has gone by itself.
LOOK_AGAIN = timedelta(seconds=30)


def consent_by_request(run: Run) -> tuple[Run, tuple[AnyEvent, ...]]:
    """Who asks in the catalogue for something on their own device has consented to it by asking."""
    trigger = run.trigger
    is_own = trigger.subject_kind == "device" and trigger.subject == run.target
    if run.plan.consent is None or not (trigger.request and trigger.person and is_own):
        return run, ()
    reply = PersonReply(by=trigger.person, answer=ConsentAnswer.NOW, given_at=trigger.at)
    consent = Consent(
        plan=run.plan.hash,
        person=trigger.person,
        asked_at=trigger.at,
        until=trigger.at,
        latest=trigger.at,
        reply=reply,
    )
    after = run.model_copy(update={"consent": consent, "replies": 1})
    return after, (events.emit_consent_recorded(after, consent, reply, number=1),)


def find_hindrance(run: Run, others: Iterable[Run], now: datetime) -> Message | None:
    """Why the person is not asked now: they said no not long ago, or are being asked already."""
    planned = run.plan.consent
    for other in others:
        given = other.consent
        is_same = (other.target, other.plan.runbook) == (run.target, run.plan.runbook)
        if planned is None or given is None or not is_same or other.id == run.id:
            continue
        if other.phase is Phase.AWAITING_CONSENT:
            return message("run.same-already", run=other.id)
        reply = given.reply
        if reply is None or reply.answer is not ConsentAnswer.NO:
            continue
        again_at = reply.given_at + planned.again_after
        if now < again_at and given.person == run.trigger.person:
            return message("consent.declined-before", by=reply.by, again=again_at)
    return None


def request_consent(run: Run, hindrance: Message | None, now: datetime) -> Decided:
    """Ask the person; nothing is done until they answer, and nobody is asked in vain."""
    planned, person = run.plan.consent, run.trigger.person
    if hindrance is not None:
        return _end(run, hindrance, now)
    if planned is None or not person:
        return escalate(run, Outcome.NOT_RUN, message("consent.nobody-to-ask"), now)
    until = now + planned.within
    consent = Consent(
        plan=run.plan.hash, person=person, asked_at=now, until=until, latest=now + planned.defer
    )
    changes = {
        "phase": Phase.AWAITING_CONSENT,
        "consent": consent,
        "timer_at": min(until, now + LOOK_AGAIN),
        "reason": message("run.waits-for-consent", person=person, until=until),
    }
    waiting = run.model_copy(update=changes)
    return Decision(waiting, (events.emit_consent_requested(waiting, consent, now),))


def await_consent(run: Run, now: datetime) -> Decided:
    """The chosen moment has come, or the time for an answer is over: silence is no."""
    consent = run.consent
    if consent is None:
        return _end(run, message("consent.nobody-to-ask"), now)
    if consent.is_given(run.plan.hash, now):
        return Decision(_let_in(run, consent, now))
    if consent.reply is None and now >= consent.until:
        return _end(run, message("consent.silence", person=consent.person), now)
    end = consent.until if consent.reply is None else consent.reply.at or consent.until
    return Decision(run.model_copy(update={"timer_at": min(end, now + LOOK_AGAIN)}))


def record_reply(run: Run, reply: PersonReply, plan: str, now: datetime) -> Decided:
    """The person's answer to `plan`; `Rejected` if that is not what the run would do."""
    if run.has_ended:
        raise Rejected(message("run.is-over"), code="run-is-over")
    consent = run.consent
    if consent is None or run.phase is not Phase.AWAITING_CONSENT:
        raise Rejected(message("approval.not-asked"), code="consent-not-asked")
    if plan != consent.plan:
        raise Rejected(message("approval.other-plan", plan=consent.plan), code="other-plan")
    after = with_reply(consent, reply)
    replied = run.model_copy(update={"consent": after})
    recorded = events.emit_consent_recorded(replied, after, reply, number=run.replies + 1)
    replied = replied.model_copy(update={"replies": run.replies + 1})
    if reply.answer is ConsentAnswer.NO:
        reason = message("consent.declined", by=reply.by, reason=reply.reason)
        ended = _end(replied, reason, now)
        return Decision(ended.state, (recorded, *ended.events))
    if reply.at is not None:
        why = message("run.waits-for-moment", person=reply.by, at=reply.at)
        later = {"timer_at": min(reply.at, now + LOOK_AGAIN), "reason": why}
        return Decision(replied.model_copy(update=later), (recorded,))
    return Decision(_let_in(replied, after, now), (recorded,))


def _let_in(run: Run, consent: Consent, now: datetime) -> Run:
    """The run's turn begins, and so does the time that it may wait for it."""
    return run.model_copy(
        update={
            "phase": Phase.QUEUED,
            "timer_at": now,
            "reason": None,
            "queue_until": run.queue_until + (now - consent.asked_at),
        }
    )


def _end(run: Run, reason: Message, now: datetime) -> Decided:
    """As the runbook says what becomes of it without consent."""
    planned = run.plan.consent
    if planned is not None and planned.otherwise == "skip":
        return skip(run, reason, now)
    return escalate(run, Outcome.NOT_RUN, reason, now)
