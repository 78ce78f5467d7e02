"""Who was told of something hears when that no longer holds for them."""

import pytest
from desk_contracts.events.notifications import MessageKind
from desk_contracts.events.problems import ProblemStatus, ProblemUpdated
from desk_contracts.events.signals import SignalDropped, SignalRaised
from desk_contracts.message import message, verbatim
from desk_contracts.value_types import Severity, SubjectKind

from tests.support.notify_desk import ANA, BEN, NOON, Story, to
from tests.support.notify_silence import over, problem


def test_who_was_called_hears_once_that_nobody_watches_it_any_more() -> None:
    drop = SignalDropped(
        episode="e", detector="d", signal="s", title="It fills", seen_at=NOON,
        subject_kind=SubjectKind.SERVICE, service="vpn",
        explanation=(message("signal.unwatched", detector="d"),),
    )  # fmt: skip
    assert Story().happens(drop, "vpn-gw") == []
    story = Story()
    raised = SignalRaised(
        episode="e", detector="d", signal="s", title="It fills", severity=Severity.CRITICAL,
        subject_kind=SubjectKind.SERVICE, measurement="m", value=1, threshold=2, service="vpn",
    )  # fmt: skip
    story.happens(raised, "vpn-gw")
    (end,) = story.happens(drop, "vpn-gw")
    assert (end.recipient, end.urgent) == ("network", False)
    assert "not known" in end.body
    assert story.happens(drop, "vpn-gw") == []


def without(*people: str, status: ProblemStatus = ProblemStatus.CONFIRMED) -> ProblemUpdated:
    return ProblemUpdated(
        service="vpn", title=verbatim("VPN fails"), removed=("t-1",), removed_people=people,
        status=status,
    )  # fmt: skip


def test_who_is_removed_from_a_confirmed_problem_hears_so_once() -> None:
    story = Story()
    story.happens(problem(ANA, BEN), "p-1")
    (notice,) = story.happens(without(ANA), "p-1")
    assert (notice.recipient, notice.problem) == (ANA, "p-1")
    assert "VPN fails" in notice.body
    assert story.happens(without(ANA), "p-1") == []
    ended = story.happens(over(BEN), "p-1")
    assert to(ANA, ended) == []
    assert to(BEN, ended) == [MessageKind.PROBLEM_RESOLVED]


@pytest.mark.parametrize("left", ["p-1", "p-2", "p-3"])
def test_who_leaves_one_of_several_problems_is_told_of_that_alone_when_they_come_back(
    left: str,
) -> None:
    story, names = Story(), ("p-1", "p-2", "p-3")
    for name in names:
        story.happens(problem(ANA), name)
    story.happens(without(ANA), left)
    back = ProblemUpdated(service="vpn", title=verbatim("VPN fails"), people=(ANA,))
    assert [name for name in names if to(ANA, story.happens(back, name))] == [left]


def test_who_was_not_told_of_a_problem_hears_nothing_of_leaving_it() -> None:
    assert Story().happens(without(ANA), "p-1") == []
    assert Story().happens(without(ANA, status=ProblemStatus.PROPOSED), "p-1") == []


def test_who_comes_back_to_it_is_told_again() -> None:
    story = Story()
    story.happens(problem(ANA, BEN), "p-1")
    story.happens(without(ANA), "p-1")
    back = ProblemUpdated(service="vpn", title=verbatim("VPN fails"), people=(ANA,))
    assert to(ANA, story.happens(back, "p-1")) == [MessageKind.PROBLEM_DECLARED]
    assert to(ANA, story.happens(over(ANA), "p-1")) == [MessageKind.PROBLEM_RESOLVED]


@pytest.mark.parametrize(
    ("team", "title"), [("service-care", "Service care"), ("network", "Network"), ("", "Network")]
)
def test_who_works_on_a_problem_is_its_team_or_who_answers_for_the_service(
    team: str, title: str
) -> None:
    detected = problem(ANA).model_copy(update={"team": team})
    [notice] = [item for item in Story().happens(detected, "p-1") if item.recipient == ANA]
    assert title in notice.body
