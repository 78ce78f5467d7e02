"""`desk.reports`: what the figures say to those who can change them. Key: the owner team; written
by metrics.
"""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, Field, FiniteFloat

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.message import Explanation, Message
from desk_contracts.people import PersonId
from desk_contracts.value_types import Identifier, LongText, ShortText, Value


class Proposal(StrEnum):
    """What the desk proposes to do about a service; `leave` means that nothing is proposed."""

    REPAIR = "repair"
    REPLACE = "replace"
    RETIRE = "retire"
    UPGRADE = "upgrade"
    AUTOMATE = "automate"
    LEAVE = "leave"


class Answer(StrEnum):
    """What an owner says to a report: it will be done, it will not be, it has been."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DONE = "done"


class AnswerOutcome(StrEnum):
    """Whether what an owner did helped, as far as the counts can tell."""

    BETTER = "better"
    WORSE = "worse"
    CANNOT_TELL = "cannot_tell"


class ServiceRanked(Payload, type="desk.report.service-ranked.v1", topic=names.REPORTS):
    """Where one service stands among all by the time it costs people, and what to do about it."""

    service: Identifier
    team: Identifier = Field(description="The team that answers for the service.")
    period: Identifier = Field(description="For example 2026-W44/2026-W47.")
    since: AwareDatetime
    until: AwareDatetime = Field(description="The period's end, which does not belong to it.")
    rank: int = Field(
        ge=1, description="1 costs people the most time; those that cost none share the last."
    )
    of: int = Field(ge=1, description="How many services were ranked.")
    contacts: int = Field(ge=0, description="Tickets that people opened about it.")
    contacts_before: int = Field(default=0, ge=0, description="In as long a time before.")
    is_before_known: bool = Field(
        default=True, description="False where the desk does not know all of that time."
    )
    lost_minutes: FiniteFloat = Field(ge=0, description="Open hours that incidents took to end.")
    repeat_contacts: int = Field(ge=0, description="Resolutions after which people came back.")
    came_again: int = Field(
        default=0,
        ge=0,
        description="Contacts of people who had asked about the same within the week before.",
    )
    deflected: int = Field(
        default=0,
        ge=0,
        description="Contacts that people prevented by taking what they found before logging, less"
        " those who logged the same within seven days.",
    )
    reported_lost_minutes: FiniteFloat | None = Field(
        default=None,
        ge=0,
        description="Working time that it cost people, as those say who answered that question;"
        " none where nobody did: that is unknown, and not zero.",
    )
    reported_lost_answers: int = Field(default=0, ge=0, description="How many people said so.")
    requested_by: int = Field(default=0, ge=0, description="People who asked for it.")
    healing_debt: int = Field(
        ge=0, description="Repairs that the desk made while the cause stayed, relapses included."
    )
    relapses: int = Field(default=0, ge=0, description="Of these, those that did not last.")
    slas_breached: int = Field(ge=0)
    problems: int = Field(default=0, ge=0, description="Outages and known problems detected.")
    changes: int = Field(default=0, ge=0, description="Changes that were finished.")
    change_failure_rate: FiniteFloat | None = Field(
        default=None, description="Of these, the share that was rolled back or followed by trouble."
    )
    tickets_per_release: FiniteFloat | None = Field(
        default=None, description="Contacts within a day after a release, on average."
    )
    score: FiniteFloat = Field(ge=0, description="Minutes that people lost, their asking included.")
    proposal: Proposal
    in_a_row: int = Field(
        default=1, ge=1, description="In how many reports in a row this was proposed."
    )
    unanswered: int = Field(
        default=0, ge=0, description="Reports in a row before this one that nobody answered."
    )
    unanswered_since: AwareDatetime | None = Field(
        default=None, description="When the first of them was due."
    )
    escalated: bool = Field(
        default=False, description="True from the third report in a row without an answer on."
    )
    escalated_to: str = Field(
        default="", description="The team that is told too; empty if that is the owner itself."
    )
    answer: Answer | None = Field(
        default=None, description="The owner's answer that this report comes back to."
    )
    target_date: date | None = Field(
        default=None, description="A day that has come, though the figures are no better."
    )
    outcome: AnswerOutcome | None = Field(
        default=None, description="Whether what the owner did helped; with the answer done."
    )
    reasons: Explanation
    based_on: Message = Field(description="What was looked at.")
    charter: str = ""


class ResponseRecorded(Payload, type="desk.report.response-recorded.v1", topic=names.REPORTS):
    """The owner of a service says what becomes of a proposal; the newest answer counts."""

    service: Identifier
    team: Identifier = Field(description="The team that answers for the service.")
    period: Identifier = Field(description="The report that is answered: 2026-W44/2026-W47.")
    proposal: Proposal
    answer: Answer
    by: PersonId
    text: LongText = Field(default="", description="The plan, the reason, or what was done.")
    target_date: date | None = Field(
        default=None, description="The day by which what is accepted will be done."
    )


class SkillGapReported(Payload, type="desk.report.skill-gap-reported.v1", topic=names.REPORTS):
    """A team is asked for a skill that too few of its members have, or that it hands on."""

    team: Identifier
    skill: Identifier
    period: Identifier
    since: AwareDatetime
    until: AwareDatetime
    bus_factor: int = Field(ge=0, description="How many members of the team have the skill.")
    members: int = Field(ge=0, description="How many members the team has.")
    requested: int = Field(
        ge=0, description="Tickets that came to the team and asked for the skill."
    )
    handed_on: int = Field(ge=0, description="Of these, how often the team handed one on.")
    reasons: Explanation
    charter: str = ""


class GoalVerdict(StrEnum):
    """Where a goal stands. `within_reach`: the forecast misses the target, its range does not."""

    REACHED = "reached"
    ON_THE_WAY = "on_the_way"
    WITHIN_REACH = "within_reach"
    BEHIND = "behind"
    MISSED = "missed"
    TOO_EARLY = "too_early"
    CANNOT_TELL = "cannot_tell"


class GoalMilestone(Value):
    """A quarter, half, three quarters or all of the way, and how it was on its day."""

    share: FiniteFloat = Field(ge=0, le=1, description="How much of the way, 0.25 to 1.")
    day: date = Field(description="The day by which it was due, UTC.")
    planned: FiniteFloat
    measured: FiniteFloat | None = Field(
        default=None, description="The mean of the four weeks before; none if that is not known."
    )
    is_met: bool | None = None


class GoalStatusReported(Payload, type="desk.report.goal-status-reported.v1", topic=names.REPORTS):
    """Where a goal of the organisation stands: told each week, whether it has moved or not."""

    goal: Identifier
    title: ShortText = Field(description="The aim in plain words.")
    team: Identifier = Field(description="The team that answers for the goal.")
    period: Identifier = Field(description="The report it belongs to: 2026-W44/2026-W47.")
    as_of: AwareDatetime = Field(description="What was known then is in it.")
    measure: Identifier = Field(description="A figure of docs/measures.md.")
    unit: Identifier = Field(description="per_week, share (0 to 1), seconds or plain.")
    due: date
    verdict: GoalVerdict
    verdict_before: GoalVerdict | None = Field(
        default=None, description="What the report before said; none in the first."
    )
    explanation: Explanation = Field(description="Where it stands.")
    baseline: FiniteFloat | None = None
    baseline_weeks: FiniteFloat | None = Field(
        default=None, description="Of how many weeks of the baseline there are figures."
    )
    baseline_wanted: FiniteFloat | None = Field(
        default=None, description="How many weeks the baseline has."
    )
    target: FiniteFloat | None = None
    now: FiniteFloat | None = Field(default=None, description="In the four weeks before.")
    planned_now: FiniteFloat | None = Field(
        default=None, description="Where the straight way to the target would be by now."
    )
    forecast: FiniteFloat | None = Field(default=None, description="On the due day.")
    forecast_low: FiniteFloat | None = Field(
        default=None, description="Between low and high four times out of five."
    )
    forecast_high: FiniteFloat | None = None
    milestone: GoalMilestone | None = Field(
        default=None, description="The last one that came due since the report before."
    )
    charter: str = ""
