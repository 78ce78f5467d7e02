"""Stories of what surrounds tickets in intake: what is decided at each of its bounds.

Run as a program it writes the expected files anew: read the difference before you keep it.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.accounts import Account, Effect
from desk_contracts.errors import DeskError
from desk_contracts.events.changes import ChangeFinished, ChangeKind, ChangePlanned, ChangeStarted
from desk_contracts.events.feedback import (
    ContactEnded,
    ContactPrevented,
    DemandObsoleteReported,
    DemandRequested,
    DemandVerdict,
    SurveyAnswered,
    Taken,
)
from desk_contracts.events.knowledge import Readership, Translation
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemResolved,
    ProblemStatus,
    ProblemUpdated,
)
from desk_contracts.events.sla import ClockName, SlaBreached, SlaCancelled, SlaMet
from desk_contracts.events.tickets import Channel, How, Kind, TicketOpened, TicketResolved
from desk_contracts.message import message, verbatim
from desk_intake.before.decide import compare_ticket, forget, prevent
from desk_intake.before.joined import JoinedProblem, follow_joining
from desk_intake.before.model import TRACKED, UNDECIDED, Contact, PersonContacts
from desk_intake.chat.charter import ChatKind
from desk_intake.chat.decide import is_genuine, read_command, read_line
from desk_intake.demands.decide import add_vote, answer_demand, remind_of_demand
from desk_intake.demands.model import Demand
from desk_intake.knowledge import decide as knowledge
from desk_intake.knowledge.model import Article, choose_translation
from desk_intake.mail.charter import MailAccount, Speaker
from desk_intake.mail.decide import Opening, find_claims, is_for_people, open_for
from desk_intake.mail.files import check_files
from desk_intake.mail.plain_text import drop_quotations, read_html
from desk_intake.mail.reading import read_mail
from desk_intake.recovery import decide as recovery
from desk_intake.recovery.model import Ask, AskQueue, Phase, Recovery
from desk_intake.recovery.model import Kind as Recoverable
from desk_intake.status.changes import SHOWN_AFTER, SHOWN_AHEAD, KnownChange, apply_change
from desk_intake.status.model import KnownProblem
from desk_intake.status.model import apply as apply_problem
from desk_intake.status.verdicts import DayVerdicts, add_up, count, part_of
from desk_intake.surveys.decide import finish_follow_up, invite, open_follow_up
from desk_intake.surveys.model import FollowUp, InvitedPerson, Sampling
from desk_intake.surveys.remind import remind_of_follow_up
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.record import Cause
from desk_intake.webhooks.charter import Form, Proof, Reading, Webhook
from desk_intake.webhooks.decide import describe as describe_report
from desk_intake.webhooks.decide import read_reports
from desk_intake.webhooks.signatures import is_signed
from desk_kernel import Decision
from pydantic import BaseModel

from tests.support.golden import (
    Stories,
    as_json,
    describe,
    describe_events,
    describe_fields,
    number_ids,
    write_stories,
)
from tests.support.intake_world import MONDAY
from tests.support.mails import DESK, mail

EXPECTED = Path(__file__).parents[1] / "unit" / "intake" / "decisions"
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
_CAUSE = Cause("call-1", MONDAY + HOUR)


def tell(decision: Decision[Any] | None) -> str:
    """A whole decision."""
    if decision is None:
        return "  nothing changes\n"
    state = decision.state
    shown = describe(state) if isinstance(state, BaseModel) else ""
    return f"  due {decision.due}\n{shown}{describe_events(decision.events)}"


def attempt(decide: Callable[[], object]) -> object:
    """What it comes to, or its refusal."""
    try:
        return decide()
    except DeskError as refusal:
        return f"{type(refusal).__name__} {refusal.code} {refusal.message}"


def happen(data: Payload, at: datetime = MONDAY, subject: str = "s-1", id: str = "e") -> AnyEvent:
    return Event(id, "/test", subject, at, data)


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
    claimed = recovery.claim(first, "secret", "password", "c-1", MONDAY)
    assert claimed is not None
    using = claimed.state
    assert using is not None
    yield tell(claimed)
    yield tell(recovery.claim(first, "other", "password", "c-1", MONDAY))
    yield tell(recovery.issue(using, account, ask, digest, MONDAY))
    for phase in Phase:
        token = using.model_copy(update={"phase": phase})
        for effect in (None, *Effect):
            yield f"{phase}, {effect}\n{tell(recovery.release(token, 'c-1', effect, MONDAY))}"
        yield f"{phase}\n{tell(recovery.release(token, 'c-2', Effect.DONE, MONDAY))}"
        for after in (recovery.USING - SECOND, recovery.USING):
            yield tell(recovery.give_up(token, MONDAY + after))
        for is_recorded in (True, False):
            known = token.model_copy(update={"is_recorded": is_recorded})
            yield tell(recovery.mark_recorded(known, Phase.DONE))
            yield tell(recovery.issue(known, account, ask, digest, MONDAY))
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
    assert isinstance(using, Recovery)


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
    follow_up: FollowUp | None = None
    for score, counted in ((3, True), (2, False), (2, True), (1, True)):
        answered = SurveyAnswered(
            ticket="t-1", cycle=1, revision=1, score=score, comment="Slow", by="ana",
            language="de", service="vpn", team="network", member="max", counted=counted,
        )  # fmt: skip
        decision = open_follow_up(None, happen(answered))
        parts.append(f"{score} {counted}\n{tell(decision)}")
        follow_up = decision.state if decision else follow_up
    assert follow_up is not None
    parts.append(tell(open_follow_up(follow_up, happen(answered))))
    nobodys = follow_up.model_copy(update={"member": ""})
    for owed in (follow_up, nobodys):
        for now in (owed.due - SECOND, owed.due, owed.due + DAY - SECOND, owed.due + DAY):
            decision = remind_of_follow_up(owed, now)
            owed = decision.state  # noqa: PLW2901 the same, reminded
            parts.append(f"{now}\n{tell(decision)}")
    for late in (0, 1):
        cause = Cause("c", follow_up.due + late * SECOND, "corr", "trace")
        finished = finish_follow_up(follow_up, "eva", "We called.", cause)
        parts += [tell(finished), tell(remind_of_follow_up(finished.state, MONDAY + 99 * DAY))]
        parts.append(f"{attempt(lambda: finish_follow_up(finished.state, 'x', 'y', _CAUSE))}\n")
    return number_ids("".join(parts))


def tell_demands() -> str:
    """Voices, a reminder and an answer; who may read it."""
    parts = []
    for data in (
        DemandRequested(feedback="f", what="A scanner", by="ana"),
        DemandObsoleteReported(feedback="f", service="fax", by="ana"),
    ):
        demand: Demand | None = None
        for person in ("ana", "ben", "ana"):
            event = happen(data.model_copy(update={"by": person}))
            demand = add_vote(demand, event)
            assert demand is not None
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


def tell_status() -> str:
    """What is known of problems and changes after each event, and when a change is shown."""
    parts = []
    ended: dict[str, Any] = {"service": "vpn", "title": verbatim("Down")}
    listed: dict[str, Any] = {"tickets": ("t-1", "t-2"), "people": ("ana",)}
    told = {"team": "network", "message": verbatim("We know.")}
    counts = {"ticket_count": 7, "people_count": 5}
    detected = ProblemDetected(**ended, **listed, **told, status=ProblemStatus.PROPOSED)
    events: list[Payload] = [
        detected,
        ProblemUpdated(**ended, tickets=("t-3",), people=("ben",), message=verbatim("Soon.")),
        ProblemUpdated(
            **ended, removed=("t-1", "t-2", "t-3", "t-4"), status=ProblemStatus.PROPOSED
        ),
        ProblemConfirmed(**ended, **listed, **told),
        ProblemConfirmed(**ended, **listed, **told, **counts),
        ProblemUpdated(**ended, **counts),
        ProblemResolved(**ended, **listed, resolution=verbatim("Mended")),
        detected.model_copy(update=counts),
    ]
    for order in (events, events[::-1], *([event] for event in events)):
        problem: KnownProblem | None = None
        for number, data in enumerate(order):
            problem = apply_problem(problem, happen(data, MONDAY + number * HOUR))
            assert problem is not None
            parts.append(f"{data.TYPE}\n{describe(problem)}" if len(order) > 1 else "")
        parts.append(f"---\n{describe(problem)}" if problem else "")
    plan = {"change": "c-1", "kind": ChangeKind.RELEASE, "title": "Gateway"}
    begun = MONDAY + DAY
    planned = ChangePlanned(**plan, starts=begun, ends=begun + HOUR)  # type: ignore[arg-type]
    started = ChangeStarted(**plan)  # type: ignore[arg-type]
    finished = ChangeFinished(change="c-1", kind=ChangeKind.RELEASE, succeeded=True)
    for order in ((planned, started, planned, started, finished), (started, planned), (finished,)):
        change: KnownChange | None = None
        for number, data in enumerate(order):
            change = apply_change(change, happen(data, MONDAY + number * HOUR, "vpn"))
            parts.append(f"{data.TYPE}\n{describe(change) if change else '  unknown'}")
            for moment in _turns(change):
                parts.append(f"  {moment} {change.is_shown(moment) if change else '-'}\n")
    return number_ids("".join(parts) + _tell_verdicts())


def _turns(change: KnownChange | None) -> Iterable[datetime]:
    if change is None:
        return ()
    end = (change.ends or change.starts) + SHOWN_AFTER
    return (change.starts - SHOWN_AHEAD - SECOND, change.starts - SHOWN_AHEAD, end - SECOND, end)


def _tell_verdicts() -> str:
    sla: dict[str, Any] = {"clock": ClockName.RESOLUTION, "policy": "p", "policy_version": "1"}
    day, parts = DayVerdicts(), []
    for team in ("network", "crm"):
        for data in (
            SlaMet(**sla, team=team, took=HOUR, due=MONDAY),
            SlaBreached(**sla, team=team, due=MONDAY),
            SlaCancelled(**sla, team=team, because=message("x.y"), untrue="breached"),
            SlaCancelled(**sla, team=team, because=message("x.y"), untrue="at_risk"),
            SlaCancelled(**sla, team="crm", because=message("x.y"), untrue="breached"),
        ):
            event = happen(data, subject=f"t-{team}")
            day = count(day, event)
            parts.append(f"{list(part_of(event))} {day.teams}\n")
    for shown in (("network",), ("crm",), ("network", "crm"), ()):
        parts.append(f"{shown} {add_up([day, day], shown)}\n")
    return "".join(parts)


def tell_contacts() -> str:
    """What was taken in place of a ticket, what is logged after it, and the end of a problem."""
    parts = []
    first = Contact(
        id="c-1", taken=Taken.ARTICLE, target="a-1", title="VPN drops at home",
        text="It drops every hour", service="vpn", device="lt-7", at=MONDAY,
    )  # fmt: skip
    person: PersonContacts | None = None
    for contact in (
        first,
        first.model_copy(update={"id": "c-2", "at": MONDAY + UNDECIDED}),
        first.model_copy(update={"id": "c-3", "at": MONDAY + UNDECIDED + SECOND}),
        first.model_copy(update={"id": "c-4", "target": "a-2", "at": MONDAY + TRACKED}),
    ):
        decision = prevent(person, "ana", contact, _CAUSE)
        person = decision.state
        parts.append(f"{contact.id}\n{tell(decision)}")
    only = prevent(None, "ana", first, _CAUSE).state
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
        decision = compare_ticket(only, happen(opened, MONDAY + after, "t-1"))
        parts.append(f"{title} {service} {device} {after}\n{tell(decision)}")
    full = only.model_copy(
        update={"contacts": tuple(first.model_copy(update={"id": f"{n}", "target": f"{n}"})
                                  for n in range(100))}
    )  # fmt: skip
    parts.append(f"{attempt(lambda: prevent(full, 'ana', first, _CAUSE))}\n")
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


def tell_articles() -> str:
    """Who may do what with an article, and what comes of it."""
    parts = []
    english, german = (
        Translation(language=tag, title=f"{tag} title", body="Body") for tag in ("en-GB", "de")
    )
    ana, ben, max_ = (
        Actor("ana", is_staff=False), Actor("ben", is_staff=False), Actor("max", is_staff=True),
    )  # fmt: skip
    text = knowledge.Content((english, german), Readership.EVERYBODY, ("vpn",))
    secret = text._replace(audience=Readership.STAFF)
    other = text._replace(translations=(german,), services=())
    later = MONDAY + HOUR
    for author in (ana, max_):
        written = knowledge.write("a-1", author, text, MONDAY, "t-1")
        parts.append(describe(written))
        retired = written.model_copy(update={"is_retired": True})
        for article in (written, retired):
            for actor in (ana, ben, max_):
                parts.append(f"--- {author.id}, {actor.id}, {article.is_retired}\n")
                acts: Mapping[str, Callable[[], object]] = {
                    "read": lambda a=article, b=actor: knowledge.may_read(a, b),
                    "revise": lambda a=article, b=actor: knowledge.revise(a, b, other, later),
                    "as it is": lambda a=article, b=actor: knowledge.revise(a, b, text, later),
                    "for staff": lambda a=article, b=actor: knowledge.revise(a, b, secret, MONDAY),
                    "adopt": lambda a=article, b=actor: knowledge.adopt(a, b, later),
                    "retire": lambda a=article, b=actor: knowledge.retire(a, b, later - DAY),
                    "restore": lambda a=article: knowledge.restore(a, later),
                }
                for name, act in acts.items():
                    parts.append(f"{name}: {_tell_article(article, attempt(act))}")
        rating = knowledge.rate(None, "r", written, ben, _CAUSE, helped=True)
        parts += [tell(rating), tell(knowledge.publish(written, "ben", _CAUSE))]
        parts.append(tell(knowledge.rate(rating.state, "r", written, ben, _CAUSE, helped=False)))
        parts.append(
            f"{attempt(lambda a=author, w=written: knowledge.rate(None, 'r', w, a, _CAUSE, helped=True))}\n"
        )
    twice = text._replace(translations=(english, english))
    parts.append(f"{attempt(lambda: knowledge.write('a', ana, twice, MONDAY))}\n")
    parts.append(f"{attempt(lambda: knowledge.write('a', ana, secret, MONDAY))}\n")
    for language in ("en", "en-GB", "en-US", "DE-at", "fr"):
        for texts in ((english, german), (german, english), (german,)):
            parts.append(f"{language}: {choose_translation(texts, language).language}\n")
    return number_ids("".join(parts))


def _tell_article(before: Article, after: object) -> str:
    if not isinstance(after, Article):
        return f"{after}\n"
    fields = {
        name: value for name, value in after.model_dump(mode="json").items()
        if value != before.model_dump(mode="json")[name]
    }  # fmt: skip
    return "\n" + (describe_fields(fields) or "  as it was\n")


def tell_chat() -> str:
    """Which calls are genuine, what their lines say and what these want."""
    parts = []
    body, now = b"text=Hi&user_id=u1&trigger_id=t1", MONDAY
    for seconds in (-301, -300, 0, 300, 301):
        sent = str(int(now.timestamp()) + seconds)
        signed = hmac.new(b"key", b"v0:" + sent.encode() + b":" + body, sha256).hexdigest()
        headers = {"x-slack-request-timestamp": sent, "x-slack-signature": f"v0={signed}"}
        parts.append(f"{seconds}: {is_genuine(ChatKind.SLACK, 'key', headers, body, now)}\n")
        parts.append(f"{seconds}: {is_genuine(ChatKind.SLACK, 'kez', headers, body, now)}\n")
    for odd in ("", "x1", "1" * 13, "\u0661"):
        headers = {"x-slack-request-timestamp": odd}
        parts.append(f"{odd}: {is_genuine(ChatKind.SLACK, 'key', headers, body, now)}\n")
    form = {"content-type": "application/x-www-form-urlencoded"}
    for headers, content in (
        ({"authorization": "Token key "}, b""),
        ({"authorization": "Bearer key"}, b""),
        (form, b"token=key"),
        (form, b"token=kez"),
        ({"content-type": "application/json; charset=utf-8"}, b'{"token": "key"}'),
        ({"content-type": "application/json"}, b'{"token": 7}'),
        ({"content-type": "application/json"}, b"no json"),
    ):
        genuine = is_genuine(ChatKind.MATTERMOST, "key", headers, content, now)
        parts.append(f"{as_json(headers)} {content!r}: {genuine}\n")
    said = {"type": "message", "user": "u1", "text": " <@B1> Hi ", "channel": "c", "ts": "1.2"}
    calls: list[tuple[ChatKind, Mapping[str, object]]] = [
        (ChatKind.SLACK, {"type": "url_verification", "challenge": "w" * 501}),
        (ChatKind.SLACK, {"event": said}),
        (ChatKind.SLACK, {"event": {**said, "type": "app_mention"}}),
        (ChatKind.SLACK, {"event": {**said, "type": "reaction"}}),
        (ChatKind.SLACK, {"event": {**said, "bot_id": "b"}}),
        (ChatKind.SLACK, {"event": {**said, "subtype": "join"}}),
        (ChatKind.SLACK, {"event": {**said, "user": ""}}),
        (ChatKind.SLACK, {"event": {**said, "ts": ""}, "event_id": "e-1"}),
        (ChatKind.SLACK, {"event": {**said, "channel": ""}}),
        (ChatKind.MATTERMOST, {"event": said, "text": "!desk Hi", "trigger_word": "!desk",
                               "user_id": "u1", "post_id": "p1"}),
        (ChatKind.MATTERMOST, {"type": "url_verification", "text": "Hi", "user_id": "u1",
                               "trigger_id": "t1", "post_id": "p1"}),
        (ChatKind.SLACK, {"text": "Hi", "user_id": "u1"}),
        (ChatKind.SLACK, {"text": "Hi", "trigger_id": "t1"}),
    ]  # fmt: skip
    for kind, fields in calls:
        content = json.dumps(fields).encode()
        headers = {"content-type": "application/json"}
        line = attempt(lambda k=kind, h=headers, c=content: read_line(k, h, c))
        parts.append(f"{kind} {as_json(fields)[:160]}\n  {line!r}\n")
    long = urlencode({f"k{number}": "v" for number in range(51)}).encode()
    for content in (long, b"text=&user_id=u&trigger_id=t"):
        parts.append(f"{attempt(lambda c=content: read_line(ChatKind.SLACK, form, c))!r}\n")
    for text in (
        "", " help ", "HILFE", "help me", "state K7M2-Q9PG", "status k7m2q9pg now", "state of it",
        "stand", "comment K7M2-Q9PG", "kommentar K7M2-Q9PG  It works ", "The VPN drops",
        "comment on it", "state K7M2-Q9PGX",
    ):  # fmt: skip
        parts.append(f"{text}: {read_command(text)!r}\n")
    return number_ids("".join(parts))


def tell_webhooks() -> str:
    """What calls of monitoring systems report, and the events that are published for it."""
    fired = {
        "status": "firing", "labels": {"alertname": "Disk", "severity": "PAGE", "service": "files",
        "instance": "nas-1:9100", "n": 7, "on": True, "parts": []},
        "annotations": {"summary": "Full", "description": "Very full"}, "startsAt": "2026-03-02T09:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "f1", "generatorURL": "http://g", "valueString": "9",
    }  # fmt: skip
    over = {**fired, "status": "resolved", "endsAt": "2026-03-02T10:00:00+01:00"}
    never = {**fired, "status": "resolved"}
    bare = {"status": "firing", "labels": {"alertname": "X", "severity": "odd"}, "startsAt": "soon"}
    zabbix = {
        "event_id": "7", "event_value": "1", "event_name": "Load", "host_name": "h1",
        "event_nseverity": "2", "event_timestamp": "1772442000", "trigger_id": "t1",
        "event_tags": '[{"tag": "service", "value": "crm"}, {"tag": "", "value": "x"}, 3]',
        "alert_subject": "Load is high", "event_severity": "High",
    }  # fmt: skip
    asked = {"list": [{"id": 1, "who": "ana", "what": {"title": "Key"}, "why": "Lost", "when": "x"},
                      {"id": 2, "who": "ana"}, {"who": "ben"}]}  # fmt: skip
    heard = {"id": "9", "n": "Disk", "s": "ok", "sev": "red", "svc": "files", "dev": ["a", "b"]}
    alerts = Reading(
        occurrence="id", name="n", status="s", severity="sev", service="svc", device="dev.1",
        severities={"red": "critical"},
    )  # fmt: skip
    requests = Reading(
        items="list",
        occurrence="id",
        requester="who",
        title="what.title",
        description="why",
        at="when",
    )
    calls: list[tuple[Webhook, object]] = [
        (_webhook(Form.ALERTMANAGER), {"alerts": [fired, over, never, bare, {"status": "x"}, 3]}),
        (_webhook(Form.ALERTMANAGER), {"alerts": [{"status": "firing", "labels": {}}]}),
        (_webhook(Form.GRAFANA), {"alerts": 3}),
        (_webhook(Form.GRAFANA), [3]),
        *((_webhook(Form.ZABBIX), {**zabbix, **change}) for change in (
            {}, {"event_value": "0"}, {"event_value": "2"}, {"event_nseverity": "4"},
            {"event_nseverity": "3"}, {"event_nseverity": "1"}, {"event_nseverity": ""},
            {"event_timestamp": "late"}, {"trigger_id": ""}, {"event_tags": "no"},
            {"event_tags": {}}, {"event_name": ""}, {"alert_subject": ""}, {"event_id": ""},
        )),
        (_webhook(Form.GENERIC, reading=alerts), heard),
        *((_webhook(Form.GENERIC, reading=alerts), {**heard, **change}) for change in (
            {"s": "bad"}, {"n": ""}, {"s": ""}, {"id": ""}, {"sev": "info"}, {"dev": "x"},
            {"svc": "", "dev": []},
        )),
        (_webhook(Form.GENERIC, reading=requests), asked),
        (_webhook(Form.GENERIC, reading=requests), {"list": {}}),
    ]  # fmt: skip
    parts = []
    for webhook, body in calls:
        reports = attempt(lambda w=webhook, b=body: read_reports(w, b))
        parts.append(f"=== {webhook.form} {as_json(body)[:200]}\n")
        if not isinstance(reports, list):
            parts.append(f"{reports}\n")
            continue
        for report in reports:
            if isinstance(report, DeskError):
                parts.append(f"{report.code} {report}\n")
                continue
            made = describe_report(report, "/monitoring")
            shown = describe_fields(made) if isinstance(made, dict) else f"{made.code}\n"
            parts += [describe(report), shown]
    return number_ids("".join(parts) + "".join(_tell_signatures()))


def _webhook(form: Form, **more: Any) -> Webhook:
    return Webhook(name="hook", system="monitoring", form=form, **more)


def _tell_signatures() -> Iterable[str]:
    body, now = b"{}", int(MONDAY.timestamp())
    with_time = _webhook(Form.GRAFANA, proof=Proof.HMAC_SHA256, timestamp_header="X-Time")
    without = _webhook(Form.GRAFANA, proof=Proof.HMAC_SHA256)
    for seconds in (-301, -300, 0, 300, 301):
        sent = str(now + seconds)
        signed = hmac.new(b"key", sent.encode() + b":{}", sha256).hexdigest()
        headers = {"x-time": sent, "x-grafana-alerting-signature": f" SHA256={signed.upper()} "}
        yield f"{seconds}: {is_signed(with_time, 'key', headers, body, MONDAY)}\n"
    plain = {"x-grafana-alerting-signature": hmac.new(b"key", body, sha256).hexdigest()}
    for secret in ("key", "kez"):
        yield f"{secret}: {is_signed(without, secret, plain, body, MONDAY)}\n"


def tell_mails() -> str:
    """Mails of people and machines: what they say, which tickets they claim, what they open."""
    account = MailAccount(
        name="desk", address=DESK, domains=("desk.example", "*.corp.example"), service="mail",
        speakers=(Speaker(address="eva@home.example", person="eva"),), lists=("help.desk.example",),
    )  # fmt: skip
    enclosed = mail("See the file", subject="")
    enclosed.add_attachment(b"a,b", maintype="text", subtype="csv", filename="x.csv")
    enclosed.add_attachment(b"\x00\x01", maintype="image", subtype="png")
    both = mail("  ")
    both.add_alternative("<p>Hello<br>there</p><script>x</script>", subtype="html")
    old = "Mon, 23 Feb 2026 09:00:00 +0000"
    mails: list[tuple[EmailMessage, Mapping[str, Any]]] = [
        (mail(Date="Mon, 2 Mar 2026 09:30:00 +0100", Content_Language="de, en"), {}),
        (mail(Date=old, subject="Re: [K7M2-Q9PG] and AAAA-BBBB", Content_Language="d"), {}),
        (mail(Date="Mon, 23 Feb 2026 08:59:59 +0000", id=""), {}),
        (mail(Date="Mon, 2 Mar 2026 09:00:01 +0000", sender="Eva <eva@home.example>"), {}),
        (mail(References="<a@x> <b@x>", In_Reply_To="<b@x>", Date="yesterday"), {}),
        (mail(In_Reply_To="<thread-0192f3c4-5b6a-7d8e-9f00-112233445566@desk.example>"), {}),
        (mail(sender="x@other.example"), {}),
        (mail(sender="x@a.corp.example", Auto_Submitted="auto-replied"), {}),
        (mail(Auto_Submitted="no", Precedence="Bulk"), {}),
        (mail(List_Id="Help <help.desk.example>"), {}),
        (mail(List_Id="Other <other.desk.example>"), {}),
        (mail(sender="MAILER-DAEMON@desk.example"), {}),
        (mail(Return_Path="<>"), {}),
        (mail(X_Autoreply="yes"), {}),
        (mail(), {"sent_from": ""}),
        (mail(sender=DESK), {"own_addresses": frozenset({DESK})}),
        (mail(X_Loop=DESK), {"own_addresses": frozenset({DESK})}),
        *(
            (mail(Authentication_Results=findings), {"authserv_id": "mx.desk.example"})
            for findings in (
                "mx.desk.example; dmarc=pass header.from=desk.example",
                "MX.desk.example (ours); spf=fail; dmarc=fail",
                "mx.desk.example; dkim=pass header.d=desk.example",
                "mx.desk.example; dkim=pass header.d=desk.example.evil",
                "other.example; dmarc=pass",
            )
        ),
        (enclosed, {}),
        (both, {"sent_to": ("desk+x@desk.example",)}),
    ]
    parts = []
    for made, given in mails:
        read = read_mail(made.as_bytes(), **given)
        parts += [f"=== {read.subject}\n", describe(read)]
        claims = find_claims(read, "secret")
        parts.append(
            f"  claims {as_json(claims.__dict__ if hasattr(claims, '__dict__') else str(claims))}\n"
        )
        parts.append(f"  for people {is_for_people(read, account)}\n")
        files = check_files(read.enclosures, "seed")
        parts += [f"  {file.file}\n" for file in files.taken] + [
            f"  {why}\n" for why in files.refused
        ]
        who = Actor(account.person_of(read.sender), is_staff=False)
        opening = Opening("t-1", who, MONDAY, "OLD" if claims.codes else "")
        opened = attempt(lambda r=read, o=opening, f=files: open_for(r, account, o, f)("CODE"))
        parts += map(describe, opened) if isinstance(opened, list) else [f"{opened}\n"]
        domain = read.sender.rpartition("@")[2]
        parts.append(f"  admits {account.admits(domain)} {account.admits('corp.example')}\n")
    return number_ids("".join(parts) + "".join(_tell_texts()))


def _tell_texts() -> Iterable[str]:
    for html in (
        "<html><head><title>T</title></head><body>A  <b>b</b>\n c<br>d<p>e</p>&amp;</body></html>",
        "x<blockquote>old<br>older<blockquote>oldest</blockquote>q</blockquote>y",
        "<style>s</style></style>a<script>b<script>c</script>d</script>e",
        "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table><hr>z<h6>H</h6><h7>I</h7>",
    ):
        yield f"{html}\n  {read_html(html)!r}\n"
    head = "New\n\nFrom: a@x\n"
    for text in (
        "Yes\n\nOn Monday, Ana wrote:\n> old",
        "Yes\n\nOn Monday 2 March 2026 at 09:00\nAna Example <ana@desk.example>\nwrote:\n> old",
        "Yes\n\nOn Monday\nAna\nExample\nwrote:\n> old",
        "Yes\n\nAm Montag schrieb Ana:\n> alt",
        "> old\nMine\n> older",
        "> only\n> old",
        "Yes\n---- Original Message ----\nold",
        "Yes\n- Original Message -\nold",
        f"{head}Sent: x\nTo: y\nold",
        f"{head}Sent: x\nold",
        f"{head}\n\nSent: x\nTo: y",
        f"{head}\n\n\nSent: x\nTo: y\nold",
        "Yes\n__________\nFrom: a@x\nold",
        "Yes\n_________\nFrom: a@x\nold",
        "Yes\n__________",
        "On it goes.",
    ):
        yield f"{text!r}\n  {drop_quotations(text)!r}\n"


STORIES: Stories = {
    "recovery": tell_recovery,
    "surveys": tell_surveys,
    "demands": tell_demands,
    "status": tell_status,
    "contacts": tell_contacts,
    "articles": tell_articles,
    "chat": tell_chat,
    "webhooks": tell_webhooks,
    "mails": tell_mails,
}


if __name__ == "__main__":
    write_stories(STORIES, EXPECTED)
