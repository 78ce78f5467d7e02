"""Where a goal stands, as a sentence in the reader's language.

Metrics writes its sentence in English; in any other language it is written anew from the figures
that come with it. It says the same but for one thing: that a goal is reached only for now is left
to the forecast beside it, since a report does not tell whether less is better or more.
"""

from desk_shared.events.reports import GoalStatusReported, GoalVerdict

from desk_notify.domain.texts import GoalSaying, Texts

# Below this share of its weeks a baseline is weak, as metrics has it.
_ENOUGH = 0.9
_SCALES = ((86_400, "days"), (3_600, "hours"), (60, "minutes"))
_MOVING = frozenset({GoalVerdict.ON_THE_WAY, GoalVerdict.WITHIN_REACH, GoalVerdict.BEHIND})


def sentence_of(goal: GoalStatusReported, texts: Texts) -> str:
    """Where it stands; metrics' own words where the language has none."""
    if not texts.goals:
        return goal.sentence
    fields = _figures(goal, texts)
    said = [texts.goals[one].format_map(fields) for one in _sayings(goal)]
    return " ".join(said)


def amount(value: float, unit: str, texts: Texts) -> str:
    """`12.300 pro Woche`, `48 %`, `3,5 Stunden`."""
    if unit == "share":
        value, unit = value * 100, "percent"
    if unit == "seconds":
        for size, name in _SCALES:
            if value >= 2 * size:
                value, unit = value / size, name
                break
    # A unit that later metrics may have is said as a plain number, rather than nothing at all.
    return texts.units.get(unit, "{number}").format(number=_number(value, texts))


def _sayings(goal: GoalStatusReported) -> list[GoalSaying]:
    first = _saying(goal)
    said, range_known = [first], goal.forecast_low is not None
    if first is GoalSaying.REACHED and range_known:
        said.append(GoalSaying.AHEAD)
    is_judged = goal.verdict is not GoalVerdict.CANNOT_TELL
    known, wanted = goal.baseline_weeks, goal.baseline_wanted
    if is_judged and known is not None and wanted is not None and known < _ENOUGH * wanted:
        said.append(GoalSaying.WEAK_BASELINE)
    return said


def _saying(goal: GoalStatusReported) -> GoalSaying:
    """What it says first, by the verdict and by what is known."""
    if goal.verdict is GoalVerdict.CANNOT_TELL:
        if goal.target is None:
            return GoalSaying.NO_BASELINE
        return GoalSaying.NO_FIGURE if goal.now is None else GoalSaying.MEASURING
    if goal.verdict is GoalVerdict.MISSED:
        return GoalSaying.MISSED
    if goal.verdict is GoalVerdict.REACHED:
        return GoalSaying.REACHED
    if goal.forecast is None:
        return GoalSaying.FEW_WEEKS
    return GoalSaying.MOVING if goal.verdict in _MOVING else GoalSaying.ANYTHING


def _figures(goal: GoalStatusReported, texts: Texts) -> dict[str, str]:
    values = {
        "now": goal.now,
        "target": goal.target,
        "forecast": goal.forecast,
        "low": goal.forecast_low,
        "high": goal.forecast_high,
    }
    return {
        name: "" if value is None else amount(value, goal.unit, texts)
        for name, value in values.items()
    } | {
        "due": texts.write_day(goal.due),
        "month": f"{texts.months[goal.due.month - 1]} {goal.due.year}",
        "known": f"{goal.baseline_weeks or 0:.0f}",
        "wanted": f"{goal.baseline_wanted or 0:.0f}",
    }


def _number(value: float, texts: Texts) -> str:
    """Three digits say enough, with the language's signs."""
    rounded = float(f"{value:.3g}")
    is_whole = abs(rounded) >= 100 or rounded.is_integer()
    text = f"{rounded:,.0f}" if is_whole else f"{rounded:g}"
    return text.translate({ord(","): texts.thousands, ord("."): texts.decimal})
