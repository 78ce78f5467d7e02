"""A small learned model, whose sums can be made by hand."""

from datetime import date

from desk_triage.learning.model import Evaluation, LearnedModel, Scorer, Word

EVALUATION = Evaluation(
    since=date(2026, 1, 5),
    until=date(2026, 2, 1),
    only_unrouted=True,
    tickets=400,
    right=300,
    majority_class="network",
    majority_right=120,
    better=200,
    worse=20,
    decided=200,
    decided_right=187,
    confidence=0.95,
)
# Names: "", network, workplace, and a team that the charter has no more.
WORDS = {
    "antenna": Word(41, ((1, 38, 4.0), (2, 3, 0.5))),
    "branch": Word(15, ((1, 12, 1.0), (2, 3, -0.5))),
    "hinge": Word(20, ((2, 20, 5.0),)),
    "fax": Word(30, ((3, 29, 6.0), (1, 1, 1.0))),
    "site=oslo": Word(10, ((1, 9, 2.0), (2, 1, 0.1))),
}


def scorer(**more: object) -> Scorer:
    facts: dict[str, object] = {
        "tickets": 1_234,
        "since": date(2025, 1, 6),
        "until": date(2025, 12, 1),
        "names": ("", "network", "workplace", "disbanded"),
        "bias": (-1.0, 0.5, 0.0, 0.0),
        "threshold": 0.9,
        "evaluation": EVALUATION,
        "words": WORDS,
    }
    return Scorer.model_validate(facts | more)


def model(**more: object) -> LearnedModel:
    return LearnedModel(precision=0.9, team=scorer(**more)).sign()


MODEL = model()
