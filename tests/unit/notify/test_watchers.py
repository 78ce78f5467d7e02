"""Who follows a ticket hears what its requester hears of it, and nothing of what they did."""

from desk_contracts import Payload
from desk_contracts.events.tickets import (
    How,
    Role,
    TicketCommented,
    TicketReopened,
    TicketResolved,
    TicketWatcherAdded,
    TicketWatcherRemoved,
)
from desk_contracts.message import verbatim

from tests.support.notify_desk import ANA, BEN, Story, directory, opened

ADDED = TicketWatcherAdded(person=BEN, by=ANA)
ANSWER = TicketCommented(by="max", role=Role.MEMBER, text="Which version?")


def heard(*payloads: Payload, by: str = BEN) -> list[str]:
    """The titles of what that person is told because of the last."""
    story = Story(directory())
    story.ticket_sees(opened(), *payloads[:-1])
    messages = story.ticket_sees(payloads[-1])
    return [item.title for item in messages if item.recipient == by]


def test_a_watcher_hears_of_being_one_of_answers_and_of_the_end() -> None:
    assert heard(ADDED) == ["You follow ticket K7M2-Q9PG now"]
    assert heard(ADDED, ANSWER) == ["News on ticket K7M2-Q9PG, which you follow"]
    resolved = TicketResolved(by="max", resolution=verbatim("Done."))
    assert heard(ADDED, resolved) == ["Ticket K7M2-Q9PG, which you follow, is solved"]
    reopened = TicketReopened(by=ANA, reason="Still")
    assert heard(ADDED, resolved, reopened) == ["News on ticket K7M2-Q9PG, which you follow"]


def test_what_was_taken_back_is_not_called_solved() -> None:
    withdrawn = TicketResolved(by=ANA, how=How.WITHDRAWN, resolution=verbatim("Not needed."))
    assert heard(ADDED, withdrawn) == ["News on ticket K7M2-Q9PG, which you follow"]


def test_nobody_hears_of_what_they_did_themselves_or_once_they_left() -> None:
    assert heard(TicketWatcherAdded(person=BEN, by=BEN)) == []
    own = TicketCommented(by=BEN, role=Role.MEMBER, text="Here it is 5.")
    assert heard(ADDED, own) == []
    assert heard(ADDED, TicketWatcherRemoved(person=BEN, by=BEN), ANSWER) == []


def test_internal_words_stay_internal() -> None:
    assert heard(ADDED, ANSWER.model_copy(update={"public": False})) == []
