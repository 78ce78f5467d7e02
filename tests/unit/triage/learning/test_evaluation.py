"""Learning on a made past: what is held out, when a model is given, and when not."""

from datetime import timedelta

import numpy as np
import pytest
from desk_triage.learning.dataset import MIN_PEOPLE, Coefficients, TrainingSet, split_by_weeks
from desk_triage.learning.evaluation import (
    Attempt,
    LearningTask,
    Refusal,
    develop,
    find_threshold,
    judge,
    learn,
)
from desk_triage.learning.examples import TrainingExample
from desk_triage.learning.model import NEVER_ALONE, Scorer

from tests.support.spoken import english
from tests.support.triage_history import (
    BEGUN,
    CATEGORY,
    MEANS,
    PER_WEEK,
    TEAM,
    TEAMS,
    MeansTrainer,
    examples_of,
    features,
    list_past,
    lives,
)

PAST = list_past()
# Two of three tickets go to the team that is the last by name.
TWO_TEAMS = LearningTask(
    lambda example: "network" if example.team == "workplace" else example.team,
    {"network", "business-apps"},
    TEAM.precision,
)


def learned(examples: list[TrainingExample] = PAST, task: LearningTask = TEAM) -> Scorer:
    result = learn(examples, task, MEANS)
    assert isinstance(result, Scorer), result
    return result


def refusal(examples: list[TrainingExample], task: LearningTask = TEAM) -> str:
    result = learn(examples, task, MEANS)
    assert isinstance(result, Refusal)
    return english(result.why)


def test_no_part_knows_what_comes_after_it() -> None:
    split = split_by_weeks(PAST)
    assert split is not None
    calibration = min(item.opened_at for item in split.calibration)
    evaluation = min(item.opened_at for item in split.evaluation)
    assert max(item.finished_at for item in split.training) < calibration
    assert max(item.finished_at for item in split.calibration) < evaluation
    assert {item.weekday() for item in (calibration, evaluation)} == {0}
    assert min(len(split.calibration), len(split.evaluation)) >= 0.2 * len(PAST)


def test_what_is_still_open_when_a_part_begins_teaches_nothing() -> None:
    last_trained = next(
        item for item in reversed(PAST) if item.opened_at.isoformat() < "2025-10-13"
    )
    late = last_trained._replace(finished_at=last_trained.finished_at + timedelta(days=21))
    changed = [late if item is last_trained else item for item in PAST]
    split, before = split_by_weeks(changed), split_by_weeks(PAST)
    assert split is not None
    assert before is not None
    assert last_trained.ticket in {item.ticket for item in before.training}
    later = {item.ticket for item in (*split.training, *split.calibration)}
    assert late.ticket not in later


def test_what_can_be_learned_is_learned_and_what_cannot_is_left_open() -> None:
    scorer = learned()
    evaluation = scorer.evaluation
    assert evaluation is not None
    assert evaluation.only_unrouted
    # A seventh says nothing telling, and one in 31 was finished by an unlikely team.
    assert evaluation.accuracy > evaluation.baseline + 0.3
    assert evaluation.coverage == pytest.approx(6 / 7, abs=0.05)
    assert evaluation.precision >= 0.9
    assert evaluation.calibration_error < 0.05
    assert set(scorer.names) - {""} == set(TEAMS)
    assert scorer.rank(features("antenna"), TEAMS)[0].name == "network"
    assert scorer.rank(features("something", "odd"), TEAMS)[0].probability < scorer.threshold


def test_counts_are_those_of_all_tickets() -> None:
    scorer = learned()
    hinges = [item for item in PAST if "hinge" in item.features.words]
    finished = sum(entry.team == "workplace" for entry in hinges)
    (evidence,) = scorer.find_evidence(features("hinge"), "workplace", 1)
    assert (evidence.finished, evidence.tickets) == (finished, len(hinges))
    assert scorer.tickets == len(PAST)


def test_words_of_few_people_are_not_kept() -> None:
    some = sorted({example.person for example in PAST})[:MIN_PEOPLE]
    emitted = [
        item._replace(
            features=features(
                *item.features.words,
                *(["few"] if item.person in some[1:] else []),
                *(["enough"] if item.person in some else []),
            )
        )
        for item in PAST
    ]
    words = learned(emitted).words
    assert "enough" in words
    assert "few" not in words


def test_the_category_is_learned_like_the_team() -> None:
    scorer = learned(task=CATEGORY)
    assert scorer.rank(features("ledger"), CATEGORY.allowed)[0].name == "ledgers"


def test_a_team_that_may_not_be_chosen_takes_no_part_in_the_evaluation() -> None:
    evaluation = learned(task=TEAM._replace(allowed={"network", "business-apps"})).evaluation
    assert evaluation is not None
    assert evaluation.coverage == pytest.approx(4 / 7, abs=0.06)


def test_too_few_tickets_or_weeks_are_refused_with_what_it_takes() -> None:
    assert "tickets to learn from" in refusal(PAST[: 4 * PER_WEEK])
    assert "too few weeks" in refusal(PAST[:PER_WEEK])
    assert "too few weeks" in refusal([])


def test_noise_proposes_and_never_decides() -> None:
    scorer = learned(examples_of(lives(is_noise=True)))
    assert scorer.threshold == NEVER_ALONE
    assert scorer.evaluation is not None
    assert scorer.evaluation.decided == 0
    assert scorer.evaluation.coverage == scorer.evaluation.precision == 0
    assert len(scorer.rank(features("antenna"), TEAMS)) == len(TEAMS)
    assert not scorer.acts_alone(1.0)


def test_where_all_have_one_answer_there_is_nothing_to_learn() -> None:
    alike = [item._replace(team="network") for item in PAST]
    assert "same answer" in refusal(alike)


def test_no_more_is_decided_than_was_asked_for() -> None:
    assert learned(task=TEAM._replace(precision=0.999)).threshold == NEVER_ALONE


def test_a_model_that_got_worse_in_the_last_weeks_has_to_be_surer() -> None:
    """What it says of the last weeks counts for the threshold that comes into force."""
    split = split_by_weeks(PAST)
    assert split is not None
    evaluation = split.evaluation[0].opened_at
    turned = [
        item._replace(team=TEAMS[(TEAMS.index(item.team) + number % 4 // 3) % 3])
        if item.opened_at >= evaluation
        else item
        for number, item in enumerate(PAST)
    ]
    scorer = learned(turned)
    assert scorer.evaluation is not None
    assert 0 < scorer.evaluation.precision < 0.9
    assert scorer.threshold > learned().threshold


def test_it_is_evaluated_on_all_if_rules_leave_too_few() -> None:
    evaluation = learned([item._replace(is_unrouted=False) for item in PAST]).evaluation
    assert evaluation is not None
    assert not evaluation.only_unrouted


def test_it_learns_from_all_tickets_after_it_was_judged() -> None:
    """A word of the last weeks alone is known to what comes into force."""
    split = split_by_weeks(PAST)
    assert split is not None
    begins = split.evaluation[0].opened_at
    late = [
        item._replace(features=features(*item.features.words, "novelty"))
        if item.opened_at >= begins and item.team == "network"
        else item
        for item in PAST
    ]
    assert learned(late).rank(features("novelty"), TEAMS)[0].name == "network"


class NothingTrainer(MeansTrainer):
    """Learns nothing at all, so that only the nearest tickets tell anything."""

    def fit(self, training_set: TrainingSet, freedom: float) -> Coefficients:
        assert freedom > 0
        names, width = training_set.names, training_set.width
        return Coefficients(np.zeros(names), np.zeros((width, names)))


@pytest.mark.parametrize(("trainer", "share"), [(MEANS, 0.0), (NothingTrainer(), 0.3)])
def test_the_nearest_tickets_count_as_much_as_makes_the_truth_likelier(
    trainer: MeansTrainer, share: float
) -> None:
    scorer = learn(PAST, TEAM, trainer)
    assert isinstance(scorer, Scorer)
    assert scorer.nearest is not None
    assert scorer.nearest.share == share


@pytest.mark.parametrize("task", [TEAM, TWO_TEAMS])
def test_the_sums_of_an_evaluation_are_those_of_the_last_weeks(task: LearningTask) -> None:
    split = split_by_weeks(PAST)
    assert split is not None
    developed = develop(split, task, MEANS)
    evaluation, attempts = judge(developed, split, task)
    tried = [example for example in split.evaluation if example.is_unrouted]
    ranked = [developed.scorer.rank(example.features, task.allowed) for example in tried]
    truths = [task.answer(example) for example in tried]
    right = [items[0].name == truth for items, truth in zip(ranked, truths, strict=True)]
    sure = [developed.scorer.acts_alone(items[0].probability) for items in ranked]
    common = [truth == evaluation.majority_class for truth in truths]
    assert evaluation.tickets == len(tried) == len(attempts)
    assert evaluation.right == sum(right)
    assert evaluation.among_three == len(tried)
    assert evaluation.majority_right == sum(common)
    assert evaluation.better == sum(a and not b for a, b in zip(right, common, strict=True))
    assert evaluation.worse == sum(b and not a for a, b in zip(right, common, strict=True))
    assert evaluation.decided == sum(sure) > 0
    assert evaluation.decided_right == sum(a and b for a, b in zip(right, sure, strict=True))
    of_sure = [items[0].probability for items, a in zip(ranked, sure, strict=True) if a]
    assert evaluation.confidence == pytest.approx(sum(of_sure) / len(of_sure))
    assert (evaluation.since, evaluation.until) == (
        min(item.opened_at for item in tried).date(),
        max(item.opened_at for item in tried).date(),
    )


@pytest.mark.parametrize(
    ("right", "wrong", "is_alone"), [(43, 0, False), (44, 0, True), (62, 1, False), (63, 1, True)]
)
def test_it_acts_alone_where_the_exact_limit_allows_it(
    right: int, wrong: int, *, is_alone: bool
) -> None:
    """44 of 44, or 63 of 64, speak for nine in ten (Clopper and Pearson, one-sided 99 %)."""
    attempts = [
        Attempt("a", 0.9, "a" if number < right else "b", ("a",)) for number in range(right + wrong)
    ]
    assert find_threshold(attempts, 0.9) == (0.9 if is_alone else NEVER_ALONE)


@pytest.mark.parametrize(
    ("training", "late", "lacks"),
    [(200, 0, False), (199, 0, True), (200, 17, False), (200, 18, True)],
)
def test_it_takes_two_hundred_tickets_and_fifty_of_each_part_held_out(
    training: int, late: int, *, lacks: bool
) -> None:
    """Of 67 tickets before the last week some were finished so late that they teach nothing."""
    result = learn(three_weeks(training, late=late), TEAM, MEANS)
    assert isinstance(result, Refusal) is lacks
    if isinstance(result, Refusal):
        assert result.why.code == "learning.too-few-tickets"
        facts = [result.why.params[name] for name in ("tickets", "calibration", "evaluation")]
        assert facts == [training, 67 - late, 67]


@pytest.mark.parametrize(("routed", "is_only"), [(17, True), (18, False)])
def test_it_is_evaluated_on_what_rules_leave_if_that_is_fifty(
    routed: int, *, is_only: bool
) -> None:
    result = learn(three_weeks(200, routed=routed), TEAM, MEANS)
    assert isinstance(result, Scorer)
    assert result.evaluation is not None
    assert result.evaluation.only_unrouted is is_only
    assert result.evaluation.tickets == (67 - routed if is_only else 67)


def three_weeks(training: int, *, late: int = 0, routed: int = 0) -> list[TrainingExample]:
    """Each word tells its team; the first of a week may be finished late, or known to rules."""
    return [
        TrainingExample(
            opened_at=BEGUN + timedelta(weeks=week),
            ticket=f"t-{week}-{number}",
            finished_at=BEGUN + timedelta(weeks=week + 2 * (week == 9 and number < late)),
            person=f"p-{number % 40}",
            features=features("one" if number % 2 else "other"),
            team=TEAMS[number % 2],
            category="",
            is_unrouted=number >= routed,
        )
        for week, size in ((0, training), (9, 67), (10, 67))
        for number in range(size)
    ]
