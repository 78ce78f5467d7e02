"""Who joined a problem without a ticket hears of its end, and nobody hears it twice."""

from desk_contracts.events.feedback import ContactEnded
from desk_contracts.events.notifications import Notified
from desk_contracts.events.problems import ProblemEnd, ProblemResolved
from desk_contracts.message import verbatim

from tests.support.notify_desk import ANA, BEN, Story, directory

TITLE, END = verbatim("VPN logins fail"), verbatim("The certificate is renewed.")


def ended(*people: str, is_solved: bool = True) -> ContactEnded:
    return ContactEnded(
        problem="p-1", title=TITLE, resolution=END, is_solved=is_solved, people=people
    )


def resolved(*people: str) -> ProblemResolved:
    return ProblemResolved(service="vpn", title=TITLE, tickets=(), people=people, resolution=END)


def hear(story: Story, data: ContactEnded | ProblemResolved) -> list[tuple[str, str]]:
    messages: list[Notified] = list(story.happens(data, "p-1"))
    return [(item.recipient, item.kind.value) for item in messages if item.recipient in {ANA, BEN}]


def test_who_joined_hears_what_those_with_a_ticket_hear() -> None:
    story = Story(directory("en"))
    first, second = story.happens(ended(ANA, BEN), "p-1")
    assert (first.recipient, second.recipient) == (ANA, BEN)
    assert "The certificate is renewed." in first.body
    assert first.problem == "p-1"


def test_whoever_has_a_ticket_too_hears_it_once_in_any_order() -> None:
    for events in ((ended(ANA), resolved(ANA, BEN)), (resolved(ANA, BEN), ended(ANA))):
        story = Story(directory("en"))
        messages = [item for event in events for item in hear(story, event)]
        assert sorted(messages) == [(ANA, "problem_resolved"), (BEN, "problem_resolved")]


def test_a_problem_that_only_faded_is_not_called_solved() -> None:
    story = Story(directory("en"))
    [solved] = story.happens(ended(ANA), "p-1")
    [faded] = Story(directory("en")).happens(ended(ANA, is_solved=False), "p-1")
    assert solved.title != faded.title


def test_a_merge_says_nothing_and_the_end_of_the_other_is_heard() -> None:
    story = Story(directory("en"))
    merged = ended(ANA).model_copy(update={"end": ProblemEnd.MERGED, "merged_into": "p-2"})
    assert hear(story, merged) == []
    assert [name for name, _ in hear(story, ended(ANA))] == []
    later = ended(ANA).model_copy(update={"problem": "p-2"})
    assert [
        item.recipient for item in story.happens(later, "p-2") if isinstance(item, Notified)
    ] == [ANA]
