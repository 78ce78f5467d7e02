"""Goals, staffing, cohorts and the page on real servers, by HTTP and by the command line."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import httpx
import pytest
from desk_contracts import AnyEvent
from desk_contracts.events.tickets import TicketStarted
from desk_metrics.measures.store import BUCKETS
from desk_platform.clock import SystemClock
from desk_platform.settings import StoreSettings
from desk_platform.store import open_store
from desk_testing import eventually
from desk_testing.commands import run_desk
from desk_testing.processes import environment

from tests.support.metrics_running import Bus, Metrics, Ticket

pytestmark = [pytest.mark.connected, pytest.mark.timeout(900)]

BERLIN = ZoneInfo("Europe/Berlin")
WEEKS, HALF = 24, 12
TODAY = datetime.now(UTC).date()
MONDAY = TODAY - timedelta(days=TODAY.weekday())
FIRST, CHANGE = MONDAY - timedelta(weeks=WEEKS), MONDAY - timedelta(weeks=HALF)
AS_OF = f"as_of={MONDAY}T00:00:00Z"
GOALS = f"""\
goals:
  - name: half-the-vpn
    title: Half the tickets about VPN
    measure: contacts
    where: {{services: [vpn]}}
    direction: down
    target: {{times_baseline: 0.5}}
    baseline: {{from: {FIRST}, to: {CHANGE - timedelta(days=1)}}}
    due: {MONDAY + timedelta(weeks=40)}
"""
EMPLOYEE = {"X-Desk-User": "ana", "X-Desk-Roles": "employee"}


def life(number: int, week: int, site: str) -> list[AnyEvent]:
    """Opened on a Monday at ten in Berlin, taken up at 10:15, done at eleven."""
    local = datetime.combine(FIRST + timedelta(weeks=week), time(10), BERLIN)
    at = local.astimezone(UTC)
    ticket = Ticket(f"t-{number}", at, site=site, requester=f"person-{number % 9}")
    ticket.triaged(at, "P2").assigned(at, "network")
    ticket.say(at + timedelta(minutes=15), TicketStarted(by="network-1"))
    return ticket.resolved(at + timedelta(hours=1)).events


def history() -> list[AnyEvent]:
    """Four tickets a week in Berlin and four in Paris, where it is one from the change on."""
    sites = [
        (week, site)
        for week in range(WEEKS)
        for site in ["berlin"] * 4 + ["paris"] * (4 if week < HALF else 1)
    ]
    lives = [life(number, week, site) for number, (week, site) in enumerate(sites)]
    return [event for live in lives for event in live]


class Ended(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str


async def desk(env: Mapping[str, str], *words: str) -> Ended:
    """The command line, as a process of its own; what it complains of behind which desk it is."""
    done = await asyncio.to_thread(run_desk, *words, env={**env, "COLUMNS": "200"})
    which, _, complaints = done.stderr.partition("\n")
    assert which.startswith("Desk: Kafka ")
    return Ended(done.returncode, done.stdout, complaints)


async def answer(metrics: Metrics, path: str) -> dict[str, Any]:
    response = await metrics.get(f"/v1/{path}")
    assert response.status_code == httpx.codes.OK, response.text
    return dict(response.json())


async def all_is_counted(metrics: Metrics) -> bool:
    document = await answer(metrics, f"goals?{AS_OF}")
    assert [item["goal"] for item in document["goals"]] == ["half-the-vpn"]
    (goal,) = document["goals"]
    assert (goal["baseline"], goal["now"]) == (8, 5)
    plan = await answer(metrics, f"staffing?team=network&weeks=8&within=30&{AS_OF}")
    assert plan["arrivals_per_week"] == 5
    return True


async def test_what_was_published_is_planned_with_on_either_way(
    metrics: Metrics, bus: Bus, tmp_path: Path
) -> None:
    (metrics.charter / "goals.yaml").write_text(GOALS, "utf-8")
    await bus.publish(history())
    await eventually(lambda: all_is_counted(metrics), timeout=240, interval=0.5)
    await answers_are_right(metrics)
    await commands_say_the_same(metrics, tmp_path)


async def answers_are_right(metrics: Metrics) -> None:
    (goal,) = (await answer(metrics, f"goals?{AS_OF}"))["goals"]
    assert (goal["target"], goal["verdict"]) == (4, "behind")
    assert goal["sentence"].startswith("Behind: at this rate 5 a week in ")
    plan = await answer(metrics, f"staffing?team=network&weeks=8&within=30&{AS_OF}")
    assert (plan["weeks"], plan["zone"]) == (8, "Europe/Berlin")
    assert plan["handling_seconds"] == pytest.approx(45 * 60, rel=0.02)
    (hour,) = plan["hours"]
    assert (hour["day"], hour["hour"], hour["arrivals"]) == ("Monday", 10, 5)
    # 5 tickets of 45 minutes in an hour keep 3.75 people busy.
    assert 4 <= hour["people"] <= 6
    cohort = await answer(metrics, f"cohorts?change={CHANGE}&weeks={HALF}&site=paris&{AS_OF}")
    square = [f"{who}_{when}" for who in ("cohort", "rest") for when in ("before", "after")]
    assert [cohort[item] for item in square] == [48, 12, 48, 48]
    assert (cohort["answer"], cohort["ratio"]) == ("better", 0.25)
    page = await metrics.get(f"/v1/report?from={FIRST}&to={MONDAY}&team=network")
    assert page.status_code == httpx.codes.OK, page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "network" in page.text


async def commands_say_the_same(metrics: Metrics, tmp_path: Path) -> None:
    goals = await desk(metrics.env, "report", "goals", "--json", "--as-of", f"{MONDAY}")
    assert goals.code == 0, goals.err
    assert json.loads(goals.out) == (await answer(metrics, f"goals?{AS_OF}"))["goals"]
    arguments = ("network", "--weeks", "8", "--within", "30", "--as-of", f"{MONDAY}")
    plan = await desk(metrics.env, "report", "staffing", *arguments, "--json")
    assert json.loads(plan.out) == await answer(
        metrics, f"staffing?team=network&weeks=8&within=30&{AS_OF}"
    )
    table = await desk(metrics.env, "report", "staffing", *arguments)
    assert table.out.startswith("Most are needed on Monday from 10 to 11: ")
    out, days = tmp_path / "page.html", ("--from", f"{FIRST}", "--to", f"{MONDAY}")
    page = await desk(metrics.env, "report", "page", "--out", str(out), *days, "--team", "network")
    assert page.out == f"Written to {out}; open it in a browser, or print it to get a PDF.\n"
    assert out.read_text("utf-8").startswith("<!doctype html>")


WRONG = (
    ("goals?as_of=yesterday", 422, "invalid-request"),
    ("goals?as_of=0001-01-01T00:00:00Z", 422, "invalid-request"),
    ("goals/no-such-goal", 404, "not-found"),
    ("staffing", 422, "invalid-request"),
    ("staffing?team=nobody", 404, "not-found"),
    ("staffing?team=network&skill=juggling", 422, "no-such-skill"),
    ("staffing?team=network&sla=none", 404, "not-found"),
    ("staffing?team=network&weeks=0", 422, "invalid-request"),
    ("staffing?team=network&as_of=9999-12-31T23:59:59Z", 422, "invalid-request"),
    ("cohorts?change=2026-02-30&site=paris", 422, "invalid-request"),
    ("cohorts?change=2026-03-02", 422, "empty-cohort"),
    ("cohorts?change=9999-12-31&site=paris", 422, "invalid-request"),
    ("cohorts?change=2090-12-31&site=paris", 422, "change-to-come"),
    ("report?from=2026-02-30", 422, "invalid-request"),
    ("report?from=2026-03-02&to=2026-03-01", 422, "bad-days"),
    ("report?from=2020-01-01&to=2026-01-01", 422, "bad-days"),
    ("report?from=0001-01-01&to=0001-01-02", 422, "invalid-request"),
    ("report?to=9999-12-31", 422, "invalid-request"),
    ("report?as_of=0001-01-01T00:00:00Z", 422, "invalid-request"),
    ("report?as_of=9999-12-31T23:59:59Z", 422, "invalid-request"),
    ("report?team=nobody", 404, "not-found"),
    ("reports/systems?period=never", 422, "no-such-period"),
    ("reports/systems?period=0001-01", 422, "no-such-period"),
    ("reports/systems?as_of=0001-01-01T00:00:00Z", 422, "invalid-request"),
)


async def refused(metrics: Metrics, path: str, **headers: str) -> tuple[str, int, str]:
    """Path, status and code of a refusal, which is a sentence in the one shape of problems."""
    response = await metrics.get(f"/v1/{path}", **headers)
    assert response.headers["content-type"] == "application/problem+json", (path, response.text)
    problem = response.json()
    assert problem["detail"].endswith("."), problem
    return path, response.status_code, problem["code"]


async def test_what_is_asked_wrong_or_by_others_is_refused_in_a_sentence(metrics: Metrics) -> None:
    assert [await refused(metrics, path) for path, _, _ in WRONG] == list(WRONG)
    staffs = ("goals", "staffing?team=network", f"cohorts?change={CHANGE}&site=paris", "report")
    refusals = [await refused(metrics, path, **EMPLOYEE) for path in staffs]
    assert {(status, code) for _, status, code in refusals} == {(403, "forbidden")}


async def test_without_any_data_that_is_what_it_says(metrics: Metrics) -> None:
    (metrics.charter / "goals.yaml").write_text(GOALS, "utf-8")

    async def goal() -> dict[str, Any]:
        (reported, *others) = (await answer(metrics, "goals"))["goals"]
        assert others == []
        return dict(reported)

    reported = await eventually(goal, timeout=60)
    assert (reported["verdict"], reported["now"]) == ("cannot_tell", None)
    plan = await answer(metrics, "staffing?team=network")
    assert plan["sentence"] == "Too early to say: 0 whole weeks of data; 4 are needed."
    cohort = await answer(metrics, f"cohorts?change={CHANGE}&site=paris")
    assert cohort["sentence"].startswith("Cannot tell: the desk has no figures of all 4 weeks")
    page = await metrics.get("/v1/report")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    goals = await desk(metrics.env, "report", "goals")
    assert (goals.code, goals.err) == (0, "")
    assert goals.out.startswith("Half the tickets about VPN\n  Cannot be told")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("staffing", "nobody"), "There is no team 'nobody'. Ask for one of "),
        (("goals", "no-such-file.jsonl"), "There is no file 'no-such-file.jsonl'."),
        (("page", "--out", "no/such/folder/page.html"), "no/such/folder/page.html"),
    ],
)
async def test_a_command_that_cannot_ends_with_a_sentence(
    kafka: str, store_url: str, prefix: str, words: tuple[str, ...], sentence: str
) -> None:
    # As a service has made it: a store that is not there is refused before anything else.
    store = open_store(StoreSettings(url=store_url), f"{prefix}metrics")
    await store.documents(BUCKETS, SystemClock().now).prepare()
    await store.stop()
    ended = await desk(environment(kafka, store_url, prefix), "report", *words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(sentence)
    assert "Traceback" not in ended.err
