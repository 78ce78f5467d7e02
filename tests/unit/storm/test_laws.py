"""Each law passes a clean history and finds at least one that is not: so it can fail."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from desk_contracts.events.automation import Outcome
from desk_contracts.events.sla import SlaBreached, SlaCancelled
from desk_contracts.events.tickets import Channel, How
from desk_contracts.ids import request_ticket_id
from desk_contracts.message import message, verbatim
from desk_storm.books import Books, Delivery, End, Mail, Record, Restless, Stuck
from desk_storm.clocks import lateness
from desk_storm.history import History
from desk_storm.laws import LAWS, judge

from tests.support.storm_front_door import FALSE as AT_THE_DOOR
from tests.support.storm_stories import SOLVED, again, at, changed, clean, without

Falsify = Callable[[Books], Books]
FROM_SYSTEM = request_ticket_id("/monitor", "q")


def _dead_lettered(books: Books) -> Books:
    first = next(record for record in books.records if record.event is not None)
    dead = Record(f"{first.topic}.triage.dead", 0, 1, at(9), first.event, "bug")
    return replace(books, records=(*books.records, dead))


def _elsewhere(books: Books) -> Books:
    moved = again(books, "commented-a", _sequence=9)
    *rest, last = moved.records
    return replace(books, records=(*rest, replace(last, partition=1)))


def _said_otherwise(books: Books) -> Books:
    other = again(books, "commented-a", _id="commented-a", text="other words")
    return replace(books, records=other.records)


def _call(books: Books, number: int, **fields: object) -> Books:
    calls = list(books.calls)
    calls[number] = replace(calls[number], **fields)  # type: ignore[arg-type]  # the test's own
    return replace(books, calls=tuple(calls))


def _act(books: Books, of: str, **fields: object) -> Books:
    acts = [replace(act, **fields) if act.run == of else act for act in books.acts]  # type: ignore[arg-type]
    return replace(books, acts=tuple(acts))


def _more_acts(books: Books, run: str, seconds: float, **fields: object) -> Books:
    original = next(act for act in books.acts if act.run == run)
    times = {"at": at(seconds), "ended_at": at(seconds + 0.1)}
    more = replace(original, **{**times, **fields})  # type: ignore[arg-type]  # the test's own
    return replace(books, acts=(*books.acts, more))


def _mail(books: Books, mail: Mail) -> Books:
    return replace(books, mails=(*books.mails, mail))


def _delivered(books: Books, delivery: Delivery) -> Books:
    return replace(books, deliveries=(*books.deliveries, delivery))


def _sent_at(books: Books, seconds: float) -> Books:
    """All that outsiders published came then; the only cure is told a second before."""
    return replace(books, sent=tuple(replace(book, at=at(seconds)) for book in books.sent))


def _measured(books: Books, run: str, seconds: float) -> Books:
    more = again(books, "m-healed-105", _subject=f"device-{run}", _time=at(seconds))
    *rest, last = more.records
    return replace(books, records=(*rest, replace(last, arrived_at=at(seconds))))


def _swapped(books: Books) -> Books:
    first = changed(books, "commented-a", _sequence=2)
    return changed(first, "assigned-a", _sequence=3)


def _broken(what: str) -> str:
    return f"{what}response-{FROM_SYSTEM}"


def _answered(books: Books, seconds: float) -> Books:
    """A member answered what came from a system."""
    return again(books, "commented-a", _subject=FROM_SYSTEM, _time=at(seconds), _sequence=3)


def _taken_back(books: Books) -> Books:
    original = next(
        record for record in books.records if record.event and record.event.id == _broken("b-")
    )
    assert original.event is not None
    assert isinstance(original.event.data, SlaBreached)
    because = message("sla.late-facts")
    data = SlaCancelled(
        clock=original.event.data.clock,
        policy="p",
        policy_version="1",
        cycle=1,
        because=because,
        untrue="breached",
    )
    back = replace(original, offset=99, event=original.event._replace(id="back", data=data))
    return replace(books, records=(*books.records, back))


def _without_target(books: Books) -> Books:
    name = FROM_SYSTEM
    return without(books, *(f"{kind}-response-{name}" for kind in "srb"))


FALSE: list[tuple[str, Falsify]] = [
    ("one-writer", lambda b: changed(b, "commented-a", _source="/desk/triage")),
    ("one-partition-per-key", _elsewhere),
    ("an-id-says-one-thing", _said_otherwise),
    ("numbers-without-a-gap", lambda b: without(b, "assigned-a")),
    ("numbers-without-a-gap", lambda b: again(b, "commented-a")),
    ("numbers-in-order", _swapped),
    ("no-dead-letters", _dead_lettered),
    ("accepted-call-is-one-ticket", lambda b: without(b, "opened-a")),
    ("accepted-call-is-one-ticket", lambda b: _call(b, 0, answer='{"id": "c"}')),
    ("one-call-opens-one-ticket", lambda b: again(b, "opened-a", _subject="twin")),
    ("request-is-one-ticket", lambda b: without(b, f"opened-{FROM_SYSTEM}")),
    ("requested-ticket-has-a-request", lambda b: changed(b, "opened-a", channel=Channel.EVENT)),
    ("accepted-action-is-done-once", lambda b: without(b, "commented-a")),
    ("accepted-action-is-done-once", lambda b: again(b, "commented-a", _sequence=5)),
    ("assigned-team-is-told-once", lambda b: without(b, "ticket_assigned-assigned-a")),
    ("assigned-team-is-told-once", lambda b: again(b, "ticket_assigned-assigned-a")),
    ("ticket-reaches-a-team", lambda b: without(b, f"assigned-{FROM_SYSTEM}")),
    ("act-is-not-repeated", lambda b: _more_acts(b, "doubt", 122)),
    ("effect-happens-once", lambda b: _more_acts(b, "healed", 102)),
    ("effect-happens-once", lambda b: _more_acts(b, "healed", 102, key="another")),
    (
        "tries-are-bounded",
        lambda b: _more_acts(_more_acts(b, "refused", 132), "refused", 133, answer="429"),
    ),
    ("act-belongs-to-a-run", lambda b: _act(b, "healed", run="nobody's")),
    ("act-after-the-end-is-said", lambda b: _more_acts(b, "healed", 120)),
    ("skipped-means-never-sent", lambda b: _act(b, "refused", run="skipped")),
    ("not-run-means-no-effect", lambda b: _act(b, "refused", effect=True)),
    ("unknown-is-in-doubt", lambda b: changed(b, "over-doubt", outcome=Outcome.NOT_HEALED)),
    ("unknown-is-in-doubt", lambda b: _act(b, "refused", answer="502")),
    ("doubt-is-in-words", lambda b: changed(b, "over-doubt", reason=verbatim("It did not help."))),
    ("done-means-received", lambda b: _act(b, "healed", answer="502")),
    ("healed-means-effect", lambda b: _act(b, "healed", effect=False)),
    ("healed-means-measured", lambda b: replace(b, sent=())),
    ("healed-means-measured", lambda b: _sent_at(b, 107)),
    ("nobody-can-tell-means-not-measured", lambda b: _measured(b, "blind", 160)),
    ("verdict-is-told-once", lambda b: again(b, "k-response-a")),
    ("verdict-is-not-taken-back", _taken_back),
    ("breach-is-not-told-early", lambda b: changed(b, _broken("b-"), due=at(99))),
    ("overdue-is-told", lambda b: without(b, _broken("b-"))),
    ("every-ticket-has-a-response-target", _without_target),
    ("due-is-reckoned-right", lambda b: changed(b, "s-response-a", due=at(61))),
    ("due-is-reckoned-right", lambda b: changed(b, "c-resolution-c", due=at(2) + SOLVED)),
    ("thresholds-are-told-once", lambda b: again(b, _broken("r-"))),
    ("broken-means-not-done-in-time", lambda b: _answered(b, 63)),
    ("met-means-done-in-time", lambda b: without(b, "commented-a", "resolved-a")),
    (
        "met-means-done-in-time",
        lambda b: changed(without(b, "resolved-a"), "commented-a", _time=at(61)),
    ),
    ("done-in-time-is-told-as-met", lambda b: without(b, "k-resolution-a")),
    ("at-risk-means-not-done", lambda b: _answered(b, 20)),
    ("mail-is-taken-once", lambda b: _mail(b, replace(b.mails[0], at=at(9)))),
    ("sent-means-taken-whole", lambda b: replace(b, mails=b.mails[1:])),
    ("sent-means-taken-whole", lambda b: replace(b, mails=(replace(b.mails[0], whole=False),))),
    (
        "taken-whole-is-not-failed",
        lambda b: replace(b, deliveries=(replace(b.deliveries[0], state="failed"),)),
    ),
    (
        "unknown-means-the-line-broke",
        lambda b: replace(b, deliveries=(replace(b.deliveries[0], state="unknown"),)),
    ),
    (
        "unknown-means-the-line-broke",
        lambda b: replace(b, mails=tuple(replace(mail, answer="451") for mail in b.mails)),
    ),
    ("mail-has-a-delivery", lambda b: _mail(b, replace(b.mails[0], id="stranger"))),
    ("message-has-a-cause", lambda b: without(b, "resolved-a")),
    ("message-has-a-cause", lambda b: changed(b, "ticket_resolved-resolved-a", ticket="c")),
    ("correction-reaches-who-was-told", _taken_back),
    ("message-is-said-once", lambda b: again(b, "repair_done-over-healed")),
    ("page-is-for-a-breached-sla", lambda b: _answered(b, 63)),
    ("page-is-for-a-breached-sla", lambda b: changed(b, _broken("b-"), inherited=True)),
    (
        "breached-sla-pages-its-team",
        lambda b: without(b, f"sla_breached-{_broken('b-')}"),
    ),
    (
        "repair-message-says-the-outcome",
        lambda b: changed(b, "evidence-doubt", message=verbatim("It did not help.")),
    ),
    ("repair-message-says-the-outcome", lambda b: without(b, "opened-ticket-of-doubt")),
    (
        "no-service-ends-by-itself",
        lambda b: replace(b, ends=(End(at(9), "notify", 1, 1),)),
    ),
    (
        "who-is-started-is-ready-again",
        lambda b: replace(b, stuck=(Stuck(at(9), "notify", 1),)),
    ),
    (
        "desk-comes-to-rest",
        lambda b: replace(b, restless=(Restless(240, ("notify-1 is not ready",)),)),
    ),
    ("every-call-is-answered", lambda b: _call(b, 0, status=None)),
    ("every-call-is-answered", lambda b: _call(b, 0, status=503)),
    ("no-call-meets-a-bug", lambda b: _call(b, 0, answers=(500, 201))),
]


def test_a_clean_history_breaks_no_law() -> None:
    assert judge(clean()) == []


@pytest.mark.parametrize(
    ("name", "falsify"), FALSE, ids=lambda param: param if isinstance(param, str) else ""
)
def test_a_falsified_history_is_found(name: str, falsify: Falsify) -> None:
    assert name in {broken.law for broken in judge(falsify(clean()))}


def test_every_law_is_shown_to_fail() -> None:
    assert {law.name for law in LAWS} == {name for name, _ in (*FALSE, *AT_THE_DOOR)}


def test_copies_of_records_are_harmless() -> None:
    books = clean()
    copies = tuple(replace(record, offset=record.offset + 1000) for record in books.records)
    assert judge(replace(books, records=(*books.records, *copies))) == []


def test_what_came_just_before_the_end_is_waited_for() -> None:
    books = without(clean(), "k-resolution-a", "ticket_assigned-assigned-a")
    assert judge(replace(books, ended=at(15))) == []


def test_lateness_is_told_in_numbers() -> None:
    late = lateness(History(clean()))
    assert (late.count, round(late.p50, 1), round(late.p99, 1)) == (1, 0.1, 0.1)


@pytest.mark.parametrize("how", [How.PROBLEM, How.AUTOMATION])
def test_what_the_desk_records_late_may_correct_a_verdict(how: How) -> None:
    books = again(_taken_back(clean()), "resolved-a", _subject=FROM_SYSTEM, _sequence=3, how=how)
    assert "verdict-is-not-taken-back" not in {broken.law for broken in judge(books)}


@pytest.mark.parametrize(("answer", "is_doubtful"), [("307", False), ("308", False), ("302", True)])
def test_only_who_sends_the_same_request_elsewhere_has_surely_done_nothing(
    answer: str, *, is_doubtful: bool
) -> None:
    broken = {item.law for item in judge(_act(clean(), "refused", answer=answer))}
    assert ("unknown-is-in-doubt" in broken) is is_doubtful
