"""Learning on a made past: what is held out, when a model is given, and when not."""

from datetime import timedelta

import pytest
from desk_triage.domain.judging import LearningTask, Refused, learn
from desk_triage.domain.learned import Scorer
from desk_triage.domain.lessons import Lesson
from desk_triage.domain.teaching import MIN_PEOPLE, by_weeks

from tests.unit.triage.past import (
    CATEGORY,
    PER_WEEK,
    TEAM,
    TEAMS,
    fit_by_counting,
    lessons_of,
    lives,
)

PAST = lessons_of(lives())


def learned(lessons: list[Lesson] = PAST, task: LearningTask = TEAM) -> Scorer:
    found = learn(lessons, task, fit_by_counting)
    assert isinstance(found, Scorer), found
    return found


def refusal(lessons: list[Lesson], task: LearningTask = TEAM) -> str:
    found = learn(lessons, task, fit_by_counting)
    assert isinstance(found, Refused)
    return found.why


def test_no_part_knows_what_comes_after_it() -> None:
    weeks = by_weeks(PAST)
    assert weeks is not None
    tempering = min(one.opened_at for one in weeks.tempered)
    judging = min(one.opened_at for one in weeks.judged)
    assert max(one.finished_at for one in weeks.taught) < tempering
    assert max(one.finished_at for one in weeks.tempered) < judging
    assert {one.weekday() for one in (tempering, judging)} == {0}
    assert min(len(weeks.tempered), len(weeks.judged)) >= 0.2 * len(PAST)


def test_what_is_still_open_when_a_part_begins_teaches_nothing() -> None:
    last_taught = next(one for one in reversed(PAST) if one.opened_at.isoformat() < "2025-10-13")
    late = last_taught._replace(finished_at=last_taught.finished_at + timedelta(days=21))
    changed = sorted(late if one is last_taught else one for one in PAST)
    weeks, before = by_weeks(changed), by_weeks(PAST)
    assert weeks is not None
    assert before is not None
    assert last_taught in before.taught
    assert late not in weeks.taught
    assert late not in weeks.tempered


def test_what_can_be_learned_is_learned_and_what_cannot_is_left_open() -> None:
    scorer = learned()
    trial = scorer.trial
    assert trial is not None
    assert trial.only_open
    # A seventh says nothing telling, and one in 31 was finished by an unlikely team.
    assert trial.accuracy > trial.baseline + 0.3
    assert trial.coverage == pytest.approx(6 / 7, abs=0.05)
    assert trial.precision >= 0.9
    assert trial.calibration_error < 0.05
    assert set(scorer.names) - {""} == set(TEAMS)
    assert scorer.likely(("antenna",), TEAMS)[0].name == "network"
    assert scorer.likely(("odd", "something"), TEAMS)[0].share < scorer.threshold


def test_counts_are_those_of_the_tickets_that_taught() -> None:
    scorer = learned()
    weeks = by_weeks(PAST)
    assert weeks is not None
    taught = [one for one in weeks.taught if "hinge" in one.tokens]
    finished = sum(one.team == "workplace" for one in taught)
    (telling,) = scorer.telling(("hinge",), "workplace", 1)
    assert (telling.finished, telling.tickets) == (finished, len(taught))
    assert scorer.tickets == len(weeks.taught)


def test_words_of_few_people_are_not_kept() -> None:
    some = sorted({one.person for one in PAST})[:MIN_PEOPLE]
    told = [
        one._replace(
            tokens=(
                *one.tokens,
                *(["of-few"] if one.person in some[1:] else []),
                *(["of-enough"] if one.person in some else []),
            )
        )
        for one in PAST
    ]
    words = learned(told).words
    assert "of-enough" in words
    assert "of-few" not in words


def test_the_category_is_learned_like_the_team() -> None:
    scorer = learned(task=CATEGORY)
    assert scorer.likely(("ledger",), CATEGORY.allowed)[0].name == "ledgers"


def test_a_team_that_may_not_be_chosen_takes_no_part_in_the_trial() -> None:
    trial = learned(task=TEAM._replace(allowed={"network", "business-apps"})).trial
    assert trial is not None
    assert trial.coverage == pytest.approx(4 / 7, abs=0.06)


def test_too_few_tickets_or_weeks_are_refused_with_what_it_takes() -> None:
    assert "tickets to learn from" in refusal(PAST[: 4 * PER_WEEK])
    assert "too few weeks" in refusal(PAST[:PER_WEEK])
    assert "too few weeks" in refusal([])


def test_noise_is_refused_however_little_is_asked() -> None:
    noise = lessons_of(lives(is_noise=True))
    assert refusal(noise) == "it is never so sure that 90% would be right"
    little = TEAM._replace(precision=0.25)
    assert refusal(noise, little) == "it does no better than naming always the most frequent one"


def test_what_names_only_the_most_frequent_is_refused() -> None:
    same = [
        one._replace(team="network" if number % 25 else "workplace", tokens=("word",))
        for number, one in enumerate(PAST)
    ]
    assert refusal(same) == "it does no better than naming always the most frequent one"
    alike = [one._replace(team="network") for one in PAST]
    assert "same answer" in refusal(alike)


def test_teams_that_are_all_gone_are_refused() -> None:
    assert "may be chosen" in refusal(PAST, TEAM._replace(allowed=set()))


def test_more_precision_than_there_is_is_refused() -> None:
    assert refusal(PAST, TEAM._replace(precision=0.999)).startswith("it is never so sure")


def test_a_model_that_got_worse_in_the_last_weeks_is_refused() -> None:
    weeks = by_weeks(PAST)
    assert weeks is not None
    judging = weeks.judged[0].opened_at
    turned = [
        one._replace(team=TEAMS[(TEAMS.index(one.team) + number % 4 // 3) % 3])
        if one.opened_at >= judging
        else one
        for number, one in enumerate(PAST)
    ]
    why = refusal(turned)
    assert why.startswith("where it was sure, it was right in")
    assert "90% are asked for" in why


def test_it_is_judged_on_all_if_rules_leave_too_few_open() -> None:
    trial = learned([one._replace(is_open=False) for one in PAST]).trial
    assert trial is not None
    assert not trial.only_open


def test_a_model_that_is_sure_of_nothing_any_more_is_refused() -> None:
    weeks = by_weeks(PAST)
    assert weeks is not None
    judging = weeks.judged[0].opened_at
    # Every ticket speaks for all at once.
    faded = [
        one._replace(tokens=("hinge", "antenna", "ledger"), team="workplace")
        if one.opened_at >= judging
        else one
        for one in PAST
    ]
    assert refusal(faded) == "it was sure of no ticket of the last weeks"
