"""The page in a few sentences: what came, what it cost, what was kept, what was prevented, what is
proposed, where goals stand. What is not known is said, never counted as nothing.
"""

from collections.abc import Iterator

from desk_contracts.events.reports import GoalVerdict
from desk_contracts.message import Message, message

from desk_metrics.reports.causes import CONTACT_MINUTES
from desk_metrics.reports.page.model import PageFigures

_WELL = frozenset({GoalVerdict.REACHED, GoalVerdict.ON_THE_WAY})
_BADLY = frozenset({GoalVerdict.BEHIND, GoalVerdict.MISSED})


def describe_page(page: PageFigures) -> tuple[Message, ...]:
    """The headline; without any ticket or repair there is nothing to say."""
    if page.is_empty and not page.now["auto_healed"]:
        return ()
    return tuple(
        item
        for part in (_describe_contacts, _describe_cost, _describe_slas, _describe_prevention)
        for item in part(page)
    ) + tuple(_describe_plans(page))


def _describe_contacts(page: PageFigures) -> Iterator[Message]:
    came, open_ = round(page.now["contacts"] or 0), round(page.now["backlog"] or 0)
    if not page.has_before:
        yield message("page.contacts", count=came, open=open_)
        return
    before = round(page.before["contacts"] or 0)
    days = message("count.days", count=page.query.days)
    yield message("page.contacts-compared", count=came, before=before, days=days, open=open_)


def _describe_cost(page: PageFigures) -> Iterator[Message]:
    whole = sum(item.score for item in page.ranked)
    if page.ranked:
        worst = page.ranked[0]
        yield message(
            "page.costs-most",
            service=worst.service,
            hours=round(worst.score / 60, 1),
            whole=round(whole / 60, 1),
            share=worst.score / whole,
            contacts=message("count.contacts", count=worst.contacts),
            each=CONTACT_MINUTES,
        )


def _describe_slas(page: PageFigures) -> Iterator[Message]:
    met, evaluated = page.now["sla_met"], page.now["sla_evaluated"]
    if met is None:
        yield message("page.no-slas")
    else:
        yield message("page.slas", share=met, count=round(evaluated or 0))


def _describe_prevention(page: PageFigures) -> Iterator[Message]:
    repairs, prevented = page.now["auto_healed"], page.now["prevented_contacts"] or 0
    if repairs is None:
        # Repairs belong to services, so of a team nothing is known.
        return
    if repairs > 0:
        contacts = message("count.contacts", count=round(prevented))
        yield message("page.prevented", count=round(repairs), contacts=contacts)
    else:
        yield message("page.nothing-prevented")
    foreseen = page.now["foreseen_share"]
    if foreseen is not None:
        yield message("page.foreseen", share=foreseen)


def _describe_plans(page: PageFigures) -> Iterator[Message]:
    if page.proposed:
        names = tuple(item.service for item in page.proposed)
        yield message("page.proposed", count=len(names), services=names)
    if page.goals:
        verdicts = [item.status.verdict for item in page.goals]
        well = sum(verdict in _WELL for verdict in verdicts)
        badly = sum(verdict in _BADLY for verdict in verdicts)
        if well or badly:
            rest = len(verdicts) - well - badly
            yield message("page.goals", count=len(verdicts), well=well, badly=badly, rest=rest)
        else:
            yield message("page.goals-open", count=len(verdicts))
