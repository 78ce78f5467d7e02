"""Those whose yes is awaited hear of it, in their own language; the ticket is somebody else's."""

from datetime import timedelta

from desk_contracts.events.fulfilment import TicketApprovalRequested
from desk_contracts.events.notifications import Audience

from tests.support.notify_desk import ANA, BEN, NOON, Story, directory, opened


def approval(*, is_reminder: bool = False) -> TicketApprovalRequested:
    return TicketApprovalRequested(
        approvers=(ANA, "new@desk.example"), until=NOON + timedelta(days=3), code="K7M2-Q9PG",
        title="Hardware", requester=BEN, is_reminder=is_reminder,
    )  # fmt: skip


def test_each_approver_is_told_with_the_deadline_in_their_language() -> None:
    story = Story(directory())
    story.happens(opened(language="de"), "t-1")
    german, english = story.happens(approval(), "t-9")
    assert [item.recipient for item in (german, english)] == [ANA, "new@desk.example"]
    assert german.audience is Audience.PERSON
    assert german.title.startswith("Ihr Ja oder Nein")
    assert english.title.startswith("Your yes or no")
    assert "26" in english.body, "the day of the deadline"
    assert BEN in english.body
    assert (english.ticket, english.code) == ("t-9", "K7M2-Q9PG")


def test_the_reminder_is_another_message() -> None:
    story = Story(directory())
    first, _ = story.happens(approval(), "t-9")
    again, _ = story.happens(approval(is_reminder=True), "t-9")
    assert first.title != again.title
    assert "not reminded again" in again.body
