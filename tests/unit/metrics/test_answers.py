"""What becomes of a report: unanswered, planned, rejected, done; each week as it comes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from desk_contracts.events.reports import (
    Answer,
    AnswerOutcome,
    Proposal,
    ResponseRecorded,
    ServiceRanked,
)
from desk_contracts.message import verbatim
from desk_metrics.measures.contributions import Contribution, Slice
from desk_metrics.measures.rollups import Bucket, Entry
from desk_metrics.reports.effectiveness import Came, assess_effectiveness
from desk_metrics.reports.responses import (
    MOST_KEPT,
    Answers,
    AskedProposal,
    Followed,
    Heard,
    OwnerResponse,
    add_response,
    find_status,
    follow_up,
    question,
    response_event,
)
from desk_metrics.sla.worktime import micros

from tests.support.spoken import english

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(hours=30)
WEEK = timedelta(weeks=1)
ACCEPTED = OwnerResponse(
    "a-1",
    Answer.ACCEPTED,
    TUESDAY + timedelta(hours=3),
    "bo",
    "A second gateway.",
    "2026-W45/2026-W48",
    Proposal.REPAIR,
    900.0,
    date(2026, 12, 15),
)
REJECTED = replace(ACCEPTED, answer=Answer.REJECTED, text="It is replaced soon.", target_date=None)
DONE = replace(ACCEPTED, answer=Answer.DONE, text="", target_date=None)


def ranked(
    score: float = 900, proposal: Proposal = Proposal.REPAIR, week: int = 0
) -> ServiceRanked:
    end = MONDAY + week * WEEK
    return ServiceRanked(
        service="vpn",
        team="network",
        period=f"p{week}",
        since=end - 4 * WEEK,
        until=end,
        rank=1,
        of=13,
        contacts=12,
        lost_minutes=score,
        repeat_contacts=0,
        healing_debt=0,
        slas_breached=0,
        score=score,
        proposal=proposal,
        reasons=(),
        based_on=verbatim(""),
    )


def heard(week: int, response: OwnerResponse | None = None, came: Came | None = None) -> Heard:
    moment = TUESDAY + week * WEEK
    said_of = {} if response is None else {"vpn": response}
    return Heard(said_of, came or Came(moment - 20 * WEEK, moment), moment, "service-care")


def weekly(
    *systems: ServiceRanked, response: OwnerResponse | None = None, since: int = 1
) -> list[Followed]:
    """One report after the other; the answer is there from report `since` on."""
    reports: list[Followed] = []
    for week, service in enumerate(systems):
        before = reports[-1].remembered if reports else None
        reports.append(follow_up(service, before, heard(week, response if week >= since else None)))
    return reports


def system(followed: Followed) -> ServiceRanked:
    assert followed.system is not None
    return followed.system


def test_what_nobody_answers_comes_back_counts_and_is_escalated_with_the_third() -> None:
    reports = [system(item) for item in weekly(*(ranked(week=week) for week in range(4)))]
    assert [item.unanswered for item in reports] == [0, 1, 2, 3]
    assert [item.in_a_row for item in reports] == [1, 2, 3, 4]
    assert [item.unanswered_since for item in reports] == [None, TUESDAY, TUESDAY, TUESDAY]
    assert [item.escalated for item in reports] == [False, False, True, True]
    assert [item.escalated_to for item in reports] == ["", "", "service-care", "service-care"]
    assert reports[0].reasons == ()
    assert "since 1 December 2026: 2 reports in a row" in english(reports[2].reasons[-1])


def test_an_owner_who_is_the_escalation_is_told_it_is_escalated_all_the_same() -> None:
    proposal = AskedProposal("vpn", "repair", 2, waiting=2, since=TUESDAY)
    followed = follow_up(ranked(), proposal, replace(heard(2), escalation="network"))
    assert (system(followed).escalated, system(followed).escalated_to) == (True, "")


def test_a_confidential_service_is_escalated_to_nobody_whom_it_is_kept_from() -> None:
    proposal = AskedProposal("vpn", "repair", 2, waiting=2, since=TUESDAY)
    followed = follow_up(ranked(), proposal, replace(heard(2), kept_from_it=frozenset({"vpn"})))
    assert (system(followed).escalated, system(followed).escalated_to) == (True, "")


def test_another_proposal_does_not_make_silence_an_answer() -> None:
    reports = weekly(ranked(), ranked(proposal=Proposal.UPGRADE, week=1))
    assert (system(reports[1]).unanswered, system(reports[1]).in_a_row) == (1, 1)


def test_a_report_that_asks_nothing_ends_the_count() -> None:
    quiet = ranked(20, Proposal.LEAVE, 1)
    reports = weekly(ranked(), quiet, ranked(week=2))
    assert [system(item).unanswered for item in reports] == [0, 0, 0]
    assert reports[1].remembered.waiting == 0


def test_a_sla_keeps_it_out_until_its_day_and_then_it_says_for_when() -> None:
    """Reports of 1, 8, 15 and 22 December; target date the 15th."""
    reports = weekly(*(ranked(week=week) for week in range(4)), response=ACCEPTED)
    assert [item.system is None for item in reports] == [False, True, False, False]
    back = system(reports[2])
    assert (back.answer, back.target_date) == (Answer.ACCEPTED, date(2026, 12, 15))
    assert back.unanswered == 0
    assert "due 15 December 2026" in english(back.reasons[-1])
    assert "“A second gateway.”" in english(back.reasons[-1])
    assert "15 hours" in english(back.reasons[-1])
    assert system(reports[3]).unanswered == 1


@pytest.mark.parametrize(("score", "is_kept"), [(601, False), (600, True), (0, True)])
def test_a_third_less_lost_is_a_sla_kept(score: float, *, is_kept: bool) -> None:
    back = system(weekly(ranked(), ranked(week=1), ranked(score, week=2), response=ACCEPTED)[2])
    assert back.answer is Answer.ACCEPTED
    assert (back.target_date is None) is is_kept


def test_a_sla_about_what_costs_nothing_is_kept_only_once_nothing_is_proposed() -> None:
    response = replace(ACCEPTED, score=0.0)
    idle = [ranked(0, Proposal.RETIRE, week) for week in range(3)]
    assert system(weekly(*idle, response=response)[2]).target_date == date(2026, 12, 15)
    gone = ranked(0, Proposal.LEAVE, 2)
    assert system(weekly(*idle[:2], gone, response=response)[2]).target_date is None


@pytest.mark.parametrize(("score", "comes_back"), [(900, False), (1349, False), (1350, True)])
def test_what_was_rejected_comes_back_with_half_as_much_lost_again(
    score: float, *, comes_back: bool
) -> None:
    reports = weekly(ranked(), ranked(score, week=1), ranked(score, week=2), response=REJECTED)
    assert (reports[1].system is not None) is comes_back
    if comes_back:
        back = system(reports[1])
        assert back.answer is Answer.REJECTED
        assert "22.5 hours now, 50% more" in english(back.reasons[-1])
        assert "bo rejected it on 1 December 2026." in english(back.reasons[-1])
        assert system(reports[2]).unanswered == 1


@pytest.mark.parametrize("response", [ACCEPTED, REJECTED], ids=["accepted", "rejected"])
def test_hours_lost_are_told_in_tenths(response: OwnerResponse) -> None:
    """15 h 7 min when it was answered, 22 h 47 min now."""
    answer = replace(response, score=907.0)
    reports = weekly(ranked(907), *(ranked(1367, week=week) for week in (1, 2)), response=answer)
    back = next(item.system for item in reports[1:] if item.system is not None)
    assert (back.reasons[-1].params["before"], back.reasons[-1].params["now"]) == (15.1, 22.8)


def test_what_cost_nothing_and_was_rejected_comes_back_once_it_costs_something() -> None:
    response = replace(REJECTED, score=0.0)
    again = ranked(30, week=1)
    assert (
        system(weekly(ranked(0, Proposal.RETIRE), again, response=response)[1]).answer
        is response.answer
    )
    still = ranked(0, Proposal.RETIRE, 1)
    assert weekly(ranked(0, Proposal.RETIRE), still, response=response)[1].system is None


def test_an_answer_holds_although_a_report_asks_nothing_in_between() -> None:
    reports = weekly(ranked(), ranked(20, Proposal.LEAVE, 1), ranked(week=2), response=REJECTED)
    assert [item.system is None for item in reports] == [False, False, True]


def test_an_answer_that_crosses_a_report_is_heard_by_the_next() -> None:
    reports = weekly(ranked(), ranked(week=1), ranked(week=2), response=REJECTED, since=2)
    assert [item.system is None for item in reports] == [False, False, True]


# What was done


def came(own: tuple[int, int], rest: tuple[int, int], days: int = 28) -> Came:
    """Contacts of the VPN and of all else, spread over 28 days on both sides of 1 December."""
    counts = Came(TUESDAY - 20 * WEEK, TUESDAY + 20 * WEEK)
    day = datetime(2026, 12, 1, 10, tzinfo=UTC)
    for service, (before, after) in (("vpn", own), ("mail", rest)):
        moments = [day - timedelta(days=1 + n % 28) for n in range(before)]
        moments += [day + timedelta(days=1 + n % days) for n in range(after)]
        contributions = tuple(Contribution("contacts", micros(at), micros(at)) for at in moments)
        counts.add(Bucket("", (Entry(service, 1, Slice(service=service), contributions),)))
    return counts


def done_reports(counts: Came, weeks: int = 7) -> list[Followed]:
    reports = [follow_up(ranked(), None, heard(0))]
    for week in range(1, weeks):
        received = heard(week, DONE, counts)
        reports.append(follow_up(ranked(week=week), reports[-1].remembered, received))
    return reports


def test_what_is_done_is_compared_for_four_weeks_and_then_asked_about_anew() -> None:
    reports = done_reports(came((40, 8), (100, 100)))
    rows = [
        (system(item).outcome, item.remembered.waiting, item.remembered.heard) for item in reports
    ]
    outcome = AnswerOutcome.BETTER
    assert rows[0] == (None, 1, "")
    assert rows[1][1:] == (0, "")
    assert rows[4] == (outcome, 0, "")
    assert rows[5] == (outcome, 0, "a-1")
    assert rows[6] == (None, 1, "a-1")
    text = english(system(reports[5]).reasons[-1])
    assert text.startswith(
        "Done on 1 December 2026: 8 contacts in 28 days since, 40 in 28 days before."
    )
    assert "It helped: compared with all other services 80% fewer" in text


def test_in_the_week_it_was_done_there_is_nothing_to_say_yet() -> None:
    response = replace(DONE, at=MONDAY + WEEK + timedelta(hours=2))
    reports = weekly(ranked(), ranked(week=1), response=response)
    assert reports[1].system is None


@pytest.mark.parametrize(
    ("own", "rest", "outcome", "words"),
    [
        ((5, 1), (100, 100), AnswerOutcome.CANNOT_TELL, "below 10 contacts all is chance"),
        ((12, 8), (100, 100), AnswerOutcome.CANNOT_TELL, "anything between"),
        ((40, 8), (0, 0), AnswerOutcome.CANNOT_TELL, "no other service had contacts"),
        ((40, 20), (100, 50), AnswerOutcome.CANNOT_TELL, "anything between"),
        ((10, 40), (100, 100), AnswerOutcome.WORSE, "It became worse: compared with all other"),
        ((40, 8), (100, 100), AnswerOutcome.BETTER, "It helped"),
    ],
)
def test_few_contacts_and_a_quiet_month_for_all_prove_nothing(
    own: tuple[int, int], rest: tuple[int, int], outcome: AnswerOutcome, words: str
) -> None:
    effect = assess_effectiveness(came(own, rest), "vpn", DONE.at, MONDAY + 5 * WEEK)
    assert effect is not None
    assert (effect.outcome, effect.is_last) == (outcome, True)
    assert words in english(effect.why)


def test_early_words_say_that_they_are_early() -> None:
    effect = assess_effectiveness(came((5, 1), (100, 100)), "vpn", DONE.at, MONDAY + WEEK)
    assert effect is not None
    assert not effect.is_last
    assert "cannot be told yet" in english(effect.why)
    assert "in 5 days since" in english(effect.why)


def test_what_was_not_known_then_is_not_counted() -> None:
    counts = Came(TUESDAY - WEEK, TUESDAY)
    contributions = tuple(
        Contribution("contacts", micros(TUESDAY + hours), micros(TUESDAY + hours))
        for hours in (timedelta(hours=-1), timedelta(hours=1), timedelta(weeks=-2))
    )
    counts.add(Bucket("", (Entry("t", 1, Slice(service="vpn"), contributions),)))
    day = micros(MONDAY) // (24 * 3600 * 1_000_000)
    assert counts.of("vpn", day - 30, day + 30) == (1, 0)


# What can be answered, and how it is told


def test_only_what_was_asked_or_answered_can_be_answered() -> None:
    assert question(None, None) is None
    proposal = AskedProposal("vpn", "repair", 1, 1, TUESDAY, "p0", 900.0)
    assert question(proposal, None) == ("p0", Proposal.REPAIR, 900.0)
    quiet = AskedProposal("vpn", "leave", 1)
    assert question(quiet, None) is None
    assert question(quiet, ACCEPTED) == (ACCEPTED.period, Proposal.REPAIR, 900.0)
    assert question(quiet._replace(heard="a-1"), ACCEPTED) is None


def test_where_it_stands_is_one_sentence() -> None:
    proposal = AskedProposal("vpn", "repair", 2, 2, TUESDAY)
    assert find_status(None, None) is None
    assert (
        english(find_status(proposal, None))
        == "Not answered: 2 reports in a row since 1 December 2026."
    )
    assert english(find_status(proposal, ACCEPTED)) == (
        "Accepted on 1 December 2026 by bo. Due 15 December 2026. It said: “A second gateway.”"
    )
    assert english(find_status(proposal, DONE)) == "Done on 1 December 2026 by bo."
    assert english(find_status(proposal._replace(heard="a-1"), ACCEPTED)).startswith("Not answered")


def test_the_event_of_an_answer_has_one_id_and_goes_to_the_team() -> None:
    event = response_event(ACCEPTED, "vpn", "network")
    assert event == response_event(ACCEPTED, "vpn", "network")
    assert event.id != response_event(replace(ACCEPTED, id="a-2"), "vpn", "network").id
    assert (event.subject, event.time) == ("network", ACCEPTED.at)
    assert isinstance(event.data, ResponseRecorded)
    assert (event.data.answer, event.data.target_date) == (ACCEPTED.answer, ACCEPTED.target_date)


def test_answers_are_kept_newest_last_and_not_without_end() -> None:
    answers = Answers()
    for number in range(MOST_KEPT + 5):
        answers = add_response(answers, replace(ACCEPTED, id=str(number)))
    assert len(answers.responses) == MOST_KEPT
    assert answers.last is not None
    assert answers.last.id == str(MOST_KEPT + 4)
    assert answers.find("0") is None


@pytest.mark.parametrize(
    ("text", "quoted"), [("x" * 200, "x" * 200), ("x" * 201, "x" * 198 + " …")]
)
def test_an_answer_is_quoted_up_to_200_signs(text: str, quoted: str) -> None:
    assert english(find_status(None, replace(ACCEPTED, text=text))) == (
        f"Accepted on 1 December 2026 by bo. Due 15 December 2026. It said: “{quoted}”"
    )
