"""Every trainer keeps what the port promises: the library, and what stands for it in tests."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from desk_triage.adapters.trainers.scikit_learn import ScikitLearn
from desk_triage.learning.dataset import Trainer, TrainingSet
from desk_triage.learning.evaluation import learn
from desk_triage.learning.model import LearnedModel, Scorer
from desk_triage.learning.store import write_text

from tests.support.triage_history import MEANS, TEAM, TEAMS, examples_of, features, lives

TRAINERS: dict[str, Callable[[], Trainer]] = {"scikit-learn": ScikitLearn, "means": lambda: MEANS}
LIVES = list(lives())

pytestmark = pytest.mark.timeout(360)


@pytest.fixture(params=["scikit-learn", pytest.param("means", marks=pytest.mark.fake)])
def trainer(request: pytest.FixtureRequest) -> Trainer:
    """Made here: to collect tests needs no library."""
    return TRAINERS[str(request.param)]()


def training_set(width: int, names: int, rows: list[list[int]], answers: list[int]) -> TrainingSet:
    """Every feature of a row counts as much as another, and the row has the length one."""
    lengths = np.array([len(row) for row in rows])
    return TrainingSet(
        width,
        names,
        np.cumsum([0, *lengths]),
        np.array([feature for row in rows for feature in row], np.int64),
        np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths),
        np.array(answers),
    )


@pytest.mark.parametrize("names", [2, 3, 4])
def test_features_speak_for_whom_they_were_seen_with(trainer: Trainer, names: int) -> None:
    """The first name is that of the rare ones, and has no ticket here."""
    answers = [1 + number % (names - 1) for number in range(60)]
    answers = answers if names > 2 else [number % 2 for number in range(60)]
    given = training_set(names, names, [[answer] for answer in answers], answers)
    result = trainer.fit(given, 1.0)
    assert result.bias.shape == (names,)
    assert result.weights.shape == (names, names)
    for answer in set(answers):
        assert int(np.argmax(result.bias + result.weights[answer])) == answer


def test_a_name_without_tickets_never_wins(trainer: Trainer) -> None:
    result = trainer.fit(training_set(1, 3, [[0], []] * 30, [1, 2] * 30), 1.0)
    assert result.bias[0] < min(result.bias[1:]) - 3


def test_the_past_is_learned_as_well(trainer: Trainer) -> None:
    scorer = learn(examples_of(LIVES), TEAM, trainer)
    assert isinstance(scorer, Scorer)
    assert scorer.evaluation is not None
    assert scorer.evaluation.precision >= 0.9
    assert scorer.evaluation.coverage > 0.8
    assert scorer.evaluation.calibration_error < 0.05
    texts = {"antenna": "network", "hinge": "workplace", "ledger": "business-apps"}
    for word, team in texts.items():
        assert scorer.rank(features(word), TEAMS)[0].name == team


def test_the_same_tickets_give_the_same_bytes_in_whatever_order_they_come(trainer: Trainer) -> None:
    def written(backwards: bool) -> str:
        emitted = reversed(LIVES) if backwards else LIVES
        scorer = learn(examples_of(emitted), TEAM, trainer)
        assert isinstance(scorer, Scorer)
        return write_text(LearnedModel(precision=0.9, team=scorer).sign())

    assert written(backwards=False) == written(backwards=True)


@pytest.mark.parametrize("names", [2, 3])
@pytest.mark.parametrize("wanted", [0.5, 1.0, 2.5])
def test_the_temperature_makes_probabilities_of_the_frequencies(
    trainer: Trainer, names: int, wanted: float
) -> None:
    """Right in four of five, and said with logits that are so many times too large."""
    logit = wanted * math.log(4 * (names - 1))
    rows = [[logit * (place == number % names) for place in range(names)] for number in range(600)]
    answers = [
        (number + (number // names) % 5 // 4 * (1 + number % (names - 1))) % names
        for number in range(600)
    ]
    assert trainer.calibrate(np.array(rows), np.array(answers)) == pytest.approx(wanted, rel=0.03)


def test_names_that_nobody_answers_with_do_not_stop_it(trainer: Trainer) -> None:
    assert trainer.calibrate(np.array([[0.0, 2.0, -20.0]] * 40), np.array([1, 1, 1, 0] * 10)) > 0
