"""A small storm at the front door in which all went well, and what must be found of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from desk_contracts.events import tickets as life
from desk_contracts.events.automation import Outcome, RunEscalated, RunStarted
from desk_contracts.events.fulfilment import (
    FulfilmentStatus,
    TicketFulfilmentReported,
    TicketFulfilmentRequested,
)
from desk_contracts.message import verbatim
from desk_storm.books import Account, Books, HttpCall, Leak, Letter, Redemption

from tests.support.storm_stories import Story, again, at, changed, without

Falsify = Callable[[Books], Books]
_ORDER, _RESTART, _FAILED, _MAIL, _RECOVERY = "order", "restart", "failed", "mail", "recovery"


def _call(story: Story, person: str, path: str, status: int, answer: Mapping[str, str]) -> None:
    given = (f"{person} {path}", person, "POST", path, "{}", status, json.dumps(answer))
    story.calls.append(HttpCall(at(0), at(1), *given, answers=(status,)))


def _open(story: Story, ticket: str, person: str, seconds: float) -> None:
    data = life.TicketOpened(
        code="K7M2-Q9PG",
        kind=life.Kind.REQUEST,
        title=ticket,
        requester=person,
        channel=life.Channel.PORTAL,
    )
    story.tell(f"opened-{ticket}", ticket, seconds, data)


def _ordered(story: Story) -> None:
    """One needs a yes and goes to its team, one is done by a runbook, one is not."""
    _call(story, "asker-1", "/v1/catalogue/access/requests", 201, {"id": _ORDER})
    _open(story, _ORDER, "asker-1", 1)
    _call(story, "identity-1", f"/v1/requests/{_ORDER}/approve", 200, {})
    vote = life.TicketApprovalDecided(by="identity-1", digest="d", is_granted=True)
    story.tell("voted", _ORDER, 2, vote)
    over = life.TicketApprovalConcluded(outcome=life.ApprovalOutcome.APPROVED, digest="d")
    story.tell("concluded", _ORDER, 2, over)
    story.tell("order-assigned", _ORDER, 3, life.TicketAssigned(team="identity"))
    _call(story, "asker-2", "/v1/catalogue/reboot/requests", 201, {"id": _RESTART})
    _open(story, _RESTART, "asker-2", 1)
    wanted = TicketFulfilmentRequested(
        runbook="r", item="reboot", person="asker-2", title="t", until=at(500)
    )
    story.tell("wanted", _RESTART, 2, wanted)
    began = RunStarted(run="own", runbook="r", version="1", title="t", episode="e")
    story.tell("own-began", "own-ok-2", 3, began, "wanted")
    done = TicketFulfilmentReported(status=FulfilmentStatus.DONE, runbook="r", run="own")
    story.tell("own-done", _RESTART, 9, done)
    _resolve(story, _RESTART, 9, life.How.AUTOMATION)
    _call(story, "asker-3", "/v1/catalogue/reboot/requests", 201, {"id": _FAILED})
    _open(story, _FAILED, "asker-3", 1)
    story.tell("wanted-3", _FAILED, 2, wanted)
    story.tell("over-3", "own-ok-3", 8, _escalated("cannot tell"))
    status = FulfilmentStatus.HANDED_OVER
    why = (verbatim("cannot tell"),)
    over_3 = TicketFulfilmentReported(status=status, runbook="r", run="own-3", explanation=why)
    story.tell("own-over", _FAILED, 9, over_3)
    story.tell("failed-assigned", _FAILED, 9, life.TicketAssigned(team="workplace"))


def _escalated(reason: str) -> RunEscalated:
    return RunEscalated(
        run="own-3",
        runbook="r",
        title="t",
        outcome=Outcome.INCONCLUSIVE,
        team="workplace",
        reason=verbatim(reason),
    )


def _resolve(story: Story, ticket: str, seconds: float, how: life.How) -> None:
    data = life.TicketResolved(by="desk", how=how, resolution=verbatim("done"))
    story.tell(f"resolved-{ticket}", ticket, seconds, data)


def clean() -> Books:
    """An order with a yes, one with a runbook, a mail with an answer, a recovery."""
    story = Story()
    _ordered(story)
    _open(story, _MAIL, "writer-1@desk.example", 5)
    comment = life.TicketCommented(
        by="writer-1@desk.example", role=life.Role.EMPLOYEE, text="Still so."
    )
    story.tell("answered", _MAIL, 7, comment)
    _open(story, _RECOVERY, "locked-1", 9)
    _resolve(story, _RECOVERY, 9, life.How.SELF_SERVICE)
    first = Letter(at(5), at(6), "<1@x>", "writer-1@desk.example", "s", "t", ("451", "250", "250"))
    answer = replace(first, id="<2@x>", text="Still so.", follows="<1@x>")
    won = Redemption(at(9), at(10), "locked-1", "locked-1/1", 200, "done")
    books = Books(at(0), at(600), tuple(story.calls), records=tuple(story.records))
    return replace(
        books,
        letters=(first, answer),
        redemptions=(won, replace(won, status=403, outcome="")),
        accounts=(Account("locked-1", 1, at(8), at(9)),),
    )


def _letters(books: Books, **fields: Any) -> Books:
    return replace(books, letters=tuple(replace(it, **fields) for it in books.letters))


def _account(books: Books, **fields: Any) -> Books:
    return replace(books, accounts=(replace(books.accounts[0], **fields),))


def _called(books: Books, number: int, **fields: Any) -> Books:
    calls = list(books.calls)
    calls[number] = replace(calls[number], **fields)
    return replace(books, calls=tuple(calls))


def _done_again(books: Books) -> Books:
    return replace(books, redemptions=(books.redemptions[0], *books.redemptions))


FALSE: list[tuple[str, Falsify]] = [
    ("accepted-order-is-one-ticket", lambda b: without(b, "opened-order")),
    ("accepted-order-is-one-ticket", lambda b: again(b, "opened-order", _subject="twin")),
    ("accepted-order-is-one-ticket", lambda b: again(_called(b, 0, status=503), "opened-order")),
    ("vote-counts-once", lambda b: without(b, "voted")),
    ("vote-counts-once", lambda b: again(b, "voted", _sequence=9)),
    ("approval-ends-once-and-before-the-work", lambda b: again(b, "concluded", _sequence=9)),
    ("approval-ends-once-and-before-the-work", lambda b: without(b, "concluded")),
    ("approval-ends-once-and-before-the-work", lambda b: changed(b, "concluded", _sequence=8)),
    (
        "approval-ends-once-and-before-the-work",
        lambda b: changed(b, "concluded", outcome=life.ApprovalOutcome.DENIED),
    ),
    ("order-is-run-once", lambda b: again(b, "own-began", run="another")),
    ("end-of-an-order-is-said-once", lambda b: without(b, "own-done")),
    ("end-of-an-order-is-said-once", lambda b: again(b, "own-done", _sequence=9)),
    ("handed-over-order-says-why", lambda b: changed(b, "over-3", reason=verbatim("no effect"))),
    ("order-has-its-end", lambda b: without(b, "order-assigned")),
    ("mail-is-one-ticket", lambda b: without(b, "opened-mail")),
    ("mail-is-one-ticket", lambda b: again(b, "opened-mail", _subject="twin")),
    ("mail-is-one-ticket", lambda b: _letters(again(b, "opened-mail", _subject="t"), answers=())),
    ("answer-by-mail-is-one-comment", lambda b: without(b, "answered")),
    ("answer-by-mail-is-one-comment", lambda b: again(b, "answered", _sequence=9)),
    ("answer-by-mail-is-one-comment", lambda b: changed(b, "answered", _subject=_ORDER)),
    ("token-is-used-once", _done_again),
    ("token-is-used-once", lambda b: _account(b, changes=2)),
    ("told-as-done-is-changed", lambda b: _account(b, changes=0)),
    ("told-as-done-is-changed", lambda b: replace(_account(b, changes=0), redemptions=())),
    ("use-of-a-token-is-one-ticket", lambda b: without(b, "opened-recovery")),
    ("use-of-a-token-is-one-ticket", lambda b: again(b, "opened-recovery", _subject="twin")),
    ("accepted-ask-is-mailed", lambda b: _account(b, mailed_at=None)),
    ("no-secret-is-kept", lambda b: replace(b, leaks=(Leak("desk.tickets 0/1", "a password"),))),
]
