"""Before a run touches a person's device, that person is asked: now, later, or no. Pure.

Asked last, after whoever has to approve it, and before target and limits are: a run that waits
holds nobody up. Guards are asked after it.
"""

from collections.abc import Iterable
from datetime import datetime

from desk_contracts import AnyEvent
from desk_contracts.errors import Rejected
from desk_contracts.events.automation import ConsentAnswer, Outcome
from desk_contracts.message import Message, message
from desk_kernel import Decision

from desk_automation.runs import events
from desk_automation.runs.lifecycle import FOR_PEOPLE, Decided, escalate, find_next_look, skip
from desk_automation.runs.model import Phase, Run
from desk_automation.safety.consent import Consent, PersonReply, with_reply


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


def request_consent(run: Run, others: Iterable[Run], now: datetime) -> Decided:
    """Ask the person; nothing is done until they answer, and nobody is asked in vain.

    `others` are runs on the same target. What is asked already is not asked twice, and people need
    not take over what still waits for its answer.
    """
    same = [
        other for other in others if other.id != run.id and other.plan.runbook == run.plan.runbook
    ]
    asking = next((other for other in same if other.phase is Phase.AWAITING_CONSENT), None)
    if asking is not None:
        return skip(run, message("run.same-already", run=asking.id), now)
    planned, person = run.plan.consent, run.trigger.person
    if planned is None or not person:
        return escalate(run, Outcome.NOT_RUN, message("consent.nobody-to-ask"), now)
    declined = _find_decline(same, person, now - planned.again_after)
    if declined is not None:
        again = declined.given_at + planned.again_after
        return _end(run, message("consent.declined-before", by=declined.by, again=again), now)
    until = now + planned.within
    consent = Consent(
        plan=run.plan.hash, person=person, asked_at=now, until=until, latest=now + planned.defer
    )
    changes = {
        "phase": Phase.AWAITING_CONSENT,
        "consent": consent,
        "timer_at": min(until, now + FOR_PEOPLE.soonest),
        "reason": message("run.waits-for-consent", person=person, until=until),
    }
    waiting = run.model_copy(update=changes)
    return Decision(waiting, (events.emit_consent_requested(waiting, consent, now),))


def _find_decline(same: Iterable[Run], person: str, since: datetime) -> PersonReply | None:
    """A no that the person said after that moment."""
    for other in same:
        given = other.consent
        reply = None if given is None or given.person != person else given.reply
        if reply is not None and reply.answer is ConsentAnswer.NO and reply.given_at > since:
            return reply
    return None


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
    look = find_next_look(consent.asked_at, now, FOR_PEOPLE)
    return Decision(run.model_copy(update={"timer_at": min(end, look)}))


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
        later = {"timer_at": min(reply.at, now + FOR_PEOPLE.soonest), "reason": why}
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
