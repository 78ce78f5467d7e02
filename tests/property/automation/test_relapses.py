"""Whether a cure lasted does not depend on the order in which troubles and cures are heard."""

from datetime import UTC, datetime, timedelta

from desk_automation.recurrence.decide import (
    WATCHED,
    add_cure,
    add_trouble,
    clear_relapses,
    is_same_trouble,
)
from desk_automation.recurrence.model import Cure, TargetHistory, Trouble
from hypothesis import example, given
from hypothesis import strategies as st

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENTS = st.integers(0, 300).map(lambda hours: START + hours * HOUR)
SIGNALS = st.sampled_from(["disk-filling", "battery-worn", ""])
RUNBOOKS = st.sampled_from(["clean-disk", "restart"])


@st.composite
def troubles(draw: st.DrawFn) -> Trouble:
    number = draw(st.integers(0, 30))
    return Trouble(
        episode=f"episode-{number}",
        at=START + number * 10 * HOUR,
        signal=draw(SIGNALS),
        runbooks=tuple(draw(st.sets(RUNBOOKS, min_size=1))),
    )


@st.composite
def cures(draw: st.DrawFn) -> Cure:
    number = draw(st.integers(0, 30))
    return Cure(
        run=f"run-{number}",
        runbook=draw(RUNBOOKS),
        episode=f"episode-{draw(st.integers(0, 30))}",
        at=draw(MOMENTS),
        signal=draw(SIGNALS),
    )


FACTS = st.lists(
    st.one_of(troubles(), cures()),
    unique_by=lambda item: item.run if isinstance(item, Cure) else item.episode,
    max_size=12,
)
TROUBLE = Trouble(episode="episode-1", at=START + HOUR, signal="disk-filling", runbooks=())
CURE = Cure(run="run-1", runbook="clean-disk", episode="episode-0", at=START, signal="disk-filling")
MATCHED = TROUBLE.model_copy(update={"runbooks": ("clean-disk",)})
LATER = TROUBLE.model_copy(update={"at": START + WATCHED + HOUR, "runbooks": ("clean-disk",)})


def hear(facts: list[Trouble | Cure]) -> TargetHistory | None:
    """The history once all was heard, each twice."""
    history: TargetHistory | None = None
    for fact in (*facts, *facts):
        after = add_cure(history, fact) if isinstance(fact, Cure) else add_trouble(history, fact)
        history = after or history
    return history


@given(FACTS)
@example([CURE, TROUBLE])
@example([CURE, LATER])
def test_each_cure_is_taken_back_at_most_once_and_only_by_the_same_trouble_in_time(
    facts: list[Trouble | Cure],
) -> None:
    history = hear(facts)
    relapses = () if history is None else history.relapses
    by_run = {fact.run: fact for fact in facts if isinstance(fact, Cure)}
    by_episode = {fact.episode: fact for fact in facts if isinstance(fact, Trouble)}
    assert len({item.run for item in relapses}) == len(relapses)
    for relapse in relapses:
        cure, trouble = by_run[relapse.run], by_episode[relapse.episode]
        assert is_same_trouble(trouble, cure)
        assert timedelta() < trouble.at - cure.at <= WATCHED


@given(FACTS.flatmap(lambda facts: st.tuples(st.just(facts), st.permutations(facts))))
@example(([CURE, MATCHED], [MATCHED, CURE]))
def test_the_order_of_arrival_does_not_decide_which_cures_lasted(
    orders: tuple[list[Trouble | Cure], list[Trouble | Cure]],
) -> None:
    runs = [
        set() if history is None else {item.run for item in history.relapses}
        for history in map(hear, orders)
    ]
    assert runs[0] == runs[1]


@given(FACTS)
@example([CURE, TROUBLE])
def test_what_is_told_is_cleared_and_never_told_again(facts: list[Trouble | Cure]) -> None:
    history = hear(facts)
    if history is None:
        return
    cleared = clear_relapses(history, history.relapses) or history
    assert not cleared.relapses
    for fact in facts:
        after = add_cure(cleared, fact) if isinstance(fact, Cure) else add_trouble(cleared, fact)
        assert after is None
