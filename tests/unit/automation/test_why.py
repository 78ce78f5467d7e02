"""A runbook that looked and did not act says which part of its condition was false."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from desk_automation.conditions.expression import parts_of
from desk_automation.matching.api import MatchingApi, RunbookRecords, StartApi, match_router
from desk_automation.matching.worker import note_runbooks
from desk_automation.runs.api.views import RunsApi
from desk_charter import CharterSource
from desk_platform.health import Health
from desk_platform.http import AppParts, Principal, Role, find_undeclared_routes, make_app
from desk_platform.lookout import MOST_LATER, Lookout
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry

from tests.support.automation_books import OneBook
from tests.support.automation_engine import KEPT, Engine, raised, runbook
from tests.support.spoken import english


def lookout(engine: Engine) -> Lookout:
    return Lookout(engine.clock.now(), record_telemetry().telemetry.meters)


def matching_api(engine: Engine, seen: Lookout) -> MatchingApi:
    charter = CharterSource(Path(__file__).parents[3] / "charter", engine.clock)
    records = RunbookRecords(
        engine.statistics, engine.debts, engine.rollouts, engine.promotions.documents
    )
    return MatchingApi(charter, records, engine.runs, seen, engine.clock)


@pytest.mark.parametrize(
    ("when", "outcome", "excerpt"),
    [
        ("data.signal == 'disk-filling'", "matched", ""),
        ("data.signal == 'x' && data.value < 9.0", "condition-false", "data.signal == 'x'"),
        ("data.value < 900.0 && data.service == 'none'", "condition-false", "data.service =="),
        ("data.signal == 'x' || data.signal == 'y'", "condition-false", "||"),
        ("data.attributes.rack == '7'", "undecided", "data.attributes.rack"),
    ],
)
def test_the_first_part_that_is_not_true_is_told_with_its_values(
    when: str, outcome: str, excerpt: str
) -> None:
    engine = Engine((runbook(),))
    event = raised()
    seen = lookout(engine)
    note_runbooks(seen, event, OneBook(runbook(when=when)))
    (look,) = seen.looks_at(event.subject)
    assert (look.kind, look.outcome) == ("runbook", outcome)
    assert excerpt in english(look.message)
    if outcome == "undecided":
        assert look.values == {"data.attributes.rack": "(missing)"}
    if excerpt.startswith("data.signal =="):
        assert look.values == {"data.signal": event.data.signal}


def test_of_many_signals_the_last_look_of_each_runbook_is_told() -> None:
    engine = Engine((runbook(),))
    seen, book = lookout(engine), OneBook(runbook(when="data.signal == 'x'"))
    events = [raised(episode=str(number)) for number in range(MOST_LATER + 3)]
    for event in events:
        note_runbooks(seen, event, book)
    other = OneBook(runbook(id="another"))
    note_runbooks(seen, events[-1], other)
    looks = seen.looks_at(events[-1].subject)
    assert [look.name for look in looks] == ["another", runbook().id]
    assert [look.outcome for look in looks] == ["matched", "condition-false"]
    assert looks[1].at == events[-1].time


def test_a_condition_is_cut_only_where_all_parts_must_hold() -> None:
    assert parts_of("a && (b || c && d) && f(x && y)") == ["a", "(b || c && d)", "f(x && y)"]
    assert parts_of("a && b || c") == ["a && b || c"]
    assert parts_of("a ? b : c") == ["a ? b : c"]
    assert parts_of("'a && b' == x && [1, 2].exists(i, i > 1 && true)") == [
        "'a && b' == x",
        "[1, 2].exists(i, i > 1 && true)",
    ]
    assert parts_of("") == []


def starting(engine: Engine) -> StartApi:
    return StartApi(engine.policy, RunsApi(engine.runs, engine.journal, lambda: KEPT))


async def test_runs_and_looks_are_told_to_those_who_may_see_runs() -> None:
    engine = Engine((runbook(settle="30s"),))
    seen = lookout(engine)
    whys = matching_api(engine, seen)
    ana, eva = (
        Principal("ana", frozenset({Role.MEMBER})),
        Principal("eva", frozenset({Role.EMPLOYEE})),
    )
    telemetry = record_telemetry().telemetry
    parts = AppParts(Health(engine.clock), telemetry, FakeAuthenticator(ana, eva), engine.clock)
    app = make_app("automation", [match_router(whys, starting(engine))], parts)
    assert find_undeclared_routes(app) == []
    await engine.hear(raised())
    note_runbooks(seen, raised(), engine.rulebook)
    engine.clock.advance(timedelta(seconds=1))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        path = f"/v1/why?subject={raised().subject}"
        answer = await client.get(path, headers={"Authorization": "Bearer ana"})
        assert [item["kind"] for item in answer.json()["looks"]] == ["run", "runbook"]
        refused = await client.get(path, headers={"Authorization": "Bearer eva"})
        assert refused.status_code == 403


@pytest.mark.parametrize(
    ("who", "shown"), [("max", "(somebody)"), ("ana", "ana"), ("olga", "ana"), ("otto", "ana")]
)
async def test_whom_a_condition_asked_for_is_told_to_owners_operators_and_that_person(
    who: str, shown: str
) -> None:
    engine = Engine((runbook(),))
    seen = lookout(engine)
    note_runbooks(seen, raised(), OneBook(runbook(when="data.person == 'bob'")))
    roles = {"max": Role.MEMBER, "ana": Role.MEMBER, "olga": Role.OWNER, "otto": Role.OPERATOR}
    authenticator = FakeAuthenticator(
        *(Principal(name, frozenset({role})) for name, role in roles.items())
    )
    parts = AppParts(
        Health(engine.clock), record_telemetry().telemetry, authenticator, engine.clock
    )
    app = make_app(
        "automation", [match_router(matching_api(engine, seen), starting(engine))], parts
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://desk",
        headers={"Authorization": f"Bearer {who}"},
    ) as client:
        (look,) = (await client.get(f"/v1/why?subject={raised().subject}")).json()["looks"]
    assert look["values"] == {"data.person": shown}


@pytest.mark.parametrize(
    ("of", "outcome"), [("data.value < 10.0", "counted"), ("data.signal == 'x'", "condition-false")]
)
def test_a_pattern_says_which_signals_are_a_part_of_it(of: str, outcome: str) -> None:
    engine = Engine((runbook(),))
    seen = lookout(engine)
    when = {"count": {"of": of, "at_least": 3, "within": "1h"}}
    note_runbooks(seen, raised(), OneBook(runbook(when=when)))
    (look,) = seen.looks_at("laptop-1")
    assert look.outcome == outcome
    assert english(look.message)
