"""Learning on a made past: what is held out, when a model is given, and when not."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from desk_triage.learning.dataset import MIN_PEOPLE, split_by_weeks, train
from desk_triage.learning.evaluation import LearningTask, Refusal, learn
from desk_triage.learning.examples import TrainingExample
from desk_triage.learning.model import Scorer

from tests.support.spoken import english
from tests.support.triage_history import (
    BEGUN,
    CATEGORY,
    COUNTING,
    PER_WEEK,
    TEAM,
    TEAMS,
    CountingTrainer,
    examples_of,
    lives,
)

PAST = examples_of(lives())


def learned(examples: list[TrainingExample] = PAST, task: LearningTask = TEAM) -> Scorer:
    result = learn(examples, task, COUNTING)
    assert isinstance(result, Scorer), result
    return result


def refusal(examples: list[TrainingExample], task: LearningTask = TEAM) -> str:
    result = learn(examples, task, COUNTING)
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
    changed = sorted(late if item is last_trained else item for item in PAST)
    split, before = split_by_weeks(changed), split_by_weeks(PAST)
    assert split is not None
    assert before is not None
    assert last_trained in before.training
    assert late not in split.training
    assert late not in split.calibration


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
    assert scorer.rank(("antenna",), TEAMS)[0].name == "network"
    assert scorer.rank(("odd", "something"), TEAMS)[0].probability < scorer.threshold


def test_counts_are_those_of_the_training_set() -> None:
    scorer = learned()
    split = split_by_weeks(PAST)
    assert split is not None
    train = [item for item in split.training if "hinge" in item.tokens]
    finished = sum(entry.team == "workplace" for entry in train)
    (evidence,) = scorer.find_evidence(("hinge",), "workplace", 1)
    assert (evidence.finished, evidence.tickets) == (finished, len(train))
    assert scorer.tickets == len(split.training)


def test_words_of_few_people_are_not_kept() -> None:
    some = sorted({example.person for example in PAST})[:MIN_PEOPLE]
    emitted = [
        item._replace(
            tokens=(
                *item.tokens,
                *(["of-few"] if item.person in some[1:] else []),
                *(["of-enough"] if item.person in some else []),
            )
        )
        for item in PAST
    ]
    words = learned(emitted).words
    assert "of-enough" in words
    assert "of-few" not in words


def test_the_category_is_learned_like_the_team() -> None:
    scorer = learned(task=CATEGORY)
    assert scorer.rank(("ledger",), CATEGORY.allowed)[0].name == "ledgers"


def test_a_team_that_may_not_be_chosen_takes_no_part_in_the_evaluation() -> None:
    evaluation = learned(task=TEAM._replace(allowed={"network", "business-apps"})).evaluation
    assert evaluation is not None
    assert evaluation.coverage == pytest.approx(4 / 7, abs=0.06)


def test_too_few_tickets_or_weeks_are_refused_with_what_it_takes() -> None:
    assert "tickets to learn from" in refusal(PAST[: 4 * PER_WEEK])
    assert "too few weeks" in refusal(PAST[:PER_WEEK])
    assert "too few weeks" in refusal([])


def test_noise_is_refused_however_little_is_asked() -> None:
    noise = examples_of(lives(is_noise=True))
    assert refusal(noise) == "It is never so sure that 90.0% would be right."
    little = TEAM._replace(precision=0.25)
    assert refusal(noise, little) == "It does no better than naming always the most frequent one."


def test_what_names_only_the_most_frequent_is_refused() -> None:
    same = [
        item._replace(team="network" if number % 25 else "workplace", tokens=("word",))
        for number, item in enumerate(PAST)
    ]
    assert refusal(same) == "It does no better than naming always the most frequent one."
    alike = [item._replace(team="network") for item in PAST]
    assert "same answer" in refusal(alike)


def test_teams_that_are_all_gone_are_refused() -> None:
    assert "may be chosen" in refusal(PAST, TEAM._replace(allowed=set()))


def test_more_precision_than_there_is_is_refused() -> None:
    assert refusal(PAST, TEAM._replace(precision=0.999)).startswith("It is never so sure")


def test_a_model_that_got_worse_in_the_last_weeks_is_refused() -> None:
    split = split_by_weeks(PAST)
    assert split is not None
    evaluation = split.evaluation[0].opened_at
    turned = [
        item._replace(team=TEAMS[(TEAMS.index(item.team) + number % 4 // 3) % 3])
        if item.opened_at >= evaluation
        else item
        for number, item in enumerate(PAST)
    ]
    why = refusal(turned)
    assert why.startswith("Where it was sure, it was right in")
    assert "90.0% are asked for" in why


def test_it_is_evaluated_on_all_if_rules_leave_too_few() -> None:
    evaluation = learned([item._replace(is_unrouted=False) for item in PAST]).evaluation
    assert evaluation is not None
    assert not evaluation.only_unrouted


def test_a_model_that_is_sure_of_nothing_any_more_is_refused() -> None:
    split = split_by_weeks(PAST)
    assert split is not None
    evaluation = split.evaluation[0].opened_at
    # Every ticket speaks for all at once.
    faded = [
        item._replace(tokens=("hinge", "antenna", "ledger"), team="workplace")
        if item.opened_at >= evaluation
        else item
        for item in PAST
    ]
    assert refusal(faded) == "It was sure of no ticket of the last weeks."


class Lukewarm(CountingTrainer):
    """Finds that all sums are twice too large."""

    def calibrate(self, logits: Sequence[Sequence[float]], answers: Sequence[int]) -> float:
        assert len(logits) == len(answers) > 0
        return 2.0


def test_all_numbers_are_divided_by_the_temperature_and_have_three_digits() -> None:
    split = split_by_weeks(PAST)
    assert split is not None
    raw = train(split.training, TEAM.answer, COUNTING)
    halved = learn(PAST, TEAM, Lukewarm())
    assert isinstance(halved, Scorer)
    assert halved.bias == tuple(round(bias / 2, 3) for bias in raw.bias)
    assert {
        token: [(index, count, round(weight / 2, 3)) for index, count, weight in word.weights]
        for token, word in raw.words.items()
    } == {token: list(word.weights) for token, word in halved.words.items()}


def test_the_sums_of_an_evaluation_are_those_of_the_last_weeks() -> None:
    scorer = learned()
    evaluation, split = scorer.evaluation, split_by_weeks(PAST)
    assert evaluation is not None
    assert split is not None
    tried = [example for example in split.evaluation if example.is_unrouted]
    best = [scorer.rank(example.tokens, TEAMS)[0] for example in tried]
    right = [prediction.name == item.team for prediction, item in zip(best, tried, strict=True)]
    sure = [prediction.probability >= scorer.threshold for prediction in best]
    common = [item.team == evaluation.majority_class for item in tried]
    assert evaluation.tickets == len(tried)
    assert evaluation.right == sum(right)
    assert evaluation.majority_right == sum(common)
    assert evaluation.better == sum(a and not b for a, b in zip(right, common, strict=True))
    assert evaluation.worse == sum(b and not a for a, b in zip(right, common, strict=True))
    assert evaluation.decided == sum(sure) > 0
    assert evaluation.decided_right == sum(a and b for a, b in zip(right, sure, strict=True))
    of_sure = [
        prediction.probability for prediction, is_sure in zip(best, sure, strict=True) if is_sure
    ]
    assert evaluation.confidence == pytest.approx(sum(of_sure) / len(of_sure))
    assert (evaluation.since, evaluation.until) == (
        min(item.opened_at for item in tried).date(),
        max(item.opened_at for item in tried).date(),
    )


@pytest.mark.parametrize(
    ("training", "late", "lacks"),
    [(200, 0, False), (199, 0, True), (200, 17, False), (200, 18, True)],
)
def test_it_takes_two_hundred_tickets_and_fifty_of_each_part_held_out(
    training: int, late: int, *, lacks: bool
) -> None:
    """Of 67 tickets before the last week some were finished so late that they teach nothing."""
    result = learn(three_weeks(training, late=late), TEAM, COUNTING)
    assert isinstance(result, Refusal) is lacks
    if isinstance(result, Refusal):
        assert result.why.code == "learning.too-few-tickets"
        facts = [result.why.params[name] for name in ("tickets", "calibration", "evaluation")]
        assert facts == [training, 67 - late, 67]


@pytest.mark.parametrize(("routed", "is_only"), [(17, True), (18, False)])
def test_it_is_evaluated_on_what_rules_leave_if_that_is_fifty(
    routed: int, *, is_only: bool
) -> None:
    result = learn(three_weeks(200, routed=routed), TEAM, COUNTING)
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
            tokens=(f"word-{number % 2}",),
            team=TEAMS[number % 2],
            category="",
            is_unrouted=number >= routed,
        )
        for week, size in ((0, training), (9, 67), (10, 67))
        for number in range(size)
    ]
