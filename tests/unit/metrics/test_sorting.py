"""While a new ticket is being sorted it has no SLA; then it counts from the start."""

from datetime import timedelta

from desk_metrics.sla.decide import decide
from desk_metrics.sla.model import evolve
from desk_metrics.sla.policies import PolicyBook

from tests.support.metrics_story import RESOLUTION, Story, at, edition, local, policy, transitions

URGENT = policy(RESOLUTION, 240, name="urgent", when={"priorities": ["P1"]})
POLICIES = (URGENT, policy(minutes=480))
SORTED_FIRST = PolicyBook([edition(*POLICIES).model_copy(update={"sorting": timedelta(seconds=2)})])


def test_nothing_is_said_before_it_is_sorted_and_a_timer_waits_for_that() -> None:
    story = Story("09:00:00").triaged("09:00:01", "P1")
    early = story.decide(SORTED_FIRST, "09:00:01")
    assert early.events == ()
    assert early.due == at("09:00:02")
    assert story.explain(SORTED_FIRST, "09:00:01") == ()
    decision = decide(early.state, SORTED_FIRST, early.due)
    assert transitions(decision.events) == ["resolution started Mon 09:00"]
    assert [event.data.model_dump()["policy"] for event in decision.events] == ["urgent"]
    assert local(decision.due) == "Mon 13:00"


def test_a_ticket_that_nobody_has_sorted_by_then_gets_the_default_target() -> None:
    story = Story("09:00:00")
    decision = story.decide(SORTED_FIRST, "09:00:02")
    assert transitions(decision.events) == ["resolution started Mon 09:00"]
    later = decide(story.triaged("09:05", "P1").clocks(), SORTED_FIRST, at("09:06"))
    assert transitions(later.events) == [
        "resolution started Mon 09:00",
        "resolution cancelled Mon 09:05",
        "resolution started Mon 09:05",
    ]


def test_what_a_team_has_is_sorted_at_once() -> None:
    story = Story("09:00:00").triaged("09:00:00", "P1").assigned("09:00:01", "desk")
    decision = story.priority("09:00:01", "P2").decide(SORTED_FIRST, "09:00:01")
    assert transitions(decision.events) == [
        "resolution started Mon 09:00",
        "resolution cancelled Mon 09:00:01",
        "resolution started Mon 09:00:01",
    ]
    assert decision.events[0].data.model_dump()["policy"] == "urgent"


def test_the_instant_at_which_it_is_to_be_sorted_is_too_late() -> None:
    story = Story("09:00:00").triaged("09:00:02", "P1")
    assert len(story.decide(SORTED_FIRST, "09:00:02").events) == 3


def test_a_ticket_that_is_done_while_it_is_sorted_is_told_of_in_the_end() -> None:
    story = Story("09:00:00").resolved("09:00:01")
    assert story.decide(SORTED_FIRST, "09:00:01").events == ()
    decision = story.decide(SORTED_FIRST, "09:00:02")
    assert transitions(decision.events) == [
        "resolution started Mon 09:00",
        "resolution met Mon 09:00:01",
    ]


def test_a_sorting_that_is_heard_of_late_takes_back_the_target_of_before() -> None:
    story = Story("09:00:00")
    before = decide(story.clocks(), SORTED_FIRST, at("09:00:03"))
    (fact,) = story.triaged("09:00:01", "P1").events[1:]
    corrected = decide(evolve(before.state, fact), SORTED_FIRST, at("09:00:04"))
    assert [event.type.split(".")[2] for event in corrected.events] == ["cancelled", "started"]
