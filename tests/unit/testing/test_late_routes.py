"""A route that is made when it is called is the route that would have been made at once."""

from collections.abc import Sequence
from typing import Annotated

import httpx
import pytest
from desk_platform.http import PUBLIC, UndeclaredRoutes, refuse_undeclared
from desk_testing.late_routes import LateRoute, look_once
from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.params import Depends as Needed
from fastapi.routing import APIRoute
from pydantic import BaseModel


class Note(BaseModel):
    text: str


def make_app(kind: type[APIRoute], needs: Sequence[Needed] = ()) -> FastAPI:
    router = APIRouter(prefix="/v1", route_class=kind)

    @router.get("/notes/{name}", dependencies=needs)
    def read_note(name: str, size: Annotated[int, Query(le=3)] = 1) -> Note:
        """Once or more."""
        return Note(text=name * size)

    @router.post("/notes", status_code=201, dependencies=needs)
    def write_note(note: Note) -> Note:
        return note

    app = FastAPI()
    app.router.routes.extend(router.routes)
    return app


def list_whole(app: FastAPI) -> list[str]:
    return [route.name for route in app.routes if isinstance(route, LateRoute) and route.is_whole]


async def call(app: FastAPI, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://desk"
    ) as client:
        answer = await client.request(method, path, json=body)
    return answer.status_code, answer.content


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/notes/a", None),
        ("GET", "/v1/notes/a?size=2", None),
        ("GET", "/v1/notes/a?size=4", None),
        ("GET", "/v1/nothing", None),
        ("GET", "/v1/notes", None),
        ("POST", "/v1/notes", {"text": "b"}),
        ("POST", "/v1/notes", {}),
    ],
)
async def test_it_answers_as_any_route(method: str, path: str, body: object) -> None:
    late, common = make_app(LateRoute), make_app(APIRoute)
    assert await call(late, method, path, body) == await call(common, method, path, body)


def test_its_document_and_address_are_those_of_any_route() -> None:
    late, common = make_app(LateRoute), make_app(APIRoute)
    assert late.openapi() == common.openapi()
    assert late.url_path_for("read_note", name="a") == "/v1/notes/a"


async def test_what_nobody_calls_is_not_made() -> None:
    app = make_app(LateRoute)
    assert list_whole(app) == []
    assert await call(app, "GET", "/v1/notes/a") == (200, b'{"text":"a"}')
    assert list_whole(app) == ["read_note"]


def test_what_is_not_there_is_asked_for_in_vain() -> None:
    [*_, route] = make_app(LateRoute).routes
    assert not hasattr(route, "colour")
    assert not hasattr(route, "colour")


def test_one_look_at_the_same_routes_is_enough_and_others_are_looked_at() -> None:
    refuse = look_once(refuse_undeclared)
    open_to_all = (Depends(PUBLIC),)
    first, again = make_app(LateRoute, open_to_all), make_app(LateRoute, open_to_all)
    for app in (first, again):
        app.router.routes[:] = [route for route in app.routes if isinstance(route, APIRoute)]
        refuse(app)
    assert len(list_whole(first)) == 2
    assert list_whole(again) == []
    for _ in range(2):
        with pytest.raises(UndeclaredRoutes):
            refuse(make_app(LateRoute))
