"""What is said of goals."""

from collections.abc import Iterator
from datetime import date

from desk_contracts.events.notifications import Notified
from desk_contracts.events.reports import GoalMilestone, GoalStatusReported, GoalVerdict
from desk_contracts.message import Message, message

from tests.support.notify_desk import NOON, Story


def reach_goals(story: Story) -> Iterator[Notified]:
    """One is on its way, then behind; one cannot be told yet."""
    goal = GoalStatusReported(
        goal="half-the-tickets",
        title="Half as many tickets that employees have to log",
        team="network",
        period="2026-W44/2026-W47",
        as_of=NOON,
        measure="contacts",
        unit="per_week",
        due=date(2028, 12, 31),
        verdict=GoalVerdict.ON_THE_WAY,
        verdict_before=GoalVerdict.ON_THE_WAY,
        explanation=(where("goal.on-the-way", 48, 41, 56),),
        target=50,
        now=52,
        forecast=48,
        forecast_low=41,
        forecast_high=56,
        milestone=GoalMilestone(
            share=0.25, day=date(2026, 11, 20), planned=84, measured=82, is_met=True
        ),
    )
    yield from story.happens(goal, "network")
    behind = GoalVerdict.BEHIND, where("goal.behind", 90, 84, 97)
    slow = goal.model_copy(update={"forecast": 90, "forecast_low": 84, "forecast_high": 97})
    yield from story.happens(_evaluated(slow, *behind, is_met=False), "network")
    same = goal.model_copy(update={"verdict": GoalVerdict.TOO_EARLY, "milestone": None})
    same = same.model_copy(update={"verdict_before": GoalVerdict.TOO_EARLY})
    assert not list(story.happens(same, "network"))


def where(code: str, forecast: int, low: int, high: int) -> Message:
    """Where a goal of so many a week is going."""
    return message(
        code,
        forecast=message("amount.per-week", value=forecast),
        low=message("amount.per-week", value=low),
        high=message("amount.per-week", value=high),
        target=message("amount.per-week", value=50),
        due=date(2028, 12, 31),
    )


def _evaluated(
    goal: GoalStatusReported, verdict: GoalVerdict, where: Message, *, is_met: bool
) -> GoalStatusReported:
    assert goal.milestone is not None
    milestone = goal.milestone.model_copy(update={"is_met": is_met})
    return goal.model_copy(
        update={"verdict": verdict, "explanation": (where,), "milestone": milestone}
    )
