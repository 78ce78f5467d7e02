"""Stable paging: an opaque, signed cursor over (sort key, id), a capped limit, `Link: rel="next"`.

The signature covers the listing's name too, so a cursor never works on another listing or filter.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, Protocol, TypeVar, cast
from urllib.parse import parse_qsl, urlencode

from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from fastapi import Query, Request

from desk_platform.http.refusals import BadRequest
from desk_platform.settings import Environment, ServiceSettings, SettingsError
from desk_platform.store.pages import After, pages

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_MAC = 16
_MAX_CURSOR = 1024
_MIN_SECRET = 32

T = TypeVar("T")

Sort = str | int | float | datetime


@dataclass(frozen=True, slots=True)
class Position:
    """The last item of a page: its sort key, and its id where keys are equal."""

    sort: Sort
    id: str


class _Placed(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def sort(self) -> object: ...


P = TypeVar("P", bound=_Placed)


def place_of(last: _Placed) -> Position:
    """Where a page ends: at its last document, whether that can be shown or not."""
    return Position(cast(Sort, last.sort), last.id)


@dataclass(frozen=True, slots=True)
class Cursors:
    """Writes and reads cursors; one secret for all replicas."""

    secret: bytes

    def write(self, listing: str, position: Position) -> str:
        """`listing` names what is listed, with its filters."""
        sort = position.sort
        plain = {"t": sort.isoformat()} if isinstance(sort, datetime) else sort
        payload = json.dumps([plain, position.id], separators=(",", ":"), allow_nan=False).encode()
        return _armour(self._sign(listing, payload) + payload)

    def read(self, listing: str, cursor: str) -> Position:
        """`BadRequest` unless it is exactly what `write` gave for this listing."""
        raw = _bytes_of(cursor)
        payload = raw[_MAC:]
        if not hmac.compare_digest(raw[:_MAC], self._sign(listing, payload)):
            raise _refusal()
        plain, last_id = json.loads(payload)
        sort = datetime.fromisoformat(plain["t"]) if isinstance(plain, dict) else plain
        return Position(sort, last_id)

    def _sign(self, listing: str, payload: bytes) -> bytes:
        key = hashlib.sha256(self.secret).digest()
        name = hashlib.sha256(listing.encode()).digest()
        return hashlib.blake2b(name + payload, key=key, digest_size=_MAC).digest()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What page a caller wants."""

    limit: int
    cursor: str | None


async def page_request(
    limit: Annotated[
        int, Query(ge=1, description=f"How many at most; more than {MAX_LIMIT} gives {MAX_LIMIT}.")
    ] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> PageRequest:
    """Dependency of every listing."""
    return PageRequest(min(limit, MAX_LIMIT), cursor)


class Page(Frozen, Generic[T]):
    """One page of a listing."""

    items: tuple[T, ...]
    """The items, in the listing's order."""
    next: str | None = None
    """Cursor of the next page; null on the last."""


async def find_visible(
    find: Callable[[After | None, int], Awaitable[Sequence[P]]],
    may_see: Callable[[P], bool],
    after: After | None,
    limit: int,
) -> list[P]:
    """A page of what the caller may see, and one more, which tells that there is a next page.

    What is confidential is passed over, so that not even its number shows.
    """
    page: list[P] = []
    batches = pages(lambda last: find(last, limit + 1), lambda item: (item.sort, item.id), after)
    async for some in batches:
        page += [item for item in some if may_see(item)]
        if len(page) > limit or len(some) <= limit:
            break
    return page[: limit + 1]


def link_next(request: Request, cursor: str) -> str:
    """Value of the `Link` header; relative, so no host a caller made up is repeated."""
    query = parse_qsl(request.url.query, keep_blank_values=True)
    kept = [(name, value) for name, value in query if name != "cursor"]
    return f'<{request.url.path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'


def cursors_from(settings: ServiceSettings) -> Cursors:
    """Cursors with the settings' secret, which only one machine may go without."""
    secret = settings.sign_in.cursor_secret
    if secret is None and settings.environment is Environment.LOCAL:
        return Cursors(b"one machine, no secret")
    if secret is None or len(secret.get_secret_value()) < _MIN_SECRET:
        raise SettingsError(
            [f"DESK_CURSOR_SECRET must be set, with at least {_MIN_SECRET} random characters."]
        )
    return Cursors(secret.get_secret_value().encode())


def _armour(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes_of(cursor: str) -> bytes:
    """Base64 has several spellings of the same bytes; only ours is taken."""
    if len(cursor) > _MAX_CURSOR or not cursor.isascii():
        raise _refusal()
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        raise _refusal() from None
    if len(raw) <= _MAC or _armour(raw) != cursor:
        raise _refusal()
    return raw


def _refusal() -> BadRequest:
    return BadRequest(message("request.bad-cursor"), code="bad-cursor")
