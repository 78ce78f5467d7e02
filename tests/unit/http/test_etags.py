"""ETags: no change without a version, none from a stale one, nothing sent twice."""

import pytest
from desk_contracts.errors import Conflict
from desk_platform.http import BadRequest, PreconditionRequired, etag, not_modified, precondition
from fastapi import Request


def asking(**headers: str) -> Request:
    raw = [(k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": raw})


async def test_a_change_must_say_from_which_version() -> None:
    with pytest.raises(PreconditionRequired):
        await precondition(asking())


@pytest.mark.parametrize("header", ['"7"', '"6", "7"', '"6","7"', " * ", '"x" , "7"'])
async def test_a_change_from_the_latest_version_goes_on(header: str) -> None:
    (await precondition(asking(if_match=header))).check(7)


@pytest.mark.parametrize("header", ['"6"', 'W/"7"', '"77"', '""', '"7 "'.replace(" ", "-")])
async def test_a_change_from_another_version_is_refused(header: str) -> None:
    with pytest.raises(Conflict) as caught:
        (await precondition(asking(if_match=header))).check(7)
    assert caught.value.fields == {"current": '"7"'}


@pytest.mark.parametrize("header", ["7", '"7', '7"', '"7" "8"', "'7'", '"a b"', "W/7", "", " "])
async def test_what_is_no_etag_is_told(header: str) -> None:
    with pytest.raises(BadRequest, match="bad-etag"):
        await precondition(asking(if_match=header))


@pytest.mark.parametrize("header", ['"7"', 'W/"7"', '"1", "7"', "*"])
def test_who_has_the_latest_version_gets_304(header: str) -> None:
    answer = not_modified(asking(if_none_match=header), 7)
    assert answer is not None
    assert (answer.status_code, answer.headers["etag"], answer.body) == (304, etag(7), b"")


def test_who_has_none_or_another_version_gets_the_thing() -> None:
    assert not_modified(asking(), 7) is None
    assert not_modified(asking(if_none_match='"6"'), 7) is None
