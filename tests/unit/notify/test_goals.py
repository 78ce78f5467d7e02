"""Where a goal stands, in German from the figures of the report, in English as metrics wrote it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from desk_notify.domain.goals import amount, sentence_of
from desk_notify.domain.texts import GoalSaying
from desk_notify.domain.texts_de import GERMAN
from desk_notify.domain.texts_en import ENGLISH
from desk_shared.events.reports import GoalStatusReported, GoalVerdict


def goal(verdict: GoalVerdict, **more: Any) -> GoalStatusReported:
    return GoalStatusReported(
        goal="half",
        title="Half as many",
        team="network",
        period="2026-W44/2026-W47",
        as_of=datetime(2026, 12, 1, tzinfo=UTC),
        measure="contacts",
        unit=more.pop("unit", "per_week"),
        due=date(2028, 3, 31),
        verdict=verdict,
        sentence="In English.",
        **more,
    )


RANGE = {"forecast": 1048.0, "forecast_low": 940.6, "forecast_high": 1101.0}
BOTH = {"target": 1000.0, "now": 1234.0}
LIKELY = "1.050 pro Woche im März 2028, wahrscheinlich zwischen 941 pro Woche und 1.100 pro Woche"


@pytest.mark.parametrize("verdict", ["on_the_way", "within_reach", "behind"])
def test_a_moving_goal_tells_its_forecast(verdict: str) -> None:
    told = goal(GoalVerdict(verdict), **BOTH, **RANGE)
    said = f"Wenn es so weitergeht: {LIKELY}; das Ziel ist 1.000 pro Woche."
    assert sentence_of(told, GERMAN) == said


@pytest.mark.parametrize(
    ("verdict", "more", "said"),
    [
        (
            "reached",
            {**BOTH, "now": 990.0},
            "In den letzten vier Wochen: 990 pro Woche; das Ziel ist 1.000 pro Woche.",
        ),
        (
            "reached",
            {**BOTH, "now": 990.0, **RANGE},
            "In den letzten vier Wochen: 990 pro Woche; das Ziel ist 1.000 pro Woche."
            f" Wenn es so weitergeht: {LIKELY}.",
        ),
        (
            "missed",
            BOTH,
            "In den vier Wochen vor dem 31. März 2028: 1.230 pro Woche statt 1.000 pro Woche.",
        ),
        (
            "too_early",
            {**BOTH, **RANGE},
            "Bisher lässt sich für März 2028 nichts sagen als: zwischen 941 pro Woche und 1.100 pro"
            " Woche.",
        ),
        (
            "too_early",
            BOTH,
            "Seit dem Ausgangszeitraum gibt es erst zu wenige Wochen mit Zahlen.",
        ),
        (
            "cannot_tell",
            {},
            "Aus dem Ausgangszeitraum gibt es noch keine Zahl, mit der verglichen werden könnte.",
        ),
        (
            "cannot_tell",
            {"target": 0.5},
            "Aus den letzten vier ganzen Wochen gibt es keine Zahl.",
        ),
        ("cannot_tell", {"target": 0.5, "now": 0.4}, "Der Ausgangszeitraum wird noch gemessen."),
    ],
)
def test_every_other_verdict_has_its_sentence(
    verdict: str, more: dict[str, float], said: str
) -> None:
    assert sentence_of(goal(GoalVerdict(verdict), **more), GERMAN) == said


def test_a_weak_baseline_is_told_with_any_verdict_that_rests_on_it() -> None:
    weak = {"baseline_weeks": 6.0, "baseline_wanted": 25.0}
    end = " Der Ausgangswert beruht auf 6 von 25 Wochen; ältere Zahlen hat der Desk nicht."
    assert sentence_of(goal(GoalVerdict.BEHIND, **BOTH, **RANGE, **weak), GERMAN).endswith(end)
    assert end not in sentence_of(goal(GoalVerdict.CANNOT_TELL, **weak), GERMAN)
    strong = {"baseline_weeks": 24.0, "baseline_wanted": 25.0}
    assert end not in sentence_of(goal(GoalVerdict.BEHIND, **BOTH, **RANGE, **strong), GERMAN)


def test_in_english_metrics_has_written_it() -> None:
    assert sentence_of(goal(GoalVerdict.BEHIND, **BOTH, **RANGE), ENGLISH) == "In English."


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.483, "share", "48,3 %"),
        (0.0, "share", "0 %"),
        (12_345.6, "per_week", "12.300 pro Woche"),
        (12_600, "seconds", "3,5 Stunden"),
        (7 * 86_400, "seconds", "7 Tage"),
        (150, "seconds", "2,5 Minuten"),
        (90, "seconds", "90 Sekunden"),
        (0.525, "plain", "0,525"),
    ],
)
def test_amounts_are_written_as_germans_write_them(value: float, unit: str, said: str) -> None:
    assert amount(value, unit, GERMAN) == said


def test_german_has_a_sentence_for_all_that_can_be_said() -> None:
    assert GERMAN.goals.keys() == frozenset(GoalSaying)
