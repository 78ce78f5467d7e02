"""Answers: what owners say to a report, and when the same service is reported to them again. Pure.

A proposal that nobody answered comes back with each report and is escalated from the third on. An
accepted one is left out until its target date, a rejected one until the figures have
worsened, and one that is done is compared with the weeks before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from desk_contracts.envelope import Event, Payload
from desk_contracts.events.reports import (
    Answer,
    AnswerOutcome,
    Proposal,
    ResponseRecorded,
    ServiceRanked,
)
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, Param, message

from desk_metrics.reports.effectiveness import Came, assess_effectiveness
from desk_metrics.sla.decide import SOURCE

# The one number for worse and better: half as much time lost again, or a third less. What lies
# between is how four weeks differ from the next four; our choice, fitted to nobody's data.
CHANGED = 1.5
ESCALATED_FROM = 3
MOST_KEPT = 50
_QUOTED = 200


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, with what the report said that it answers."""

    id: str
    answer: Answer
    at: datetime
    by: str
    text: str
    period: str
    proposal: Proposal
    score: float
    target_date: date | None = None
    # Of the request, so that one key is not used for two answers.
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered about one service, the newest last."""

    said: tuple[Said, ...] = ()

    @property
    def last(self) -> Said | None:
        return self.said[-1] if self.said else None

    def find(self, id: str) -> Said | None:
        """The answer of that id, if it was given."""
        return next((item for item in self.said if item.id == id), None)


class AskedProposal(NamedTuple):
    """What reports said of one service so far, and how long its owner has been silent."""

    service: str
    proposal: str = ""
    in_a_row: int = 0
    # Reports in a row, the last one included, that asked and were not answered; since when.
    waiting: int = 0
    since: datetime | None = None
    # Of the last report that asked: which it was, and the minutes that people lost.
    period: str = ""
    score: float = 0.0
    # The last answer that a report has acted on.
    heard: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a report knows of owners: answers by service, contacts by day, whom to escalate to."""

    said: Mapping[str, Said]
    came: Came
    known: datetime
    escalation: str = ""
    # Services that are confidential to that team, so it is not told.
    kept_from_it: frozenset[str] = frozenset()


class Followed(NamedTuple):
    """A service in the new report, none if it is left out, and what is to be remembered."""

    system: ServiceRanked | None
    asked: AskedProposal


class _Back(NamedTuple):
    """How a service that was answered for comes back; `is_settled`: the answer is spent."""

    why: Message
    target_date: date | None = None
    outcome: AnswerOutcome | None = None
    is_settled: bool = True


def add_response(answers: Answers | None, said: Said) -> Answers:
    """The answers with one more; the oldest are forgotten."""
    before = () if answers is None else answers.said
    return Answers((*before, said)[-MOST_KEPT:])


def response_event(said: Said, service: str, team: str) -> Event[Payload]:
    """What is told of an answer; the same answer has the same id."""
    data = ResponseRecorded(
        service=service,
        team=team,
        period=said.period,
        proposal=said.proposal,
        answer=said.answer,
        by=said.by,
        text=said.text,
        target_date=said.target_date,
    )
    return Event(derive_id(said.id, ResponseRecorded.TYPE), SOURCE, team, said.at, data)


def in_force(last: Said | None, asked: AskedProposal | None) -> Said | None:
    """The last answer, unless a report has acted on it already."""
    if last is None or (asked is not None and last.id == asked.heard):
        return None
    return last


def question(asked: AskedProposal | None, last: Said | None) -> tuple[str, Proposal, float] | None:
    """What an owner can answer now: period, proposal and score; None if nothing is asked."""
    if asked is not None and asked.waiting:
        return asked.period, Proposal(asked.proposal), asked.score
    open_ = in_force(last, asked)
    return None if open_ is None else (open_.period, open_.proposal, open_.score)


def follow_up(one: ServiceRanked, before: AskedProposal | None, heard: Heard) -> Followed:
    """A service's rank as it goes into the next report, given what became of the last one."""
    base = before or AskedProposal(one.service)
    is_same = base.proposal == one.proposal and one.proposal is not Proposal.LEAVE
    one = one.model_copy(update={"in_a_row": base.in_a_row + 1 if is_same else 1})
    said = in_force(heard.said.get(one.service), base)
    if said is None:
        return _ask_again(one, base, heard)
    back = _back(one, said, heard)
    if back is None:
        # An answer holds, so nothing is asked; a rank that asks nothing is told as ever.
        if one.proposal is Proposal.LEAVE:
            return Followed(one, _remember(one, base))
        return Followed(None, base._replace(waiting=0, since=None))
    return _came_back(one, base, said, back, heard.known)


def find_status(asked: AskedProposal | None, last: Said | None) -> Message | None:
    """Where a report and its answer stand; None if nothing is asked."""
    said = in_force(last, asked)
    if said is not None:
        due = message("report.standing-due", due=said.target_date) if said.target_date else ""
        return message(
            "report.standing-answered",
            answer=said.answer,
            on=said.at.date(),
            by=said.by,
            due=due,
            text=_quote(said),
        )
    if asked is None or not asked.waiting or asked.since is None:
        return None
    reports = message("count.reports", count=asked.waiting)
    return message("report.standing-unanswered", reports=reports, since=asked.since.date())


def _ask_again(one: ServiceRanked, base: AskedProposal, heard: Heard) -> Followed:
    if one.proposal is Proposal.LEAVE:
        return Followed(one, _remember(one, base))
    since = base.since or heard.known
    asked = _remember(one, base, waiting=base.waiting + 1, since=since)
    if not base.waiting:
        return Followed(one, asked)
    is_escalated = asked.waiting >= ESCALATED_FROM
    reports = message("count.reports", count=base.waiting)
    silence = message("report.unanswered", since=since.date(), reports=reports)
    update = {
        "unanswered": base.waiting,
        "unanswered_since": since,
        "escalated": is_escalated,
        "escalated_to": heard.escalation
        if is_escalated and (heard.escalation != one.team and one.service not in heard.kept_from_it)
        else "",
        "reasons": (*one.reasons, silence),
    }
    return Followed(one.model_copy(update=update), asked)


def _came_back(
    one: ServiceRanked, base: AskedProposal, said: Said, back: _Back, known: datetime
) -> Followed:
    update = {
        "answer": said.answer,
        "target_date": back.target_date,
        "outcome": back.outcome,
        "reasons": (*one.reasons, back.why),
    }
    told = one.model_copy(update=update)
    if not back.is_settled:
        return Followed(told, _remember(one, base))
    base = base._replace(heard=said.id)
    if one.proposal is Proposal.LEAVE or back.outcome is not None:
        return Followed(told, _remember(one, base))
    return Followed(told, _remember(one, base, waiting=1, since=known))


def _remember(
    one: ServiceRanked, base: AskedProposal, waiting: int = 0, since: datetime | None = None
) -> AskedProposal:
    now = base._replace(
        proposal=one.proposal.value, in_a_row=one.in_a_row, waiting=waiting, since=since
    )
    return now._replace(period=one.period, score=one.score) if waiting else now


def _back(one: ServiceRanked, said: Said, heard: Heard) -> _Back | None:
    """How it comes back; None while the answer holds."""
    match said.answer:
        case Answer.ACCEPTED:
            return _check_plan(one, said, heard.known)
        case Answer.REJECTED:
            return _check_rejection(one, said)
        case Answer.DONE:
            found = assess_effectiveness(heard.came, one.service, said.at, one.until)
            if found is None:
                return None
            return _Back(found.why, outcome=found.outcome, is_settled=found.is_last)


def _check_plan(one: ServiceRanked, said: Said, known: datetime) -> _Back | None:
    due = said.target_date
    if due is not None and known.date() < due:
        return None
    was, now = said.score, one.score
    is_better = one.proposal is Proposal.LEAVE or (bool(was) and now * CHANGED <= was)
    facts: dict[str, Param] = {
        "text": _quote(said),
        "before": _hours(was),
        "now": _hours(now),
    }
    less = 1 - 1 / CHANGED
    if due is None and is_better:
        why = message("report.planned", **facts)
    elif due is None:
        why = message("report.planned-and-no-better", share=less, **facts)
    elif is_better:
        why = message("report.due", due=due, **facts)
    else:
        why = message("report.due-and-no-better", due=due, share=less, **facts)
    return _Back(why, None if is_better else due)


def _check_rejection(one: ServiceRanked, said: Said) -> _Back | None:
    is_worse = one.score > said.score and one.score >= CHANGED * said.score
    if one.proposal is Proposal.LEAVE or not is_worse:
        return None
    facts: dict[str, Param] = {
        "by": said.by,
        "on": said.at.date(),
        "text": _quote(said),
        "before": _hours(said.score),
        "now": _hours(one.score),
    }
    if not said.score:
        return _Back(message("report.rejected", **facts))
    return _Back(message("report.rejected-and-worse", share=one.score / said.score - 1, **facts))


def _quote(said: Said) -> Message | str:
    text = said.text if len(said.text) <= _QUOTED else f"{said.text[: _QUOTED - 2].rstrip()} …"
    return message("report.quoted", text=text) if text else ""


def _hours(minutes: float) -> float:
    return round(minutes / 60, 1)
