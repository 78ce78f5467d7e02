"""Routes of FastAPI that are made when they are called: a test calls a few of a service's 76.

Nothing but the time changes. What is wrong with a route is said by the tests that start services
as processes, and by those that read their documents, which make all of them.
"""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIRouter
from starlette.routing import BaseRoute, Route, compile_path, get_name

Look = Callable[[FastAPI], None]


class LateRoute(APIRoute):
    """Knows what it is matched by; the rest is made as soon as somebody asks for it."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **words: Any) -> None:
        self.path, self.endpoint, self.words = path, endpoint, words
        self.name = str(words.get("name") or get_name(endpoint))
        self.methods = {method.upper() for method in words.get("methods") or ("GET",)}
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.is_whole = False

    def __getattr__(self, name: str) -> Any:
        """Only asked for what is not there yet."""
        if self.__dict__.get("is_whole", True):
            raise AttributeError(name)
        self.is_whole = True
        super().__init__(self.path, self.endpoint, **self.words)
        return getattr(self, name)


def make_routes_late() -> None:
    """Of every router that says nothing else."""
    (APIRouter.__init__.__kwdefaults__ or {})["route_class"] = LateRoute


def look_once(look: Look) -> Look:
    """A look at all routes makes them; of the same ones, as they are written, one look is enough.

    The same are: the path, the methods, the code, and equal dependencies of the whole route.
    """
    seen: set[frozenset[object]] = set()

    def look_at(app: FastAPI) -> None:
        written = frozenset(map(_describe, app.routes))
        if written not in seen:
            look(app)
            seen.add(written)

    return look_at


def _describe(route: BaseRoute) -> object:
    if not isinstance(route, Route):
        return route
    code = getattr(route.endpoint, "__code__", route.endpoint)
    methods = frozenset(route.methods or ())
    words = route.words if isinstance(route, LateRoute) else {}
    needs = tuple(item.dependency for item in words.get("dependencies") or ())
    return route.path, methods, code, needs
