"""Goals, staffing and cohorts over HTTP, from the buckets of a small history."""

import asyncio
import shutil
from datetime import timedelta

import httpx
import pytest
from desk_charter import Charter, load_charter
from desk_contracts import AnyEvent
from desk_metrics.measures.api import MetricsDeps, metrics_routers
from desk_metrics.planning.api import goals_router
from desk_metrics.planning.store import PlanningDeps
from desk_metrics.sla.policies import PolicyBook
from desk_platform.health import Health
from desk_platform.http import AppParts, Principal, Role, make_app
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from fastapi import FastAPI

from tests.support.metrics_desk import Desk
from tests.support.metrics_goals_api import FIRST, GOALS, ROOT, life

NOW = FIRST + timedelta(weeks=24)
CALLERS = (
    Principal("bo", frozenset({Role.MEMBER}), team="network"),
    Principal("ana", frozenset({Role.EMPLOYEE})),
    Principal("olga", frozenset({Role.OWNER})),
)


async def history() -> Desk:
    """Each Monday eight tickets about VPN for twelve weeks, then five; one about WLAN always."""
    desk, number, events = Desk(NOW, PolicyBook(())), 0, list[AnyEvent]()
    for week in range(24):
        monday = FIRST + timedelta(weeks=week)
        for service in ["vpn"] * (8 if week < 12 else 5) + ["wifi"]:
            number += 1
            events += life(number, monday, service)
    await desk.tell(events)
    await desk.at(NOW)
    return desk


@pytest.fixture(scope="module")
def charter(tmp_path_factory: pytest.TempPathFactory) -> Charter:
    folder = tmp_path_factory.mktemp("goals") / "charter"
    shutil.copytree(ROOT / "charter", folder)
    (folder / "goals.yaml").write_text(GOALS, encoding="utf-8")
    return load_charter(folder)


@pytest.fixture(scope="module")
def desk() -> Desk:
    """One history for all: to ask changes nothing."""
    return asyncio.run(history())


@pytest.fixture
def app(charter: Charter, desk: Desk) -> FastAPI:
    telemetry, clock, collections = record_telemetry().telemetry, desk.clock, desk.collections
    parts = AppParts(Health(clock), telemetry, FakeAuthenticator(*CALLERS), clock)
    deps = MetricsDeps(collections.tickets, collections.buckets, lambda: desk.book, clock)
    planning = PlanningDeps(collections.buckets, desk.sums, lambda: charter, clock, people=100)
    return make_app("metrics", metrics_routers(deps, goals_router(planning)), parts)


async def ask(app: FastAPI, path: str, who: str = "bo") -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        return await client.get(f"/v1/{path}", headers={"Authorization": f"Bearer {who}"})


async def test_goals_say_where_they_stand(app: FastAPI) -> None:
    body = (await ask(app, "goals")).json()
    (goal,) = body["goals"]
    assert (goal["baseline"], goal["target"], goal["now"]) == (8, 4, 5)
    assert goal["verdict"] == "behind"
    assert goal["sentence"] == (
        "Behind: at this rate 5 a week in August 2027, the aim is 4 a week; likely between 5 a"
        " week and 5 a week."
    )


async def test_as_of_an_earlier_day_it_was_too_early_to_say(app: FastAPI) -> None:
    body = (await ask(app, "goals?as_of=2026-09-14T00:00:00Z")).json()
    (goal,) = body["goals"]
    assert goal["sentence"] == (
        "Too early to say: 3 weeks of data since the baseline; 8 are needed."
    )


async def test_staffing_plans_the_teams_hours(app: FastAPI) -> None:
    """Six tickets an hour of 40 minutes are four erlangs: of six people's callers 28.5 % wait, and
    e^-1.5 of them longer than half an hour, 6.4 % of all; with five people it would be 26 %."""
    plan = (await ask(app, "staffing?team=network&weeks=8&within=30")).json()
    assert (plan["zone"], plan["weeks"]) == ("Europe/Berlin", 8)
    assert plan["handling_seconds"] == pytest.approx(40 * 60, rel=0.02)
    assert plan["handling_from"].startswith("median of ")
    (hour,) = plan["hours"]
    assert (hour["day"], hour["hour"], hour["arrivals"]) == ("Monday", 10, 6)
    assert hour["people"] == 6
    assert plan["error"]["per_hour"] == pytest.approx(0)
    assert plan["sentence"].startswith("Most are needed on Monday from 10 to 11: 6 people for 6")
    skills = {item["skill"]: item["arrivals"] for item in plan["skills"]}
    assert skills == {"vpn": 5, "wifi": 1}


async def test_staffing_takes_the_sla_and_the_skill_that_are_asked_for(app: FastAPI) -> None:
    query = "staffing?team=network&sla=response-p1&skill=wifi&handling=15"
    plan = (await ask(app, query)).json()
    assert (plan["sla"], plan["within_seconds"]) == ("response-p1", 15 * 60)
    assert (plan["handling_seconds"], plan["handling_from"]) == (900, "given")
    assert (plan["arrivals_per_week"], plan["members"]) == (1, 1)
    default = (await ask(app, "staffing?team=network")).json()
    assert (default["sla"], default["within_seconds"]) == ("response-default", 8 * 3600)


async def test_a_cohort_is_compared_with_the_rest(app: FastAPI) -> None:
    """Everything comes from one person, so her cohort has no rest, and a site has no contacts."""
    change = "change=2026-09-28&weeks=4"
    by_name = f"cohorts?{change}&person=ada"
    assert (await ask(app, by_name)).status_code == 403
    comparison = (await ask(app, by_name, "olga")).json()
    assert (comparison["cohort_before"], comparison["cohort_after"], comparison["rest_after"]) == (
        24,
        24,
        0,
    )
    assert comparison["answer"] == "cannot_tell"
    assert comparison["sentence"].endswith("come from 1 person.")
    comparison = (await ask(app, f"cohorts?{change}&site=paris&service=vpn")).json()
    assert (comparison["rest_before"], comparison["rest_after"]) == (20, 20)
    assert comparison["sentence"].startswith("Cannot tell: 0 contacts of the cohort")
    assert (comparison["before"], comparison["after"]) == (
        ["2026-08-31", "2026-09-28"],
        ["2026-09-28", "2026-10-26"],
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("2026-11-14", "Cannot tell: 2 days since the change; a whole week is needed."),
        ("2026-06-08", "Cannot tell: the desk has no figures of all 4 weeks before 8 June 2026."),
    ],
)
async def test_too_near_to_either_end_cannot_be_told(
    app: FastAPI, change: str, sentence: str
) -> None:
    comparison = (await ask(app, f"cohorts?change={change}&site=paris")).json()
    assert comparison["sentence"].startswith(sentence)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("staffing?team=nobody", 404, "not-found"),
        ("staffing?team=network&skill=juggling", 422, "no-such-skill"),
        ("staffing?team=network&sla=resolution-p1", 404, "not-found"),
        ("cohorts?change=2026-10-01", 422, "empty-cohort"),
        ("cohorts?change=2026-10-01&site=", 422, "empty-cohort"),
        ("cohorts?change=2027-01-01&site=paris", 422, "change-to-come"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    app: FastAPI, path: str, status: int, code: str
) -> None:
    answer = await ask(app, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "path", ["cohorts?change=0001-01-01&site=a", "goals?as_of=0001-01-01T00:00:00Z", "staffing"]
)
async def test_impossible_days_are_the_callers_mistake(app: FastAPI, path: str) -> None:
    assert (await ask(app, path)).status_code in {400, 422}


@pytest.mark.parametrize("path", ["goals", "staffing?team=network", "cohorts?change=2026-10-01"])
async def test_only_staff_may_ask(app: FastAPI, path: str) -> None:
    assert (await ask(app, path, who="ana")).status_code == 403
    assert (await ask(app, path, who="nobody")).status_code == 401
