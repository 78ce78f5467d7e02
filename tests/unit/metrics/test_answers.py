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
    Said,
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
SAID = Said(
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
REJECTED = replace(SAID, answer=Answer.REJECTED, text="It is replaced soon.", target_date=None)
DONE = replace(SAID, answer=Answer.DONE, text="", target_date=None)


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


def heard(week: int, said: Said | None = None, came: Came | None = None) -> Heard:
    known = TUESDAY + week * WEEK
    said_of = {} if said is None else {"vpn": said}
    return Heard(said_of, came or Came(known - 20 * WEEK, known), known, "service-care")


def weekly(*systems: ServiceRanked, said: Said | None = None, since: int = 1) -> list[Followed]:
    """One report after the other; the answer is there from report `since` on."""
    found: list[Followed] = []
    for week, one in enumerate(systems):
        before = found[-1].asked if found else None
        found.append(follow_up(one, before, heard(week, said if week >= since else None)))
    return found


def system(one: Followed) -> ServiceRanked:
    assert one.system is not None
    return one.system


def test_what_nobody_answers_comes_back_counts_and_is_escalated_with_the_third() -> None:
    found = [system(item) for item in weekly(*(ranked(week=week) for week in range(4)))]
    assert [item.unanswered for item in found] == [0, 1, 2, 3]
    assert [item.in_a_row for item in found] == [1, 2, 3, 4]
    assert [item.unanswered_since for item in found] == [None, TUESDAY, TUESDAY, TUESDAY]
    assert [item.escalated for item in found] == [False, False, True, True]
    assert [item.escalated_to for item in found] == ["", "", "service-care", "service-care"]
    assert found[0].reasons == ()
    assert "since 1 December 2026: 2 reports in a row" in english(found[2].reasons[-1])


def test_an_owner_who_is_the_escalation_is_told_it_is_escalated_all_the_same() -> None:
    asked = AskedProposal("vpn", "repair", 2, waiting=2, since=TUESDAY)
    found = follow_up(ranked(), asked, replace(heard(2), escalation="network"))
    assert (system(found).escalated, system(found).escalated_to) == (True, "")


def test_a_confidential_service_is_escalated_to_nobody_whom_it_is_kept_from() -> None:
    asked = AskedProposal("vpn", "repair", 2, waiting=2, since=TUESDAY)
    found = follow_up(ranked(), asked, replace(heard(2), kept_from_it=frozenset({"vpn"})))
    assert (system(found).escalated, system(found).escalated_to) == (True, "")


def test_another_proposal_does_not_make_silence_an_answer() -> None:
    found = weekly(ranked(), ranked(proposal=Proposal.UPGRADE, week=1))
    assert (system(found[1]).unanswered, system(found[1]).in_a_row) == (1, 1)


def test_a_report_that_asks_nothing_ends_the_count() -> None:
    quiet = ranked(20, Proposal.LEAVE, 1)
    found = weekly(ranked(), quiet, ranked(week=2))
    assert [system(item).unanswered for item in found] == [0, 0, 0]
    assert found[1].asked.waiting == 0


def test_a_sla_keeps_it_out_until_its_day_and_then_it_says_for_when() -> None:
    """Reports of 1, 8, 15 and 22 December; target date the 15th."""
    found = weekly(*(ranked(week=week) for week in range(4)), said=SAID)
    assert [item.system is None for item in found] == [False, True, False, False]
    back = system(found[2])
    assert (back.answer, back.target_date) == (Answer.ACCEPTED, date(2026, 12, 15))
    assert back.unanswered == 0
    assert "due 15 December 2026" in english(back.reasons[-1])
    assert "“A second gateway.”" in english(back.reasons[-1])
    assert "15 hours" in english(back.reasons[-1])
    assert system(found[3]).unanswered == 1


@pytest.mark.parametrize(("score", "is_kept"), [(601, False), (600, True), (0, True)])
def test_a_third_less_lost_is_a_sla_kept(score: float, *, is_kept: bool) -> None:
    back = system(weekly(ranked(), ranked(week=1), ranked(score, week=2), said=SAID)[2])
    assert back.answer is Answer.ACCEPTED
    assert (back.target_date is None) is is_kept


def test_a_sla_about_what_costs_nothing_is_kept_only_once_nothing_is_proposed() -> None:
    said = replace(SAID, score=0.0)
    idle = [ranked(0, Proposal.RETIRE, week) for week in range(3)]
    assert system(weekly(*idle, said=said)[2]).target_date == date(2026, 12, 15)
    gone = ranked(0, Proposal.LEAVE, 2)
    assert system(weekly(*idle[:2], gone, said=said)[2]).target_date is None


@pytest.mark.parametrize(("score", "comes_back"), [(900, False), (1349, False), (1350, True)])
def test_what_was_rejected_comes_back_with_half_as_much_lost_again(
    score: float, *, comes_back: bool
) -> None:
    found = weekly(ranked(), ranked(score, week=1), ranked(score, week=2), said=REJECTED)
    assert (found[1].system is not None) is comes_back
    if comes_back:
        back = system(found[1])
        assert back.answer is Answer.REJECTED
        assert "22.5 hours now, 50% more" in english(back.reasons[-1])
        assert "bo rejected it on 1 December 2026." in english(back.reasons[-1])
        assert system(found[2]).unanswered == 1


def test_what_cost_nothing_and_was_rejected_comes_back_once_it_costs_something() -> None:
    said = replace(REJECTED, score=0.0)
    again = ranked(30, week=1)
    assert system(weekly(ranked(0, Proposal.RETIRE), again, said=said)[1]).answer is said.answer
    still = ranked(0, Proposal.RETIRE, 1)
    assert weekly(ranked(0, Proposal.RETIRE), still, said=said)[1].system is None


def test_an_answer_holds_although_a_report_asks_nothing_in_between() -> None:
    found = weekly(ranked(), ranked(20, Proposal.LEAVE, 1), ranked(week=2), said=REJECTED)
    assert [item.system is None for item in found] == [False, False, True]


def test_an_answer_that_crosses_a_report_is_heard_by_the_next() -> None:
    found = weekly(ranked(), ranked(week=1), ranked(week=2), said=REJECTED, since=2)
    assert [item.system is None for item in found] == [False, False, True]


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
    found = [follow_up(ranked(), None, heard(0))]
    for week in range(1, weeks):
        said = heard(week, DONE, counts)
        found.append(follow_up(ranked(week=week), found[-1].asked, said))
    return found


def test_what_is_done_is_compared_for_four_weeks_and_then_asked_about_anew() -> None:
    found = done_reports(came((40, 8), (100, 100)))
    told = [(system(item).outcome, item.asked.waiting, item.asked.heard) for item in found]
    outcome = AnswerOutcome.HELPED
    assert told[0] == (None, 1, "")
    assert told[1][1:] == (0, "")
    assert told[4] == (outcome, 0, "")
    assert told[5] == (outcome, 0, "a-1")
    assert told[6] == (None, 1, "a-1")
    text = english(system(found[5]).reasons[-1])
    assert text.startswith(
        "Done on 1 December 2026: 8 contacts in 28 days since, 40 in 28 days before."
    )
    assert "It helped: compared with all other services 80% fewer" in text


def test_in_the_week_it_was_done_there_is_nothing_to_say_yet() -> None:
    said = replace(DONE, at=MONDAY + WEEK + timedelta(hours=2))
    found = weekly(ranked(), ranked(week=1), said=said)
    assert found[1].system is None


@pytest.mark.parametrize(
    ("own", "rest", "outcome", "words"),
    [
        ((5, 1), (100, 100), AnswerOutcome.CANNOT_TELL, "below 10 contacts all is chance"),
        ((12, 8), (100, 100), AnswerOutcome.CANNOT_TELL, "anything between"),
        ((40, 8), (0, 0), AnswerOutcome.CANNOT_TELL, "no other service had contacts"),
        ((40, 20), (100, 50), AnswerOutcome.CANNOT_TELL, "anything between"),
        ((10, 40), (100, 100), AnswerOutcome.WORSE, "It became worse: compared with all other"),
        ((40, 8), (100, 100), AnswerOutcome.HELPED, "It helped"),
    ],
)
def test_few_contacts_and_a_quiet_month_for_all_prove_nothing(
    own: tuple[int, int], rest: tuple[int, int], outcome: AnswerOutcome, words: str
) -> None:
    found = assess_effectiveness(came(own, rest), "vpn", DONE.at, MONDAY + 5 * WEEK)
    assert found is not None
    assert (found.outcome, found.is_last) == (outcome, True)
    assert words in english(found.why)


def test_early_words_say_that_they_are_early() -> None:
    found = assess_effectiveness(came((5, 1), (100, 100)), "vpn", DONE.at, MONDAY + WEEK)
    assert found is not None
    assert not found.is_last
    assert "cannot be told yet" in english(found.why)
    assert "in 5 days since" in english(found.why)


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
    asked = AskedProposal("vpn", "repair", 1, 1, TUESDAY, "p0", 900.0)
    assert question(asked, None) == ("p0", Proposal.REPAIR, 900.0)
    quiet = AskedProposal("vpn", "leave", 1)
    assert question(quiet, None) is None
    assert question(quiet, SAID) == (SAID.period, Proposal.REPAIR, 900.0)
    assert question(quiet._replace(heard="a-1"), SAID) is None


def test_where_it_stands_is_one_sentence() -> None:
    asked = AskedProposal("vpn", "repair", 2, 2, TUESDAY)
    assert find_status(None, None) is None
    assert (
        english(find_status(asked, None))
        == "Not answered: 2 reports in a row since 1 December 2026."
    )
    assert english(find_status(asked, SAID)) == (
        "Accepted on 1 December 2026 by bo. Due 15 December 2026. It said: “A second gateway.”"
    )
    assert english(find_status(asked, DONE)) == "Done on 1 December 2026 by bo."
    assert english(find_status(asked._replace(heard="a-1"), SAID)).startswith("Not answered")


def test_the_event_of_an_answer_has_one_id_and_goes_to_the_team() -> None:
    event = response_event(SAID, "vpn", "network")
    assert event == response_event(SAID, "vpn", "network")
    assert event.id != response_event(replace(SAID, id="a-2"), "vpn", "network").id
    assert (event.subject, event.time) == ("network", SAID.at)
    assert isinstance(event.data, ResponseRecorded)
    assert (event.data.answer, event.data.target_date) == (SAID.answer, SAID.target_date)


def test_answers_are_kept_newest_last_and_not_without_end() -> None:
    answers = Answers()
    for number in range(MOST_KEPT + 5):
        answers = add_response(answers, replace(SAID, id=str(number)))
    assert len(answers.said) == MOST_KEPT
    assert answers.last is not None
    assert answers.last.id == str(MOST_KEPT + 4)
    assert answers.find("0") is None
