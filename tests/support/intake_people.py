"""Stories of people around tickets: accounts, surveys, demands, what was taken in their place."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from desk_contracts import Event
from desk_contracts.accounts import Account, Effect
from desk_contracts.events.feedback import (
    ContactEnded,
    ContactPrevented,
    DemandObsoleteReported,
    DemandRequested,
    DemandVerdict,
    SurveyAnswered,
    Taken,
)
from desk_contracts.events.problems import ProblemResolved
from desk_contracts.events.tickets import Channel, How, Kind, TicketOpened, TicketResolved
from desk_contracts.message import verbatim
from desk_intake.before.decide import compare_ticket, forget, prevent
from desk_intake.before.joined import JoinedProblem, follow_joining
from desk_intake.before.model import TRACKED, UNDECIDED, Contact, PersonContacts
from desk_intake.demands.decide import add_vote, answer_demand, remind_of_demand
from desk_intake.recovery import decide as recovery
from desk_intake.recovery.model import Ask, AskQueue, Phase, Recovery
from desk_intake.recovery.model import Kind as Recoverable
from desk_intake.surveys.decide import finish_follow_up, invite, open_follow_up
from desk_intake.surveys.model import InvitedPerson, Sampling
from desk_intake.surveys.remind import remind_of_follow_up
from desk_intake.tickets.record import Cause
from desk_kernel import Decision

from tests.support.golden import Stories, as_json, describe, number_ids
from tests.support.intake_decided import CAUSE, DAY, HOUR, SECOND, attempt, happen, tell
from tests.support.intake_world import MONDAY


def tell_recovery() -> str:
    """Asks above and below their limits, and a token at each step of its life."""
    parts = []
    ask = Ask(id="a-1", login="ivy", kind="password", language="de", at=MONDAY)
    queue: AskQueue | None = None
    for number, after in enumerate((0, 59, 60, 61, 119), 1):
        now = MONDAY + timedelta(minutes=after)
        decision = recovery.enqueue(queue, ask.model_copy(update={"id": f"a-{number}"}), now)
        queue = decision.state
        assert queue is not None
        parts.append(f"{after}: {len(queue.recent)} {len(queue.waiting)} {queue.writes}\n")
    assert queue is not None
    now = MONDAY + 2 * HOUR
    held = recovery.hold(queue, "r-1", now)
    assert held is not None
    parts += [tell(held), tell(recovery.enqueue(held.state, ask, now))]
    for after in (59, 60):
        parts.append(tell(recovery.hold(held.state, "r-2", now + after * SECOND)))
    for holder, done in (("r-2", "a-1"), ("r-1", "a-1"), ("r-1", "a-1 a-2 a-3 a-4 a-5")):
        parts.append(tell(recovery.finish(held.state, holder, frozenset(done.split()), now)))
    for count_before in (19, 20):
        calls: AskQueue | None = None
        for _ in range(count_before):
            calls, _ = recovery.count_call(calls, "10.0.0.1", MONDAY)
        calls, is_too_many = recovery.count_call(calls, "10.0.0.1", MONDAY)
        parts.append(f"{count_before}: {is_too_many} {len(calls.recent)} {calls.writes}\n")
    crowd = AskQueue()
    for number in range(60):
        each = ask.model_copy(update={"login": f"p-{number}"})
        crowd = recovery.enqueue(crowd, each, MONDAY).state
    parts.append(f"{len(crowd.waiting)} wait, {len(crowd.recent)} lately\n")
    return number_ids("".join(parts) + "".join(_tell_tokens(ask)))


def _tell_tokens(ask: Ask) -> Iterable[str]:
    account = Account("uid=ivy", "ivy", "ivy@corp.example", "ivy")
    digest = sha256(b"secret").hexdigest()
    for after in (recovery.VALID - SECOND, recovery.VALID):
        yield tell(recovery.issue(None, account, ask, digest, MONDAY + after))
    issued = recovery.issue(None, account, ask, digest, MONDAY)
    assert issued is not None
    first = issued.state
    assert first is not None
    yield tell(recovery.issue(first, account, ask, digest, MONDAY))
    for change in ({}, {"tries": 4}, {"tries": 5}, {"phase": Phase.DONE}):
        token = first.model_copy(update=change)
        for secret, kind, after in (
            ("secret", "password", recovery.VALID - SECOND),
            ("secret", "password", recovery.VALID),
            ("other", "password", SECOND),
            ("secret", "unlock", SECOND),
        ):
            wanted: Recoverable = "password" if kind == "password" else "unlock"
            good = recovery.is_good(token, secret, wanted, MONDAY + after)
            yield f"{as_json(change)} {secret} {kind} {after}: {good}\n"
    yield from _tell_uses(first, partial(recovery.issue, account=account, ask=ask, digest=digest))


def _tell_uses(first: Recovery, issue: Callable[..., Decision[Recovery] | None]) -> Iterable[str]:
    claimed = recovery.claim(first, "secret", "password", "c-1", MONDAY)
    assert claimed is not None
    using = claimed.state
    assert using is not None
    yield tell(claimed)
    yield tell(recovery.claim(first, "other", "password", "c-1", MONDAY))
    yield tell(issue(using, now=MONDAY))
    for phase in Phase:
        token = using.model_copy(update={"phase": phase})
        for effect in (None, *Effect):
            yield f"{phase}, {effect}\n{tell(recovery.release(token, 'c-1', effect, MONDAY))}"
        yield f"{phase}\n{tell(recovery.release(token, 'c-2', Effect.DONE, MONDAY))}"
        for after in (recovery.USING - SECOND, recovery.USING):
            yield tell(recovery.give_up(token, MONDAY + after))
        for is_recorded in (True, False):
            recorded = token.model_copy(update={"is_recorded": is_recorded})
            yield tell(recovery.mark_recorded(recorded, Phase.DONE))
            yield tell(issue(recorded, now=MONDAY))
        events = recovery.record_outcome(token, "CODE", "service-care", "Password")
        yield from map(describe, (*events, *recovery.correct_outcome(token)))
        yield f"{recovery.ticket_of(token)}\n"
    for password in (
        "x" * 14,
        "abcde" * 3,
        "abcdE" * 3,
        "Aabcd" * 3,
        "abcde" * 51 + "a",
        "a" * 257,
    ):
        yield f"{len(password)}: {recovery.why_no_password(password)}\n"


def tell_surveys() -> str:
    """Who is asked how it went, what a low score makes, and who is reminded of it."""
    parts = []
    last = InvitedPerson(survey="x", at=MONDAY - 30 * DAY)
    for how, by, age, share, before in (
        (How.MEMBER, "max", timedelta(0), 1.0, None),
        (How.AUTOMATION, "automation", DAY, 1.0, None),
        (How.MEMBER, "max", DAY + SECOND, 1.0, None),
        (How.MEMBER, "ana", timedelta(0), 1.0, None),
        (How.PROBLEM, "desk", timedelta(0), 1.0, None),
        (How.MEMBER, "max", timedelta(0), 0.0, None),
        (How.MEMBER, "max", timedelta(0), 1.0, last),
        (How.MEMBER, "max", timedelta(0), 1.0, last.model_copy(update={"at": last.at + SECOND})),
    ):
        data = TicketResolved(by=by, how=how, resolution=verbatim("Done"), requester="ana", cycle=2)
        event = happen(data, MONDAY - age, "t-1")
        sampling = Sampling(share, 30 * DAY)
        decision = invite(before, event, MONDAY, sampling, lambda id, cycle: f"{id}:{cycle}")
        parts.append(f"{how} {by} {age} {share} {before is not None}\n{tell(decision)}")
    again = invite(None, event, MONDAY, sampling, lambda *_: "t")
    assert again is not None
    parts.append(tell(invite(again.state, event, MONDAY + 99 * DAY, sampling, lambda *_: "t")))
    return number_ids("".join(parts) + _tell_follow_ups())


def _tell_follow_ups() -> str:
    parts, follow_up = list[str](), None
    for score, counted in ((3, True), (2, False), (2, True), (1, True)):
        answered = SurveyAnswered(
            ticket="t-1", cycle=1, revision=1, score=score, comment="Slow", by="ana",
            language="de", service="vpn", team="network", member="max", counted=counted,
        )  # fmt: skip
        low = open_follow_up(None, happen(answered))
        parts.append(f"{score} {counted}\n{tell(low)}")
        follow_up = low.state if low else follow_up
    assert follow_up is not None
    parts.append(tell(open_follow_up(follow_up, happen(answered))))
    nobodys = follow_up.model_copy(update={"member": ""})
    for owed in (follow_up, nobodys):
        for now in (owed.due - SECOND, owed.due, owed.due + DAY - SECOND, owed.due + DAY):
            reminder = remind_of_follow_up(owed, now)
            owed = reminder.state or owed  # noqa: PLW2901 the same, reminded
            parts.append(f"{now}\n{tell(reminder)}")
    for late in (0, 1):
        cause = Cause("c", follow_up.due + late * SECOND, "corr", "trace")
        finished = finish_follow_up(follow_up, "eva", "We called.", cause)
        parts += [tell(finished), tell(remind_of_follow_up(finished.state, MONDAY + 99 * DAY))]
        parts.append(f"{attempt(finish_follow_up, finished.state, 'x', 'y', CAUSE)}\n")
    return "".join(parts)


def tell_demands() -> str:
    """Voices, a reminder and an answer; who may read it."""
    parts = []
    for data in (
        DemandRequested(feedback="f", what="A scanner", by="ana"),
        DemandObsoleteReported(feedback="f", service="fax", by="ana"),
    ):
        event = happen(data)
        demand = add_vote(None, event)
        assert demand is not None
        for person in ("ana", "ben", "ana"):
            event = happen(data.model_copy(update={"by": person}))
            demand = add_vote(demand, event) or demand
            seen = [
                (reader, is_staff, demand.is_shown(reader, is_staff=is_staff))
                for reader, is_staff in (("ana", False), ("cem", False), ("cem", True))
            ]
            parts.append(f"{describe(demand)}  {demand.votes} {seen}\n")
        full = demand.model_copy(update={"people": tuple(f"p-{n}" for n in range(500))})
        over = add_vote(full, event)
        assert over is not None
        parts.append(f"{over.votes} {len(over.people)} {over.more}\n")
        for now in (demand.due - SECOND, demand.due):
            parts.append(tell(remind_of_demand(demand, now)))
        reminded = remind_of_demand(demand, demand.due).state
        parts.append(tell(remind_of_demand(reminded, demand.due + DAY)))
        cause = Cause("c", MONDAY + DAY, "corr", "trace")
        verdict = DemandVerdict.DONE
        answered = answer_demand(demand, verdict, "There is one.", "eva", cause)
        parts += [tell(answered), tell(remind_of_demand(answered.state, demand.due))]
    return number_ids("".join(parts))


_FIRST = Contact(
    id="c-1", taken=Taken.ARTICLE, target="a-1", title="VPN drops at home",
    text="It drops every hour", service="vpn", device="lt-7", at=MONDAY,
)  # fmt: skip


def tell_contacts() -> str:
    """What was taken in place of a ticket, what is logged after it, and the end of a problem."""
    parts, first = list[str](), _FIRST
    person: PersonContacts | None = None
    for contact in (
        first,
        first.model_copy(update={"id": "c-2", "at": MONDAY + UNDECIDED}),
        first.model_copy(update={"id": "c-3", "at": MONDAY + UNDECIDED + SECOND}),
        first.model_copy(update={"id": "c-4", "target": "a-2", "at": MONDAY + TRACKED}),
    ):
        decision = prevent(person, "ana", contact, CAUSE)
        person = decision.state
        parts.append(f"{contact.id}\n{tell(decision)}")
    only = prevent(None, "ana", first, CAUSE).state
    for now in (UNDECIDED - SECOND, UNDECIDED, TRACKED - SECOND, TRACKED):
        parts.append(tell(forget(only, MONDAY + now)))
    for title, service, device, after in (
        ("VPN drops at home", "", "", HOUR),
        ("Printer is out of paper", "VPN", "", HOUR),
        ("Printer is out of paper", "", "LT-7", HOUR),
        ("Printer is out of paper", "", "", HOUR),
        ("VPN drops at home", "", "", UNDECIDED),
        ("VPN drops at home", "", "", UNDECIDED + SECOND),
        ("VPN drops at home", "", "", -SECOND),
        ("The VPN", "", "", HOUR),
    ):
        opened = TicketOpened(
            code="C", kind=Kind.INCIDENT, title=title, requester="ana", channel=Channel.PORTAL,
            service=service, device=device,
        )  # fmt: skip
        logged = Event("e", "/test", "t-1", MONDAY + after, opened)
        parts.append(f"{title} {service} {device} {after}\n{tell(compare_ticket(only, logged))}")
    full = only.model_copy(
        update={"contacts": tuple(first.model_copy(update={"id": f"{n}", "target": f"{n}"})
                                  for n in range(100))}
    )  # fmt: skip
    parts.append(f"{attempt(prevent, full, 'ana', first, CAUSE)}\n")
    return number_ids("".join(parts) + _tell_joined())


def _tell_joined() -> str:
    parts = []
    ended: dict[str, Any] = {"title": verbatim("Down"), "resolution": verbatim("Mended")}
    joined = ContactPrevented(contact="c", by="ana", taken=Taken.PROBLEM, target="p-1")
    crowd = tuple(f"p-{number}" for number in range(1_001))
    merged = ContactEnded(problem="p-0", is_solved=False, merged_into="p-1", people=crowd, **ended)
    over = ProblemResolved(service="vpn", tickets=(), people=(), is_solved=True, **ended)
    for order in ((joined, joined, merged, over, over), (over, joined, merged)):
        problem = JoinedProblem()
        for data in order:
            decision = follow_joining(problem, happen(data, subject="p-1"))
            if decision is None:
                parts.append(f"{data.TYPE}: nothing\n")
                continue
            problem = decision.state
            shown = [
                describe(event.data, "people") + f"  {len(event.data.people)} people\n"
                for event in decision.events
                if isinstance(event.data, ContactEnded)
            ]
            parts.append(f"{data.TYPE}: {len(problem.people)} {problem.end is not None}\n")
            parts += shown
    return "".join(parts)


STORIES: Stories = {
    "recovery": tell_recovery,
    "surveys": tell_surveys,
    "demands": tell_demands,
    "contacts": tell_contacts,
}
