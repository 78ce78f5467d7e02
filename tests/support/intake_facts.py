"""Shared by tests: intake, facts."""

from collections.abc import Iterable

from desk_contracts.events.automation import Evidence, Outcome, RunEscalated, StepStatus
from desk_contracts.events.problems import ProblemDetected
from desk_contracts.message import verbatim


def problem(tickets: Iterable[str], message: str = "We repair it.") -> ProblemDetected:
    return ProblemDetected(
        service="vpn",
        title=verbatim("The VPN is down"),
        tickets=tuple(tickets),
        people=("ana", "ben"),
        team="network",
        message=verbatim(message),
    )


def escalated(person: str = "", tell: str = "") -> RunEscalated:
    return RunEscalated(
        run="run-1",
        runbook="clean-disk",
        title="Disk of lt-7 is full",
        outcome=Outcome.NOT_HEALED,
        team="workplace",
        service="laptop",
        device="lt-7",
        person=person,
        reason=verbatim("Cleaning freed too little"),
        evidence=(Evidence(step="clean", status=StepStatus.DONE, message=verbatim("freed 10 MB")),),
        tell=tell,
    )
