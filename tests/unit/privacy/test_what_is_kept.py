"""Each collection says how long it is kept; what goes by age has somebody who removes it."""

import importlib
from pathlib import Path
from typing import Any

import pytest
from desk_contracts.topics import SERVICES
from desk_platform.builder import assemble
from desk_platform.erasure import ERASED_HERE
from desk_platform.service import Service
from desk_platform.settings.groups import Environment

CHARTER = Path(__file__).parents[3] / "charter"
# How an answer begins; what has none of these forgets nothing, and does not say so.
ANSWERS = ("one", "two", "a fixed number", "by age")


def table_of(name: str) -> Service[Any, Any]:
    table: Service[Any, Any] = importlib.import_module(f"desk_{name}.service").SERVICE
    return table


@pytest.mark.parametrize("name", SERVICES)
def test_each_collection_says_how_long_it_is_kept(name: str) -> None:
    schemas = (*table_of(name).collections, ERASED_HERE)
    assert [each.collection for each in schemas if not each.kept.startswith(ANSWERS)] == []
    by_age = {each.collection for each in schemas if each.kept.startswith("by age")}
    assert by_age == {each.collection for each in schemas if each.over is not None}


@pytest.mark.parametrize("name", SERVICES)
async def test_what_goes_by_age_is_removed_by_a_job(name: str) -> None:
    table = table_of(name)
    settings = table.settings(environment=Environment.LOCAL, charter=CHARTER)
    removing = {job for job in assemble(table, settings).jobs if job.startswith("removal of ")}
    wanted = [each.collection for each in table.collections if each.over is not None]
    assert removing == {f"removal of {collection}" for collection in wanted}
