"""What adds up weights keeps what it promises: the library, and what stands for it in tests."""

import pytest
from desk_triage.domain.judging import learn
from desk_triage.domain.learned import LearnedModel, Scorer
from desk_triage.domain.teaching import Fit, Pupil
from desk_triage.learning.fitting import fit
from desk_triage.model_file import text_of

from tests.unit.triage.past import TEAM, TEAMS, fit_by_counting, lessons_of, lives

FITS = {"library": fit, "counting": fit_by_counting}
LIVES = list(lives())

pytestmark = pytest.mark.timeout(360)


@pytest.fixture(params=sorted(FITS))
def fitting(request: pytest.FixtureRequest) -> Fit:
    return FITS[request.param]


@pytest.mark.parametrize("names", [2, 3, 4])
def test_words_speak_for_whom_they_were_seen_with(fitting: Fit, names: int) -> None:
    """The first name is that of the rare ones, and has no ticket here."""
    answers = [1 + number % (names - 1) for number in range(60)]
    answers = answers if names > 2 else [number % 2 for number in range(60)]
    pupil = Pupil(names, names, [[answer] for answer in answers], answers)
    found = fitting(pupil)
    assert len(found.bias) == names
    assert [len(one) for one in found.words] == [names] * names
    for answer in set(answers):
        scores = [
            bias + weight for bias, weight in zip(found.bias, found.words[answer], strict=True)
        ]
        assert scores.index(max(scores)) == answer


def test_a_name_without_tickets_never_wins(fitting: Fit) -> None:
    found = fitting(Pupil(1, 3, [[0], []] * 30, [1, 2] * 30))
    assert found.bias[0] < min(found.bias[1:]) - 3


def test_the_past_is_learned_as_well(fitting: Fit) -> None:
    scorer = learn(lessons_of(LIVES), TEAM, fitting)
    assert isinstance(scorer, Scorer)
    assert scorer.trial is not None
    assert scorer.trial.precision >= 0.9
    assert scorer.trial.coverage > 0.8
    assert scorer.trial.calibration_error < 0.05
    said = {"antenna": "network", "hinge": "workplace", "ledger": "business-apps"}
    for word, team in said.items():
        assert scorer.likely((word,), TEAMS)[0].name == team


def test_the_same_tickets_give_the_same_bytes_in_whatever_order_they_come(fitting: Fit) -> None:
    def written(backwards: bool) -> str:
        told = reversed(LIVES) if backwards else LIVES
        scorer = learn(lessons_of(told), TEAM, fitting)
        assert isinstance(scorer, Scorer)
        return text_of(LearnedModel(precision=0.9, team=scorer).signed())

    assert written(backwards=False) == written(backwards=True)
