"""What triage looked at leaves something that a person can find."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from desk_contracts.value_types import SubjectKind
from desk_platform.health import Health
from desk_platform.http import AppParts, Principal, Role, find_undeclared_routes, make_app
from desk_platform.lookout import MOST_NAMES, MOST_PER_SUBJECT, MOST_SUBJECTS, OTHERS
from desk_platform.telemetry import names
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import RecordedTelemetry, record_telemetry

from tests.support.triage_desk import TriageDesk, at, fired, measured, opened, over, vpn_failures

MIA, ANA = Principal("mia", frozenset({Role.MEMBER})), Principal("ana", frozenset({Role.EMPLOYEE}))


@dataclass
class Front:
    desk: TriageDesk
    client: httpx.AsyncClient
    telemetry: RecordedTelemetry

    async def looks(self, subject: str) -> list[dict[str, Any]]:
        answer = await self.client.get("/v1/why", params={"subject": subject})
        assert answer.status_code == 200
        looks: list[dict[str, Any]] = answer.json()["looks"]
        return looks

    async def outcomes(self, subject: str) -> dict[str, str]:
        return {item["name"]: item["outcome"] for item in await self.looks(subject)}


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    desk, telemetry = TriageDesk(), record_telemetry()
    desk.lookout.meters = telemetry.telemetry.meters
    who = FakeAuthenticator(MIA, ANA)
    parts = AppParts(Health(desk.clock), telemetry.telemetry, who, desk.clock)
    app = make_app("triage", desk.routers(), parts)
    assert find_undeclared_routes(app) == []
    headers = {"Authorization": "Bearer mia"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://desk", headers=headers
    ) as client:
        yield Front(desk, client, telemetry)


async def test_a_detector_that_did_not_act_says_which_condition_was_false(front: Front) -> None:
    await front.desk.feed(vpn_failures(0.01, 0))
    (look,) = await front.looks("vpn-gateway-1")
    named = (look["kind"], look["name"], look["outcome"])
    assert named == ("detector", "vpn-logins-fail", "healthy")
    assert look["values"]["value"] == "0.01"
    assert "above 0.25" in look["text"]
    await front.desk.feed(vpn_failures(0.1, 0.5))
    assert await front.outcomes("vpn-gateway-1") == {"vpn-logins-fail": "between"}
    await front.desk.feed(vpn_failures(0.5, 1))
    assert await front.outcomes("vpn-gateway-1") == {"vpn-logins-fail": "not-lasting"}
    await front.desk.feed(vpn_failures(0.5, 1.4))
    (look,) = await front.looks("vpn-gateway-1")
    assert look["values"]["lasted_s"] == "24"
    assert look["values"]["must_last_s"] == "30"
    await front.desk.feed(vpn_failures(0.5, 2))
    signal, look = await front.looks("vpn-gateway-1")
    assert (signal["kind"], signal["outcome"]) == ("signal", "open")
    assert look["outcome"] == "raised"


async def test_each_outcome_of_a_look_has_a_code_of_its_own(front: Front) -> None:
    async def outcome(value: float, minute: float) -> str:
        await front.desk.feed(measured(value, minute))
        looks = await front.looks("laptop-1")
        return next(str(item["outcome"]) for item in looks if item["name"] == "disk-nearly-full")

    emitted = [(50, 0), (12, 2), (3, 4), (2, 6), (60, 8), (60, 7), (70, 12)]
    result = [await outcome(value, minute) for value, minute in emitted]
    assert result == ["healthy", "between", "raised", "open", "cleared", "late", "healthy"]
    forecast = (await front.looks("laptop-1"))[0]
    assert (forecast["name"], forecast["outcome"]) == ("disk-will-be-full", "healthy")
    (fresh, *_) = (await _looks_of_new(front, "laptop-2"),)
    assert fresh == ("too-few-samples", "1", "6")


async def _looks_of_new(front: Front, subject: str) -> tuple[str, str, str]:
    """A detector that needs a past, at a device that has none."""
    await front.desk.feed(measured(50, 13, subject=subject))
    (look,) = [item for item in await front.looks(subject) if item["name"] == "disk-will-be-full"]
    return look["outcome"], look["values"]["samples"], look["values"]["samples_needed"]


async def test_a_misspelled_measurement_is_counted_and_the_likely_name_said(front: Front) -> None:
    wrong = measured(3, 0, "disk.free.precent")
    await front.desk.feed(wrong, measured(2, 1, "disk.free.precent", "laptop-2"))
    (look,) = await front.looks("laptop-1")
    assert (look["name"], look["outcome"]) == ("disk.free.precent", "unwatched")
    (item,) = (await front.client.get("/v1/unheeded")).json()["items"]
    assert (item["count"], item["last_subject"]) == (2, "laptop-2")
    assert item["meant"] == "disk.free.percent"
    assert front.telemetry.value(names.UNHANDLED) == 2


async def test_an_unknown_service_is_found_and_the_likely_one_said(front: Front) -> None:
    alert = fired(0)
    data = alert.data.model_copy(update={"service": "vpm"})
    await front.desk.feed(alert._replace(data=data))
    remembered = await front.looks("mail-1")
    assert {"service", "signal"} == {entry["kind"] for entry in remembered}
    (item,) = (await front.client.get("/v1/unheeded")).json()["items"]
    assert (item["kind"], item["name"], item["meant"]) == ("unknown-service", "vpm", "vpn")
    await front.desk.feed(measured(9, 2, service="nowhere", kind=SubjectKind.DEVICE))
    assert (await front.outcomes("laptop-1"))["nowhere"] == "unknown"


async def test_a_ticket_of_an_unknown_service_is_found_too(front: Front) -> None:
    wrong = opened("It hangs", service="vpm")
    await front.desk.feed(wrong, opened("It hangs", service="vpn"))
    assert (await front.outcomes(wrong.subject))["vpm"] == "unknown"
    (item,) = (await front.client.get("/v1/unheeded")).json()["items"]
    assert (item["name"], item["meant"], item["last_subject"]) == ("vpm", "vpn", wrong.subject)


async def test_an_alert_that_is_over_and_a_tickets_decision_are_told(front: Front) -> None:
    await front.desk.feed(fired(0), over(1))
    (look,) = await front.looks("mail-1")
    assert (look["kind"], look["outcome"]) == ("alert", "over")
    ticket = opened("VPN does not connect")
    await front.desk.feed(ticket)
    (first, *_) = await front.looks(ticket.subject)
    assert (first["outcome"], first["values"]["team"]) == ("decided", "network")


async def test_who_may_not_read_decisions_may_not_ask_why(front: Front) -> None:
    for path in ("/v1/why?subject=x", "/v1/unheeded"):
        refused = await front.client.get(path, headers={"Authorization": "Bearer ana"})
        assert refused.status_code == 403
        nobody = await front.client.get(path, headers={"Authorization": "Bearer who"})
        assert nobody.status_code == 401
    assert (await front.client.get("/v1/why")).status_code == 422
    nothing = (await front.client.get("/v1/why", params={"subject": "a/b c"})).json()
    assert (nothing["looks"], nothing["subject"]) == ([], "a/b c")


async def test_what_is_kept_is_bounded(front: Front) -> None:
    lookout = front.desk.lookout
    for number in range(MOST_SUBJECTS + 10):
        name = f"m{number}" if number < MOST_NAMES + 10 else "m0"
        await front.desk.feed(measured(1, 0, name, f"s{number}"))
    assert lookout.looks_at("s0") == ()
    assert lookout.looks_at(f"s{MOST_SUBJECTS + 9}")
    assert len(lookout.all_unhandled) == MOST_NAMES + 1
    assert sum(item.count for item in lookout.all_unhandled) == MOST_SUBJECTS + 10
    assert {item.count for item in lookout.all_unhandled if item.name == OTHERS} == {10}
    for number in range(MOST_PER_SUBJECT + 5):
        await front.desk.feed(measured(1, 1, f"n{number}", "same"))
    newest = lookout.looks_at("same")
    assert len(newest) == MOST_PER_SUBJECT
    assert newest[0].name == f"n{MOST_PER_SUBJECT + 4}"
    assert newest[0].at == at(1)
