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
class OwnerResponse:
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

    responses: tuple[OwnerResponse, ...] = ()

    @property
    def last(self) -> OwnerResponse | None:
        return self.responses[-1] if self.responses else None

    def find(self, id: str) -> OwnerResponse | None:
        """The answer of that id, if it was given."""
        return next((item for item in self.responses if item.id == id), None)


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

    responses: Mapping[str, OwnerResponse]
    came: Came
    as_of: datetime
    escalation: str = ""
    # Services that are confidential to that team, so it is not told.
    kept_from_it: frozenset[str] = frozenset()


class Followed(NamedTuple):
    """A service in the new report, none if it is left out, and what is to be remembered."""

    system: ServiceRanked | None
    remembered: AskedProposal


class _Back(NamedTuple):
    """How a service that was answered for comes back; `is_settled`: the answer is spent."""

    why: Message
    target_date: date | None = None
    outcome: AnswerOutcome | None = None
    is_settled: bool = True


def add_response(answers: Answers | None, response: OwnerResponse) -> Answers:
    """The answers with one more; the oldest are forgotten."""
    before = () if answers is None else answers.responses
    return Answers((*before, response)[-MOST_KEPT:])


def response_event(response: OwnerResponse, service: str, team: str) -> Event[Payload]:
    """What is told of an answer; the same answer has the same id."""
    data = ResponseRecorded(
        service=service,
        team=team,
        period=response.period,
        proposal=response.proposal,
        answer=response.answer,
        by=response.by,
        text=response.text,
        target_date=response.target_date,
    )
    return Event(derive_id(response.id, ResponseRecorded.TYPE), SOURCE, team, response.at, data)


def in_force(last: OwnerResponse | None, proposal: AskedProposal | None) -> OwnerResponse | None:
    """The last answer, unless a report has acted on it already."""
    if last is None or (proposal is not None and last.id == proposal.heard):
        return None
    return last


def question(
    proposal: AskedProposal | None, last: OwnerResponse | None
) -> tuple[str, Proposal, float] | None:
    """What an owner can answer now: period, proposal and score; None if nothing is asked."""
    if proposal is not None and proposal.waiting:
        return proposal.period, Proposal(proposal.proposal), proposal.score
    open_ = in_force(last, proposal)
    return None if open_ is None else (open_.period, open_.proposal, open_.score)


def follow_up(ranked: ServiceRanked, before: AskedProposal | None, heard: Heard) -> Followed:
    """A service's rank as it goes into the next report, given what became of the last one."""
    base = before or AskedProposal(ranked.service)
    is_same = base.proposal == ranked.proposal and ranked.proposal is not Proposal.LEAVE
    ranked = ranked.model_copy(update={"in_a_row": base.in_a_row + 1 if is_same else 1})
    response = in_force(heard.responses.get(ranked.service), base)
    if response is None:
        return _ask_again(ranked, base, heard)
    back = _back(ranked, response, heard)
    if back is None:
        # An answer holds, so nothing is asked; a rank that asks nothing is told as ever.
        if ranked.proposal is Proposal.LEAVE:
            return Followed(ranked, _remember(ranked, base))
        return Followed(None, base._replace(waiting=0, since=None))
    return _came_back(ranked, base, response, back, heard.as_of)


def find_status(proposal: AskedProposal | None, last: OwnerResponse | None) -> Message | None:
    """Where a report and its answer stand; None if nothing is asked."""
    response = in_force(last, proposal)
    if response is not None:
        due = message("report.status-due", due=response.target_date) if response.target_date else ""
        return message(
            "report.status-answered",
            answer=response.answer,
            on=response.at.date(),
            by=response.by,
            due=due,
            text=_quote(response),
        )
    if proposal is None or not proposal.waiting or proposal.since is None:
        return None
    reports = message("count.reports", count=proposal.waiting)
    return message("report.status-unanswered", reports=reports, since=proposal.since.date())


def _ask_again(ranked: ServiceRanked, base: AskedProposal, heard: Heard) -> Followed:
    if ranked.proposal is Proposal.LEAVE:
        return Followed(ranked, _remember(ranked, base))
    since = base.since or heard.as_of
    remembered = _remember(ranked, base, waiting=base.waiting + 1, since=since)
    if not base.waiting:
        return Followed(ranked, remembered)
    is_escalated = remembered.waiting >= ESCALATED_FROM
    reports = message("count.reports", count=base.waiting)
    silence = message("report.unanswered", since=since.date(), reports=reports)
    update = {
        "unanswered": base.waiting,
        "unanswered_since": since,
        "escalated": is_escalated,
        "escalated_to": heard.escalation
        if is_escalated
        and (heard.escalation != ranked.team and ranked.service not in heard.kept_from_it)
        else "",
        "reasons": (*ranked.reasons, silence),
    }
    return Followed(ranked.model_copy(update=update), remembered)


def _came_back(
    ranked: ServiceRanked,
    base: AskedProposal,
    response: OwnerResponse,
    back: _Back,
    as_of: datetime,
) -> Followed:
    update = {
        "answer": response.answer,
        "target_date": back.target_date,
        "outcome": back.outcome,
        "reasons": (*ranked.reasons, back.why),
    }
    reranked = ranked.model_copy(update=update)
    if not back.is_settled:
        return Followed(reranked, _remember(ranked, base))
    base = base._replace(heard=response.id)
    if ranked.proposal is Proposal.LEAVE or back.outcome is not None:
        return Followed(reranked, _remember(ranked, base))
    return Followed(reranked, _remember(ranked, base, waiting=1, since=as_of))


def _remember(
    ranked: ServiceRanked, base: AskedProposal, waiting: int = 0, since: datetime | None = None
) -> AskedProposal:
    now = base._replace(
        proposal=ranked.proposal.value, in_a_row=ranked.in_a_row, waiting=waiting, since=since
    )
    return now._replace(period=ranked.period, score=ranked.score) if waiting else now


def _back(ranked: ServiceRanked, response: OwnerResponse, heard: Heard) -> _Back | None:
    """How it comes back; None while the answer holds."""
    match response.answer:
        case Answer.ACCEPTED:
            return _check_plan(ranked, response, heard.as_of)
        case Answer.REJECTED:
            return _check_rejection(ranked, response)
        case Answer.DONE:
            effect = assess_effectiveness(heard.came, ranked.service, response.at, ranked.until)
            if effect is None:
                return None
            return _Back(effect.why, outcome=effect.outcome, is_settled=effect.is_last)


def _check_plan(ranked: ServiceRanked, response: OwnerResponse, as_of: datetime) -> _Back | None:
    due = response.target_date
    if due is not None and as_of.date() < due:
        return None
    was, now = response.score, ranked.score
    is_better = ranked.proposal is Proposal.LEAVE or (bool(was) and now * CHANGED <= was)
    facts: dict[str, Param] = {
        "text": _quote(response),
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


def _check_rejection(ranked: ServiceRanked, response: OwnerResponse) -> _Back | None:
    is_worse = ranked.score > response.score and ranked.score >= CHANGED * response.score
    if ranked.proposal is Proposal.LEAVE or not is_worse:
        return None
    facts: dict[str, Param] = {
        "by": response.by,
        "on": response.at.date(),
        "text": _quote(response),
        "before": _hours(response.score),
        "now": _hours(ranked.score),
    }
    if not response.score:
        return _Back(message("report.rejected", **facts))
    return _Back(
        message("report.rejected-and-worse", share=ranked.score / response.score - 1, **facts)
    )


def _quote(response: OwnerResponse) -> Message | str:
    text = (
        response.text
        if len(response.text) <= _QUOTED
        else f"{response.text[: _QUOTED - 2].rstrip()} …"
    )
    return message("report.quoted", text=text) if text else ""


def _hours(minutes: float) -> float:
    return round(minutes / 60, 1)
