"""The findings of a history as messages, what matters most first, each with tickets to look at."""

from collections.abc import Iterator

from desk_contracts.message import Message, Param, message

from desk_metrics.history.findings import WhereTimeGoes, rank_findings
from desk_metrics.history.months import FEWEST_MONTHS
from desk_metrics.history.quotients import MIN_TICKETS
from desk_metrics.history.tallies import NO_NAME, Tallies
from desk_metrics.history.topics import Repeated
from desk_metrics.history.verdicts import Breaches

# From here on tickets of a topic are said to go the same way; our choice.
SAME = 0.5
# Priorities named in one sentence.
_MOST_GROUPS = 6


def where_time_goes(tallies: Tallies, *, top: int = 10) -> WhereTimeGoes:
    """The report of what was added up, each ranking cut after `top`, with its sentences."""
    report = rank_findings(tallies, top=top)
    return report.model_copy(update={"sentences": _describe(report)})


def _describe(report: WhereTimeGoes) -> tuple[Message, ...]:
    """The headline, what the log cannot tell, then a sentence for each finding."""
    if not report.tickets:
        return ()
    return (
        *_describe_whole(report),
        *_describe_limits(report),
        *([] if report.breaches is None else _describe_breaches(report.breaches)),
        *_describe_topics(report),
        *_describe_teams(report),
        *_describe_waits(report),
        *_describe_trends(report),
    )


def _describe_whole(report: WhereTimeGoes) -> Iterator[Message]:
    counts = {"tickets": report.tickets, "over": report.over}
    if report.median_hours_to_resolve is None or report.p90_hours_to_resolve is None:
        yield message("history.headline-open", **counts)
    else:
        half, most = report.median_hours_to_resolve, report.p90_hours_to_resolve
        yield message("history.headline", half=half, most=most, **counts)
    if report.at_front_share is not None:
        yield message("history.at-front", share=report.at_front_share)
    if None not in {report.queued_share, report.worked_on_share, report.waiting_share}:
        yield message(
            "history.phases",
            queued=report.queued_share or 0.0,
            worked=report.worked_on_share or 0.0,
            waiting=report.waiting_share or 0.0,
        )


def _describe_limits(report: WhereTimeGoes) -> Iterator[Message]:
    if not report.has_updates:
        yield message("history.one-row-a-ticket")
    if report.worked_on_share is None:
        yield message("history.no-work")
    if report.has_updates and report.handed_on_share is None:
        yield message("history.no-teams")
    if report.breaches is None:
        yield message("history.no-verdicts")
    if not report.has_topics:
        yield message("history.no-topics")


def _describe_breaches(breaches: Breaches) -> Iterator[Message]:
    yield message(
        "history.breaches",
        broken=breaches.broken,
        evaluated=breaches.evaluated,
        share=breaches.share or 0.0,
    )
    groups = [group for group in breaches.by_handovers if group.evaluated >= MIN_TICKETS]
    if len(groups) > 1:
        least, most = groups[0], groups[-1]
        yield message(
            "history.breaches-by-handovers",
            least=least.group,
            least_share=least.share or 0.0,
            most=most.group,
            most_share=most.share or 0.0,
            examples=most.examples,
        )
    groups = [group for group in breaches.by_priority if group.evaluated >= MIN_TICKETS]
    if len(groups) > 1:
        shares = tuple(
            message("history.group-share", group=group.group, share=group.share or 0.0)
            for group in groups[:_MOST_GROUPS]
        )
        yield message("history.breaches-by-priority", groups=shares)


def _describe_topics(report: WhereTimeGoes) -> Iterator[Message]:
    if report.automate:
        yield _describe_automation(report.automate[0])
    if report.most_repeated:
        often = report.most_repeated[0]
        yield message(
            "history.comes-most-often",
            topic=often.topic,
            tickets=often.tickets,
            share=often.share_of_tickets or 0.0,
            examples=often.examples,
        )
    if report.engineer_out:
        worst = report.engineer_out[0]
        yield message(
            "history.engineer-out",
            topic=worst.topic,
            tickets=worst.hard_tickets,
            hours=round(worst.hours_lost),
            count=worst.months,
            examples=worst.examples,
        )
    if report.passed_on:
        passed = report.passed_on[0]
        yield message(
            "history.push-to-front",
            topic=passed.topic,
            at_front=passed.at_front,
            share=passed.at_front_share or 0.0,
            hours=passed.median_hours_at_front or 0.0,
            count=passed.passed_on,
            later=passed.median_hours_passed_on or 0.0,
            examples=passed.examples,
        )


def _describe_automation(first: Repeated) -> Message:
    """The first to automate; where not even that goes the same way each time, this is said."""
    alike = [
        message("history.alike-hop", share=first.one_hop_share)
        if first.one_hop_share is not None
        else message("history.alike-hop-unknown"),
        message("history.alike-team", share=first.one_team_share, team=first.team)
        if first.one_team_share is not None
        else message("history.alike-team-unknown"),
        message("history.alike-hours", q1=first.q1_hours or 0.0, q3=first.q3_hours or 0.0),
    ]
    facts: dict[str, Param] = {
        "topic": first.topic,
        "tickets": first.tickets,
        "examples": first.examples,
    }
    if (first.sameness or 0.0) >= SAME:
        return message("history.automate-first", alike=tuple(alike), **facts)
    return message("history.automate-nothing", alike=tuple(alike), **facts)


def _describe_teams(report: WhereTimeGoes) -> Iterator[Message]:
    if report.hand_on:
        giver = report.hand_on[0]
        yield message(
            "history.hands-on-most",
            team=giver.team,
            count=giver.given,
            taker=giver.mostly_to,
            hours=round(giver.hours_before),
            examples=giver.examples,
        )
    if report.ping_pong:
        back = report.ping_pong[0]
        yield message(
            "history.ping-pong",
            team=back.team,
            other=back.other,
            count=back.times,
            tickets=back.tickets,
            hours=round(back.hours),
            examples=back.examples,
        )


def _describe_waits(report: WhereTimeGoes) -> Iterator[Message]:
    if report.waits:
        wait = report.waits[0]
        yield message(
            "history.waits-longest",
            reason=wait.reason,
            count=wait.times,
            hours=round(wait.hours),
            share=wait.share_of_open or 0.0,
            examples=wait.examples,
        )
    if report.wait_signs:
        sign = report.wait_signs[0]
        yield message(
            "history.wait-signs",
            team=message("history.all-teams") if sign.team == NO_NAME else sign.team,
            count=sign.to_the_end,
            waits=sign.waits,
            hours=round(sign.hours),
            examples=sign.examples,
        )


def _describe_trends(report: WhereTimeGoes) -> Iterator[Message]:
    whole = sum(month.is_whole for month in report.months)
    if not report.trends:
        yield message("history.few-months", count=whole, fewest=FEWEST_MONTHS)
    for trend in report.trends:
        if trend.figure in {"tickets", "median_hours_to_resolve"}:
            yield message(
                "history.trend",
                figure=trend.figure,
                months=trend.months,
                direction=trend.direction.value,
                first=trend.first,
                last=trend.last,
            )
        else:
            yield message(
                "history.trend-of-shares",
                figure=trend.figure,
                months=trend.months,
                direction=trend.direction.value,
                first=trend.first,
                last=trend.last,
            )
