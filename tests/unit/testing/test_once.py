"""What is made once is what would be made anew; what differs in anything is made for itself."""

import shutil
from pathlib import Path
from typing import Annotated

from desk_charter import load_charter
from desk_charter.load import find_installed_sections
from desk_local.paths import ROOT
from fastapi import Body, FastAPI, Query
from pydantic import BaseModel

CHARTER = ROOT / "charter"


class Note(BaseModel):
    text: str


def make_app(longest: int) -> FastAPI:
    """Two routes whose parameters have the same names, and differ in one thing."""
    app = FastAPI()

    @app.get("/notes/{name}")
    def read(name: str, size: Annotated[int, Query(le=longest)] = 1) -> Note:
        return Note(text=name * size)

    @app.post("/notes")
    def write(name: str, size: Annotated[int, Body(le=longest)] = 2) -> Note:
        return Note(text=name * size)

    return app


def test_the_shipped_charter_is_read_once_and_others_each_time(tmp_path: Path) -> None:
    assert load_charter(CHARTER) is load_charter(CHARTER)
    copy = shutil.copytree(CHARTER, tmp_path / "charter")
    assert load_charter(copy) is not load_charter(copy)
    assert load_charter(copy) == load_charter(CHARTER)


def test_other_sections_are_another_charter() -> None:
    some = find_installed_sections()[:1]
    assert load_charter(CHARTER, some).obeyed.keys() == {some[0].name}
    assert load_charter(CHARTER, ()).obeyed == {}
    assert len(load_charter(CHARTER).obeyed) > 1


def test_routes_that_differ_in_one_thing_are_not_taken_for_each_other() -> None:
    documents = [make_app(longest).openapi()["paths"] for longest in (3, 5, 3)]
    [small, large, again] = documents
    assert small == again
    assert small != large
    [name, size] = large["/notes/{name}"]["get"]["parameters"]
    assert (name["in"], name["required"]) == ("path", True)
    assert (size["in"], size["schema"]["maximum"], size["schema"]["default"]) == ("query", 5, 1)
    [name] = large["/notes"]["post"]["parameters"]
    assert (name["in"], name["required"]) == ("query", True)
