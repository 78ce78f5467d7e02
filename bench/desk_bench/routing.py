"""`make eval-triage PATH`: how well the desk names the team, beside a plain linear baseline.

Both get the same tickets and the same three parts: by weeks where tickets have times, by the file's
own test part where it has one, else by a hash of the text. What is chosen is chosen on the second
part; nothing looks at the third before it judges.
"""

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import numpy as np
from desk_triage.adapters.trainers.scikit_learn import ScikitLearn
from desk_triage.learning.dataset import Split, prepare, split_by_weeks, train
from desk_triage.learning.evaluation import (
    Attempt,
    LearningTask,
    attempt_all,
    develop,
    find_threshold,
    judge,
    settle,
)
from desk_triage.learning.examples import TrainingExample
from desk_triage.learning.features import make_features, read_words
from desk_triage.learning.interval import find_limits
from desk_triage.learning.model import NEVER_ALONE
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from desk_bench.labelled_tickets import Corpus, Row, find_corpora, place_of

PRECISIONS = (0.90, 0.95)
FEWEST = 300
TEST_FROM, CALIBRATION_FROM = 800, 640
BINS = 10
_UNKNOWN = datetime(2000, 1, 3, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one way of deciding said of the test part, and of the part before it."""

    name: str
    attempts: list[Attempt]
    held: list[Attempt]
    """What it said of the second part, from which its thresholds come."""
    seconds_to_learn: float
    microseconds_each: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Where it acts alone: by the threshold of the part before, and where the test part allows."""

    precision: float
    threshold: float
    decided: int
    right: int
    possible: float
    """The largest share of the test part that could be decided at that precision."""


def main(words: Sequence[str] | None = None) -> int:
    """Judge every file with teams below a path; exit code 1 if there is none."""
    parser = argparse.ArgumentParser(prog="eval-triage", description=__doc__)
    parser.add_argument("path", type=Path, help="a file of tickets, or a folder of such files")
    parser.add_argument("--state", default="", help="further columns a ticket states, by commas")
    options = parser.parse_args(words)
    if not options.path.exists():
        parser.error(f"there is no {options.path}; name a file or a folder with tickets as CSV")
    also = [name for name in options.state.split(",") if name]
    count = 0
    for corpus in find_corpora(options.path, also=also):
        split = split_rows(corpus)
        if split is None:
            _say(
                f"{corpus.name}: too few tickets to judge ({len(corpus.rows)}; {FEWEST} are needed)"
            )
            continue
        count += 1
        _report(corpus, split)
    if not count:
        _say(f"No file below {options.path} has a column of teams and {FEWEST} tickets.")
    return 0 if count else 1


def split_rows(corpus: Corpus) -> Split | None:
    """The three parts of a corpus, in which nothing of a later one is known."""
    if len(corpus.rows) < FEWEST:
        return None
    if corpus.is_timed:
        return split_by_weeks([make_example(row) for row in corpus.rows])
    parts: tuple[list[TrainingExample], ...] = ([], [], [])
    parts_of_file = {row.part.lower() for row in corpus.rows}
    for row in corpus.rows:
        place = place_of(row)
        if "test" in parts_of_file:
            number = 2 if row.part.lower() == "test" else int(place >= TEST_FROM)
        else:
            number = 2 if place >= TEST_FROM else int(place >= CALIBRATION_FROM)
        parts[number].append(make_example(row))
    return Split(*parts)


def make_example(row: Row) -> TrainingExample:
    """A ticket as learning takes it."""
    at = row.opened_at or _UNKNOWN
    done = max(row.finished_at or at, at)
    features = make_features(read_words(row.title), read_words(row.description), row.stated)
    person = row.stated.get("requester", row.ticket)
    return TrainingExample(at, row.ticket, done, person, features, row.team, "", is_unrouted=True)


def judge_desk(split: Split, rows: dict[str, Row]) -> Outcome:
    """The desk's own learner, by the sums that decide."""
    teams = {example.team for part in split for example in part}
    task = LearningTask(lambda example: example.team, teams, PRECISIONS[0])
    began = time.process_time()
    developed = develop(split, task, ScikitLearn())
    learned = time.process_time() - began
    began = time.process_time()
    for example in split.evaluation:  # what is read of the text is a part of each decision
        make_example(rows[example.ticket])
    _, attempts = judge(developed, split, task)
    each = (time.process_time() - began) / len(attempts)
    return Outcome("desk", attempts, developed.attempts, learned, each * 1e6)


Decide = Callable[[object], "np.ndarray"]


def judge_baseline(split: Split, texts: dict[str, str], *, is_svm: bool) -> Outcome:
    """Words and pairs of words by TF-IDF, and one linear model of the library, as it comes."""
    parts = [[texts[example.ticket] for example in part] for part in split]
    truths = [[example.team for example in part] for part in split]
    began = time.process_time()

    def fit(
        given: list[str], teams: list[str]
    ) -> Callable[[list[str]], list[list[tuple[str, float]]]]:
        vectors = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2)
        matrix = vectors.fit_transform(given)
        model = LinearSVC() if is_svm else LogisticRegression(C=10, max_iter=300)
        model.fit(matrix, teams)

        def ask(new: list[str]) -> list[list[tuple[str, float]]]:
            rows = vectors.transform(new)
            if is_svm:
                sums = model.decision_function(rows)
                sums = np.stack([-sums, sums], 1) if sums.ndim == 1 else sums
                shares = np.exp(sums - sums.max(1, keepdims=True))
                shares /= shares.sum(1, keepdims=True)
            else:
                shares = model.predict_proba(rows)
            best = np.argsort(-shares, axis=1, kind="stable")[:, :3]
            return [
                [(str(model.classes_[place]), float(row[place])) for place in places]
                for row, places in zip(shares, best, strict=True)
            ]

        return ask

    held = _attempts(fit(parts[0], truths[0])(parts[1]), truths[1])
    ask = fit(parts[0] + parts[1], truths[0] + truths[1])
    learned = time.process_time() - began
    began = time.process_time()
    attempts = _attempts(ask(parts[2]), truths[2])
    each = (time.process_time() - began) / len(attempts)
    name = "TF-IDF + SVM" if is_svm else "TF-IDF + logistic"
    return Outcome(name, attempts, held, learned, each * 1e6)


def _attempts(answers: list[list[tuple[str, float]]], truths: Sequence[str]) -> list[Attempt]:
    return [
        Attempt(ranked[0][0], ranked[0][1], truth, tuple(name for name, _ in ranked))
        for ranked, truth in zip(answers, truths, strict=True)
    ]


def measure_coverage(outcome: Outcome, precision: float) -> Coverage:
    """What it decides alone at a precision."""
    threshold = find_threshold(outcome.held, precision)
    sure = [
        attempt
        for attempt in outcome.attempts
        if threshold < NEVER_ALONE and attempt.probability >= threshold
    ]
    ranked = sorted(outcome.attempts, key=lambda attempt: -attempt.probability)
    right = np.cumsum([attempt.is_right for attempt in ranked])
    counts = np.arange(1, len(ranked) + 1)
    enough = np.flatnonzero(right >= precision * counts)
    possible = (int(enough[-1]) + 1) / len(ranked) if len(enough) else 0.0
    return Coverage(precision, threshold, len(sure), sum(a.is_right for a in sure), possible)


def macro_f1(attempts: Sequence[Attempt]) -> float:
    """The mean over teams of the test part, each as weighty as another."""
    named, true, both = Counter[str](), Counter[str](), Counter[str]()
    for attempt in attempts:
        named[attempt.name] += 1
        true[attempt.truth] += 1
        both[attempt.truth] += attempt.is_right
    return sum(2 * both[name] / (named[name] + true[name]) for name in true) / len(true)


def calibration_error(attempts: Sequence[Attempt]) -> float:
    """How far probabilities lie from how often they are right, in ten bins of equal width."""
    bins: defaultdict[int, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        bins[min(int(attempt.probability * BINS), BINS - 1)].append(attempt)
    gaps = (
        abs(sum(a.probability for a in items) - sum(a.is_right for a in items))
        for items in bins.values()
    )
    return sum(gaps) / len(attempts)


def _report(corpus: Corpus, split: Split) -> None:
    texts = {row.ticket: _tell(row) for row in corpus.rows}
    outcomes = [judge_desk(split, {row.ticket: row for row in corpus.rows})]
    outcomes += [judge_baseline(split, texts, is_svm=is_svm) for is_svm in (False, True)]
    teams = len({row.team for row in corpus.rows})
    kind = "by weeks" if corpus.is_timed else "by text"
    sizes = " + ".join(str(len(part)) for part in split)
    _say(f"\n{corpus.name}: {len(corpus.rows)} tickets of {teams} teams, split {kind}: {sizes}")
    _say(
        f"  {'':18} {'right':>6} {'F1':>6} {'top 3':>6} {'error':>6}"
        f"  {'alone at 90 %: share, right (95 %), possible':45} {'at 95 %':40} {'each':>8}"
    )
    for outcome in outcomes:
        attempts = outcome.attempts
        right = sum(attempt.is_right for attempt in attempts) / len(attempts)
        three = sum(attempt.truth in attempt.first for attempt in attempts) / len(attempts)
        first, second = (
            _tell_coverage(measure_coverage(outcome, precision), len(attempts))
            for precision in PRECISIONS
        )
        _say(
            f"  {outcome.name:18} {right:6.1%} {macro_f1(attempts):6.3f} {three:6.1%}"
            f" {calibration_error(attempts):6.3f}  {first:45} {second:40}"
            f" {outcome.microseconds_each:5.0f} µs"
        )
    if corpus.is_timed:
        again = learn_on(split)
        right = sum(attempt.is_right for attempt in again) / len(again)
        _say(f"  desk, if it learns again before each stretch of weeks: {right:.1%} right")
        _report_weeks(
            split, [*outcomes, replace(outcomes[0], name="learning again", attempts=again)]
        )


def _tell(row: Row) -> str:
    """A ticket as one text, for the baseline: what it states is a word each."""
    stated = (f"{name}_{''.join(filter(str.isalnum, fact))}" for name, fact in row.stated.items())
    return " ".join((row.title, row.description, *stated))


def _tell_coverage(coverage: Coverage, tickets: int) -> str:
    if not coverage.decided:
        return f"never (possible {coverage.possible:.1%})"
    low, high = find_limits(coverage.right, coverage.decided)
    share = coverage.right / coverage.decided
    return (
        f"{coverage.decided / tickets:.1%}, {share:.1%} ({low:.1%} to {high:.1%}),"
        f" {coverage.possible:.1%}"
    )


def learn_on(split: Split) -> list[Attempt]:
    """What the desk says of each ticket of the test part if it learns again before each stretch.

    A stretch is as many whole weeks as have a twentieth of the tickets; before it everything
    counts that was finished by then. What was chosen once stays.
    """
    teams = {example.team for part in split for example in part}
    task = LearningTask(lambda example: example.team, teams, PRECISIONS[0])
    developed = develop(split, task, ScikitLearn())
    every = [*split.training, *split.calibration, *split.evaluation]
    attempts: list[Attempt] = []
    for stretch in _stretches(split.evaluation):
        begins = stretch[0].opened_at
        earlier = [example for example in every if example.finished_at < begins]
        scorer = train(prepare(earlier, task.answer), ScikitLearn(), developed.freedom)
        attempts += attempt_all(settle(scorer, developed, NEVER_ALONE), stretch, task)
    return attempts


def _stretches(examples: Sequence[TrainingExample]) -> Iterator[list[TrainingExample]]:
    fewest = max(len(examples) // 20, 1)
    stretch: list[TrainingExample] = []
    for _week, items in groupby(examples, key=lambda item: item.opened_at.isocalendar()[:2]):
        stretch += items
        if len(stretch) >= fewest:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _report_weeks(split: Split, outcomes: Sequence[Outcome]) -> None:
    """The prequential curve: how often each was right in each week of the test part."""
    weeks: defaultdict[str, list[int]] = defaultdict(list)
    for place, example in enumerate(split.evaluation):
        begun = example.opened_at - timedelta(days=example.opened_at.weekday())
        weeks[f"{begun:%Y-%m-%d}"].append(place)
    _say("  week        tickets  " + "  ".join(f"{outcome.name:>17}" for outcome in outcomes))
    for week, places in sorted(weeks.items()):
        shares = (
            sum(outcome.attempts[place].is_right for place in places) / len(places)
            for outcome in outcomes
        )
        _say(f"  {week}  {len(places):7}  " + "  ".join(f"{share:17.1%}" for share in shares))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
