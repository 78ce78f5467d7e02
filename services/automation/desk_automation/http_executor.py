"""Calls targets over HTTP. Addresses come from telemetry, so only named hosts are ever called."""

import asyncio
import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import httpx
from pydantic import JsonValue, TypeAdapter, ValidationError

from desk_automation.conditions import Inputs, condition
from desk_automation.domain.answers import Answer, Result, result_of
from desk_automation.domain.moves import Attempt
from desk_automation.domain.redact import redacted

# More of an answer is not read; a target must not fill our memory.
MAX_ANSWER = 64 * 1024
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_NOT_SENDABLE = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL)
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


class Hosts:
    """The hosts that may be called: names, `*.domain` patterns, addresses and networks."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._names: list[str] = []
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for one in allowed:
            try:
                self._networks.append(ipaddress.ip_network(one, strict=False))
            except ValueError:
                self._names.append(one.lower())

    def refusal(self, url: httpx.URL) -> str | None:
        """Why this address is not called; None if it may be."""
        if url.scheme not in {"http", "https"}:
            return f"'{url.scheme}' is not called, only http and https"
        if url.userinfo:
            return "an address with a user name or password in it is not called"
        host = url.host.lower().rstrip(".")
        return None if self._is_allowed(host) else f"the host {host} may not be called"

    def _is_allowed(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return any(fnmatchcase(host, name) for name in self._names)
        return any(address in network for network in self._networks)


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    text: str
    body: JsonValue
    retry_after: float


class HttpExecutor:
    """One client for all targets; follows no redirect and takes no proxy from the environment."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=500, max_keepalive_connections=100),
        )

    async def start(self) -> None:
        """It connects when it is used."""

    async def stop(self) -> None:
        """Let every connection go."""
        await self._client.aclose()

    async def call(self, attempt: Attempt, run: str, token: int) -> Answer:
        """Send it once and say what became of it."""
        try:
            url = httpx.URL(attempt.call.url)
            if (refusal := self._hosts.refusal(url)) is not None:
                return Answer(Result.REFUSED, refusal)
            async with asyncio.timeout(attempt.call.timeout.total_seconds()):
                response = await self._send(attempt, url, _headers(attempt, run, token))
        except TimeoutError:
            seconds = attempt.call.timeout.total_seconds()
            return Answer(Result.UNKNOWN, f"no answer within {seconds:g} s")
        except _NEVER_SENT as error:
            return Answer(Result.NOT_TAKEN, f"no connection: {redacted(str(error))}")
        except _NOT_SENDABLE as error:
            return Answer(Result.REFUSED, f"it cannot be sent: {redacted(str(error))}")
        except httpx.HTTPError as error:
            text = f"{type(error).__name__} {redacted(str(error))}".strip()
            return Answer(Result.UNKNOWN, f"the connection broke: {text}")
        return _answer(attempt, response)

    async def _send(self, attempt: Attempt, url: httpx.URL, headers: httpx.Headers) -> _Response:
        content = None
        if attempt.call.body is not None:
            content = json.dumps(attempt.call.body).encode()
            headers.setdefault("content-type", "application/json")
        async with self._client.stream(
            attempt.call.method, url, content=content, headers=headers, timeout=None
        ) as response:
            raw = b""
            async for part in response.aiter_bytes():
                raw += part
                if len(raw) > MAX_ANSWER:
                    break
            text = raw[:MAX_ANSWER].decode(response.charset_encoding or "utf-8", "replace")
        return _Response(response.status_code, text, _body(text), _retry_after(response))


def _headers(attempt: Attempt, run: str, token: int) -> httpx.Headers:
    headers = httpx.Headers(attempt.call.headers)
    headers.setdefault("idempotency-key", attempt.key)
    headers["desk-run"] = run
    headers["desk-fencing-token"] = str(token)
    return headers


def _answer(attempt: Attempt, response: _Response) -> Answer:
    result = result_of(response.status)
    text = f"{response.status} {redacted(response.text)}".strip()
    if not attempt.expect:
        return Answer(result, text, retry_after=response.retry_after)
    if result in {Result.NOT_TAKEN, Result.UNKNOWN}:
        return Answer(result, text, retry_after=response.retry_after)
    seen = {"response": {"status": response.status, "body": response.body}}
    is_met = condition(attempt.expect).holds(Inputs(seen))
    return Answer(Result.OK, text, is_met=is_met)


def _body(text: str) -> JsonValue:
    """The answer as JSON if it is any, else as text."""
    try:
        return _JSON.validate_json(text)
    except ValidationError:
        return text


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdigit() else 0.0


def host_of(url: str) -> str:
    """The lane of a call: calls to one address share it."""
    try:
        return httpx.URL(url).netloc.decode("ascii", "replace")
    except httpx.InvalidURL:
        return "unreadable"
