"""Stories of what everybody may read: problems, changes, SLAs of the day, articles."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from desk_contracts import Payload
from desk_contracts.events.changes import ChangeFinished, ChangeKind, ChangePlanned, ChangeStarted
from desk_contracts.events.knowledge import Readership, Translation
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemResolved,
    ProblemStatus,
    ProblemUpdated,
)
from desk_contracts.events.sla import ClockName, SlaBreached, SlaCancelled, SlaMet
from desk_contracts.message import message, verbatim
from desk_intake.knowledge import decide as knowledge
from desk_intake.knowledge.model import Article, choose_translation
from desk_intake.status.changes import SHOWN_AFTER, SHOWN_AHEAD, KnownChange, apply_change
from desk_intake.status.model import KnownProblem
from desk_intake.status.model import apply as apply_problem
from desk_intake.status.verdicts import DayVerdicts, add_up, count, part_of
from desk_intake.tickets.lifecycle import Actor

from tests.support.golden import Stories, describe, describe_fields, number_ids
from tests.support.intake_decided import CAUSE, DAY, HOUR, SECOND, attempt, happen, tell
from tests.support.intake_world import MONDAY

_ENDED: dict[str, Any] = {"service": "vpn", "title": verbatim("Down")}


_LISTED: dict[str, Any] = {"tickets": ("t-1", "t-2"), "people": ("ana",)}


_NOTICE: dict[str, Any] = {"team": "network", "message": verbatim("We know.")}


_COUNTS: dict[str, Any] = {"ticket_count": 7, "people_count": 5}


_DETECTED = ProblemDetected(**_ENDED, **_LISTED, **_NOTICE, status=ProblemStatus.PROPOSED)


_EVENTS: list[Payload] = [
    _DETECTED,
    ProblemUpdated(**_ENDED, tickets=("t-3",), people=("ben",), message=verbatim("Soon.")),
    ProblemUpdated(**_ENDED, removed=("t-1", "t-2", "t-3", "t-4"), status=ProblemStatus.PROPOSED),
    ProblemConfirmed(**_ENDED, **_LISTED, **_NOTICE),
    ProblemConfirmed(**_ENDED, **_LISTED, **_NOTICE, **_COUNTS),
    ProblemUpdated(**_ENDED, **_COUNTS),
    ProblemResolved(**_ENDED, **_LISTED, resolution=verbatim("Mended")),
    _DETECTED.model_copy(update=_COUNTS),
]


def tell_status() -> str:
    """What is known of problems and changes after each event, and when a change is shown."""
    parts = []
    for order in (_EVENTS, _EVENTS[::-1], *([event] for event in _EVENTS)):
        problem: KnownProblem | None = None
        for number, data in enumerate(order):
            problem = apply_problem(problem, happen(data, MONDAY + number * HOUR))
            assert problem is not None
            parts.append(f"{data.TYPE}\n{describe(problem)}" if len(order) > 1 else "")
        parts.append(f"---\n{describe(problem)}" if problem else "")
    plan: dict[str, Any] = {"change": "c-1", "kind": ChangeKind.RELEASE, "title": "Gateway"}
    begun = MONDAY + DAY
    planned = ChangePlanned(**plan, starts=begun, ends=begun + HOUR)
    started = ChangeStarted(**plan)
    finished = ChangeFinished(change="c-1", kind=ChangeKind.RELEASE, succeeded=True)
    changes: list[list[Payload]] = [
        [planned, started] * 2 + [finished],
        [started, planned],
        [finished],
    ]
    for life in changes:
        change: KnownChange | None = None
        for number, data in enumerate(life):
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


_TEXTS = tuple(
    Translation(language=tag, title=f"{tag} title", body="Body") for tag in ("en-GB", "de")
)


def tell_articles() -> str:
    """Who may do what with an article, and what comes of it."""
    parts, (english, german) = list[str](), _TEXTS
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
                    "read": partial(knowledge.may_read, article, actor),
                    "revise": partial(knowledge.revise, article, actor, other, later),
                    "as it is": partial(knowledge.revise, article, actor, text, later),
                    "for staff": partial(knowledge.revise, article, actor, secret, MONDAY),
                    "adopt": partial(knowledge.adopt, article, actor, later),
                    "retire": partial(knowledge.retire, article, actor, later - DAY),
                    "restore": partial(knowledge.restore, article, later),
                }
                for name, act in acts.items():
                    parts.append(f"{name}: {_tell_article(article, attempt(act))}")
        rating = knowledge.rate(None, "r", written, ben, CAUSE, helped=True)
        parts += [tell(rating), tell(knowledge.publish(written, "ben", CAUSE))]
        parts.append(tell(knowledge.rate(rating.state, "r", written, ben, CAUSE, helped=False)))
        own = attempt(knowledge.rate, None, "r", written, author, CAUSE, helped=True)
        parts.append(f"{own}\n")
    twice = text._replace(translations=(english, english))
    parts.append(f"{attempt(knowledge.write, 'a', ana, twice, MONDAY)}\n")
    parts.append(f"{attempt(knowledge.write, 'a', ana, secret, MONDAY)}\n")
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


STORIES: Stories = {
    "status": tell_status,
    "articles": tell_articles,
}
