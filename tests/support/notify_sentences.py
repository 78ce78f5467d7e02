"""Lets everything happen that notify has words for, and writes down what is said.

Run as a program it writes the expected files anew: read the difference before you keep it.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desk_contracts.events import feedback
from desk_contracts.events.automation import (
    Evidence,
    Outcome,
    RunEscalated,
    RunHealed,
    RunStarted,
    StepStatus,
)
from desk_contracts.events.notifications import Notified
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemResolved,
    ProblemUpdated,
)
from desk_contracts.events.signals import SignalDropped, SignalRaised, SignalSeverityChanged
from desk_contracts.events.sla import ClockName, SlaAtRisk, SlaBreached, SlaCancelled, SlaStarted
from desk_contracts.events.tickets import (
    How,
    LinkKind,
    Role,
    TicketAssigned,
    TicketCommented,
    TicketEscalated,
    TicketLinked,
    TicketMerged,
    TicketPaused,
    TicketPersonRequested,
    TicketReopened,
    TicketResolved,
    TicketStarted,
    TicketTriaged,
    TicketWatcherAdded,
    WaitingFor,
)
from desk_contracts.message import message, verbatim
from desk_contracts.messages import Language
from desk_contracts.value_types import Priority, Severity, SubjectKind

from tests.support.notify_demands import tell_approvers, tell_demands
from tests.support.notify_desk import ANA, BEN, NOON, Story, directory, opened, run, sla
from tests.support.notify_goals import reach_goals
from tests.support.notify_repairs import (
    ask_for_approval,
    ask_for_consent,
    find_cured_late,
    tell_promotions,
)
from tests.support.notify_reports import rank_services

HERE = Path(__file__).parents[1] / "unit" / "notify"
LANGUAGES: tuple[Language, ...] = ("en", "de")
_DUE = NOON + timedelta(hours=3)
_NEXT_DAY = NOON + timedelta(days=1)
_PORTAL = "https://desk.example"


def expected_file(language: Language) -> Path:
    return HERE / f"sentences_{language}.txt"


def transcript(language: Language) -> str:
    """Every message, as a text to read."""
    return "\n".join(
        f"=== {item.audience} {item.recipient} · {item.kind}{' · urgent' if item.urgent else ''}\n"
        f"{item.title}\n\n{item.body}\n"
        for item in _all(language)
    )


def _all(language: Language) -> Iterator[Notified]:
    yield from _ticket(Story(directory(language)), language)
    with_portal = Story(directory(language, _PORTAL))
    yield from with_portal.ticket_sees(opened(language))
    yield from with_portal.ticket_sees(
        TicketPaused(waiting_for=WaitingFor.EMPLOYEE, by="network-1"),
        TicketResolved(by="network-1", resolution=verbatim("Done.")),
        feedback.SurveyInvited(ticket="t-1", cycle=0, person=ANA, token="x", until=_NEXT_DAY),  # noqa: S106
    )
    yield from with_portal.ticket_sees(
        TicketAssigned(team="network"),
        _unhappy("It came back an hour later.", "network-1"),
        _unhappy("", ""),
        _overdue(feedback.Reminded.OWNER),
        _overdue(feedback.Reminded.TEAM),
        _overdue(feedback.Reminded.TEAM, team=""),
        TicketPersonRequested(by=ANA, text="Please call 4711."),
    )
    child = Story(directory(language))
    child.ticket_sees(opened(language), TicketLinked(kind=LinkKind.PROBLEM, target="p-1"))
    yield from child.ticket_sees(TicketAssigned(team="network"))
    others = Story(directory(language))
    others.happens(opened(language), "t-1")
    others.happens(opened(language, requester=BEN), "t-2")
    yield from _problem(others)
    yield from _repairs(others)
    yield from _signal_changes(others)
    yield from tell_demands(others)
    yield from tell_approvers(others)
    yield from rank_services(others)
    yield from reach_goals(others)


def _unhappy(comment: str, member: str) -> feedback.FollowUpOpened:
    return feedback.FollowUpOpened(
        follow_up="f-1", ticket="t-1", cycle=0, score=2, comment=comment, team="network",
        member=member, due=_NEXT_DAY,
    )  # fmt: skip


def _overdue(to: feedback.Reminded, team: str = "network") -> feedback.FollowUpReminded:
    member = "network-1" if team else ""
    return feedback.FollowUpReminded(
        follow_up="f-1", ticket="t-1", cycle=0, score=2, service="vpn", team=team, member=member,
        due=_DUE, to=to,
    )  # fmt: skip


def _ticket(story: Story, language: Language) -> Iterator[Notified]:
    why = "It is about remote access; the network team runs the VPN."
    yield from story.ticket_sees(
        sla(SlaStarted, clock=ClockName.RESPONSE, target=timedelta(hours=1), due=_DUE),
        opened(language),
        TicketTriaged(category="vpn", priority=Priority.P1),
        sla(SlaStarted, clock=ClockName.RESOLUTION, target=timedelta(hours=8), due=_NEXT_DAY),
        TicketLinked(
            kind=LinkKind.SIGNAL, target="s", message=verbatim("40% of all logins fail on vpn-gw.")
        ),
        TicketAssigned(team="network", member="network-1", explanation=(verbatim(why),)),
        TicketWatcherAdded(person=BEN, by=ANA),
        TicketStarted(by="network-1"),
        TicketCommented(by="network-1", role=Role.MEMBER, text="Which version do you use?"),
        TicketPaused(waiting_for=WaitingFor.EMPLOYEE, by="network-1", until=_DUE),
        TicketCommented(by=ANA, role=Role.EMPLOYEE, text="Version 5."),
        sla(SlaAtRisk, clock=ClockName.RESOLUTION, percent=75, due=_NEXT_DAY),
        sla(SlaBreached, clock=ClockName.RESOLUTION, due=_NEXT_DAY),
        _take_back("breached"),
        sla(SlaAtRisk, clock=ClockName.RESOLUTION, percent=75, due=_NEXT_DAY),
        _take_back("at_risk"),
        TicketEscalated(
            policy="solution-late",
            owner="service-care",
            explanation=(
                message("escalation.breached", clock="resolution"),
                message("escalation.policy", policy="solution-late"),
            ),
        ),
        TicketResolved(by="network-1", resolution=verbatim("The gateway has a new certificate.")),
        TicketReopened(by="network-1", reason="It drops again."),
        TicketResolved(
            by="network-2", how=How.DENIED, resolution=message("resolution.denied", by="network-2")
        ),
        TicketMerged(into="t-2", by="network-1"),
    )


def _take_back(untrue: str) -> SlaCancelled:
    because = message("sla.late-facts")
    return sla(SlaCancelled, clock=ClockName.RESOLUTION, because=because, untrue=untrue)


def _problem(story: Story) -> Iterator[Notified]:
    why = "Two tickets within five minutes tell of the same."
    yield from story.happens(
        ProblemDetected(
            service="vpn",
            title=verbatim("VPN logins fail"),
            tickets=("t-1", "t-2"),
            people=(ANA,),
            team="network",
            message=verbatim("Logins to the VPN fail at the moment."),
            explanation=(verbatim(why),),
        ),
        "p-1",
    )
    grown = ProblemUpdated(
        service="vpn", title=verbatim("VPN logins fail"), tickets=("t-3",), people=(BEN,)
    )
    yield from story.happens(grown, "p-1")
    yield from story.happens(
        ProblemResolved(
            service="vpn",
            title=verbatim("VPN logins fail"),
            tickets=("t-1", "t-2", "t-3"),
            people=(ANA, BEN),
            resolution=verbatim("The certificate is renewed."),
        ),
        "p-1",
    )
    yield from _proposal(story)


def _proposal(story: Story) -> Iterator[Notified]:
    """Proposed, confirmed by many reports, and no longer reported."""
    evident = message("problem.evident", service="Printing", team="Print and rooms")
    fields = {"service": "printing", "title": verbatim("Trouble with Printing")}
    people = {"tickets": ("t-5", "t-6"), "people": (ANA,), "team": "print-and-rooms"}
    proposed = {"status": "proposed", "message": message("problem.maybe", **evident.params)}
    yield from story.happens(ProblemDetected.model_validate(fields | people | proposed), "p-2")
    confirmed = ProblemConfirmed.model_validate(fields | people | {"message": evident})
    yield from story.happens(confirmed, "p-2")
    since = datetime(2026, 12, 1, 9, tzinfo=UTC)
    faded = {
        "tickets": ("t-5", "t-6"),
        "people": (ANA,),
        "resolution": message("problem.faded", since=since),
        "is_solved": False,
    }
    yield from story.happens(ProblemResolved.model_validate(fields | faded), "p-2")
    yield from _other_ends(story, fields, faded)


def _other_ends(
    story: Story, fields: Mapping[str, object], faded: Mapping[str, object]
) -> Iterator[Notified]:
    """One that was none, and one that goes on as another: of this only its team hears."""
    none = message("problem.rejected", by="eva")
    rejected = {**fields, **faded, "resolution": none, "end": "rejected"}
    joined = ProblemUpdated.model_validate({**fields, "people": (ANA,)})
    yield from story.happens(joined, "p-5")
    left = ProblemUpdated.model_validate({**fields, "removed_people": (ANA,)})
    yield from story.happens(left, "p-5")
    yield from story.happens(ProblemResolved.model_validate(rejected), "p-3")
    same = message("problem.merged", problem="p-1")
    merged = {**fields, **faded, "resolution": same, "end": "merged", "ticket_count": 900}
    yield from story.happens(ProblemResolved.model_validate(merged), "p-4")
    fix, days = "Restart the spooler", message("count.days", count=30)
    often = message("problem.repeated-at", fix=fix, target="print-01", count=3, days=days)
    why = message("problem.repeated-why", why="A job that cannot be read blocks it.")
    repeated = {
        **fields,
        "title": message("problem.repeated-title", fix=fix),
        "tickets": (),
        "people": (),
        "team": "print-and-rooms",
        "message": message("problem.repeated-notice", fix=fix, team="Print and rooms"),
        "explanation": (often, why),
        "status": "proposed",
        "runbook": "restart-print-spooler",
    }
    yield from story.happens(ProblemDetected.model_validate(repeated), "p-5")
    yield from _stop_runbook(story, repeated, fix)


def _stop_runbook(story: Story, problem: Mapping[str, object], fix: str) -> Iterator[Notified]:
    """Too many show its fault at once; then somebody lets it go on."""
    targets = ["print-01", "print-02", "print-03"]
    within = timedelta(minutes=10)
    stopped = {
        **problem,
        "title": message("problem.stopped-fleet", fix=fix, count=3),
        "message": message("problem.stopped-notice", fix=fix, team="Print and rooms"),
        "explanation": (
            message("stop.fleet", count=3, within=within, targets=targets),
            message("problem.stopped-waiting", count=2),
        ),
        "stop": "fleet",
    }
    yield from story.happens(ProblemDetected.model_validate(stopped), "p-6")
    since = datetime(2026, 12, 1, 9, tzinfo=UTC)
    for code in ("problem.stop-over", "problem.stop-again"):
        update = {
            "service": "",
            "title": stopped["title"],
            "status": "proposed",
            "explanation": (message(code, since=since),),
        }
        yield from story.happens(ProblemUpdated.model_validate(update), "p-6")


def _repairs(story: Story) -> Iterator[Notified]:
    yield from story.happens(
        run(RunStarted, version="1", person=ANA, tell="We clean your disk."), "laptop-1"
    )
    yield from story.happens(
        run(RunHealed, person=ANA, tell="Your disk has space again."), "laptop-1"
    )
    yield from story.happens(ask_for_approval(_DUE), "print-01")
    for promotion in tell_promotions():
        yield from story.happens(promotion, promotion.runbook)
    yield from story.happens(ask_for_consent(_DUE), "laptop-1")
    yield from story.happens(
        run(
            RunEscalated,
            person=ANA,
            title="The disk of laptop-1 is nearly full",
            outcome=Outcome.IN_DOUBT,
            team="network",
            service="laptop",
            site="Berlin",
            reason=verbatim("The disk is still nearly full."),
            evidence=(
                Evidence(step="clean", status=StepStatus.DONE, message=verbatim("freed 0 bytes")),
                Evidence(step="restart", status=StepStatus.IN_DOUBT),
            ),
        ),
        "laptop-1",
    )
    yield from _found_cured(story)


def _found_cured(story: Story) -> Iterator[Notified]:
    yield from story.happens(find_cured_late(), "laptop-1")
    yield from story.happens(
        SignalRaised(
            episode="e",
            detector="d",
            signal="vpn-failing",
            title="40% of all VPN logins fail on vpn-gw",
            severity=Severity.CRITICAL,
            subject_kind=SubjectKind.SERVICE,
            measurement="vpn.login.failure.ratio",
            value=0.4,
            threshold=0.25,
            service="vpn",
            expected_at=_DUE,
        ),
        "vpn-gw",
    )
    yield from _fleet(story)


def _fleet(story: Story) -> Iterator[Notified]:
    """Its value counts devices: it was measured nowhere."""
    yield from story.happens(
        SignalRaised(
            episode="f",
            detector="fleet",
            signal="fleet-disk-filling",
            title="disk-filling: os.version 14.2",
            severity=Severity.CRITICAL,
            subject_kind=SubjectKind.SERVICE,
            measurement="disk.free",
            value=5,
            threshold=5,
            is_measured=False,
            service="vpn",
        ),
        "vpn",
    )


def _signal_changes(story: Story) -> Iterator[Notified]:
    for before, after in (
        (Severity.CRITICAL, Severity.WARNING),
        (Severity.WARNING, Severity.CRITICAL),
    ):
        yield from story.happens(
            SignalSeverityChanged(
                episode="e",
                detector="alert",
                signal="vpn-failing",
                title="40% of all VPN logins fail on vpn-gw",
                severity=after,
                previous=before,
                subject_kind=SubjectKind.SERVICE,
                service="vpn",
            ),
            "vpn-gw",
        )

    drop = SignalDropped.model_validate(_DROPPED)
    yield from story.happens(drop, "vpn-gw")


_DROPPED = {
    "episode": "e", "detector": "vpn-logins", "signal": "vpn-failing", "subject_kind": "service",
    "title": "40% of all VPN logins fail on vpn-gw", "seen_at": NOON, "service": "vpn",
    "explanation": [message("signal.unwatched", detector="vpn-logins")],
}  # fmt: skip


if __name__ == "__main__":
    for language in LANGUAGES:
        expected_file(language).write_text(transcript(language), encoding="utf-8")
