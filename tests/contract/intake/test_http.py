"""What intake guarantees on HTTP: the document in the tree, who may call what, safe repetition."""

import json
from pathlib import Path
from typing import Any

import pytest
from desk_charter import load_charter
from desk_platform.http import calls_without_key, find_undeclared_routes
from fastapi import FastAPI

from tests.support.intake_world import make_desk

ROOT = Path(__file__).parents[3]
STAFF = ["member", "operator", "owner"]


@pytest.fixture(scope="module")
def app() -> FastAPI:
    application = make_desk(load_charter(ROOT / "charter")).transport.app
    assert isinstance(application, FastAPI)
    return application


@pytest.fixture(scope="module")
def paths(app: FastAPI) -> dict[str, Any]:
    return dict(app.openapi()["paths"])


def test_every_route_says_who_may_call_it(app: FastAPI) -> None:
    assert find_undeclared_routes(app) == []


def test_every_unsafe_call_can_be_repeated_safely(app: FastAPI) -> None:
    # An event is known by its source and id: sent again it is the same event.
    # What other systems send is known by what it says, a line of a chat by the call's own id; a
    # check changes nothing. A link gives one answer: sent again it is the same answer. Who cannot
    # sign in asks for a link, which is used once.
    without = {
        "POST /v1/account-recoveries",
        "POST /v1/account-recoveries/redeem",
        "POST /v1/chat/{chat}",
        "POST /v1/events",
        "POST /v1/surveys/{token}",
        "POST /v1/tickets/check",
        "POST /v1/webhooks/{webhook}",
    }
    assert set(calls_without_key(app)) == without


def test_what_staff_do_is_theirs_alone(paths: dict[str, Any]) -> None:
    reserved = {
        path.rpartition("/")[2]
        for path, methods in paths.items()
        for operation in methods.values()
        if operation.get("x-desk-roles") == STAFF
    }
    assert reserved == {
        "start", "pause", "resume", "assign", "take", "merge", "split", "problem", "article",
        "adopt", "restore", "revisions", "searches", "{team}", "follow-ups", "done",
    }  # fmt: skip


def test_nothing_is_open_to_callers_who_do_not_say_who_they_are(paths: dict[str, Any]) -> None:
    operations = [operation for methods in paths.values() for operation in methods.values()]
    assert len(operations) >= 15
    # Who has the link from the mail needs no sign-in, nor does who cannot sign in.
    assert {item["summary"] for item in operations if item.get("security") == []} == {
        "What a survey's link asks",
        "Answer a survey by its link",
        "Say that you cannot sign in",
        "Use the token of the mail",
    }


def test_a_change_of_facts_asks_for_the_version_it_was_made_from(paths: dict[str, Any]) -> None:
    headers = {path["name"] for path in paths["/v1/tickets/{ticket}"]["patch"]["parameters"]}
    assert {"If-Match", "Idempotency-Key"} <= headers


def test_every_call_and_every_field_is_explained(app: FastAPI) -> None:
    text = json.dumps(app.openapi())
    assert "Input should be" not in text
    for methods in app.openapi()["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["description"].endswith(".")
