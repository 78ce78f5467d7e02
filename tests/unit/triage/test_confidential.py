"""Decisions, signals and problems of a confidential service are for its team, owners, operators."""

import httpx
import pytest
from desk_platform.health import Health
from desk_platform.http import AppParts, Principal, Role, make_app
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry

from tests.support.confidential import with_secrets
from tests.support.triage_desk import TriageDesk, opened

SECRET = with_secrets(service="vpn")
CALLERS = (
    Principal("ned", frozenset({Role.MEMBER}), "network"),
    Principal("ida", frozenset({Role.MEMBER}), "identity"),
    Principal("nil", frozenset({Role.MEMBER}), "gone"),
    Principal("olga", frozenset({Role.OWNER})),
    Principal("otto", frozenset({Role.OPERATOR})),
)


@pytest.mark.parametrize(
    ("who", "decision", "problems"),
    [("ned", 200, 1), ("ida", 404, 0), ("olga", 200, 1), ("otto", 200, 1), ("nil", 403, None)],
)
async def test_only_those_whom_it_concerns_see_it(
    who: str, decision: int, problems: int | None
) -> None:
    desk = TriageDesk(charter=SECRET)
    tickets = [opened("VPN does not connect", n / 10, person=f"p-{n}") for n in range(8)]
    await desk.feed(*tickets)
    parts = AppParts(
        Health(desk.clock), record_telemetry().telemetry, FakeAuthenticator(*CALLERS), desk.clock,
        organisation=lambda: SECRET,
    )  # fmt: skip
    app = make_app("triage", desk.routers(), parts)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://desk",
        headers={"Authorization": f"Bearer {who}"},
    ) as client:
        read = await client.get(f"/v1/decisions/{tickets[0].subject}")
        assert read.status_code == decision
        for subject in (tickets[0].subject, "vpn"):
            emitted = await client.get(f"/v1/why?subject={subject}")
            assert emitted.status_code == (403 if who == "nil" else 200)
            assert bool(emitted.json().get("looks")) is (decision == 200 and subject != "vpn")
        listed = await client.get("/v1/problems")
        assert listed.json().get("code") == "no-team-of-charter" or (
            len(listed.json()["items"]) == problems
        )
        (shown,) = await desk.register.find({"open": True})
        assert shown.state is not None
        (problem,) = shown.state.problems
        ended = await client.post(
            f"/v1/problems/{problem.id}/resolve",
            json={"resolution": "x"},
            headers={"Idempotency-Key": "k"},
        )
        assert ended.status_code == {"ned": 200, "ida": 404}.get(who, 403)
