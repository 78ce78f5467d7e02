"""Calls targets over HTTP. Addresses come from telemetry, so only listed hosts are ever called.

Whatever a target answers, and whatever goes wrong with it, becomes an `Answer`; nothing is raised.
"""

import asyncio
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter

import httpcore
import httpx
from desk_charter.request_model import SECRET
from desk_charter.requests import HttpRequest
from desk_contracts.message import Param, message
from desk_platform.clock import Clock, SystemClock
from desk_platform.http.client import client_attributes
from desk_platform.kafka.retry import attempt as attempt_rule
from desk_platform.kafka.retry import attempt_async
from desk_platform.telemetry import Meters, current_traceparent, names
from pydantic import Field, JsonValue

from desk_automation.actions.address import fill_address
from desk_automation.actions.answer import Answer, Result, result_of
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Action, Attempt, Call
from desk_automation.actions.redaction import redact
from desk_automation.actions.template import Values, fill_header, fill_json
from desk_automation.adapters.executors.http_connections import Connections
from desk_automation.adapters.executors.http_hosts import CheckedNetwork, Hosts, NotAllowed
from desk_automation.adapters.executors.http_reply import (
    MAX_ANSWER,
    Body,
    Reply,
    body_of,
    is_page,
    read_retry_after,
)
from desk_automation.adapters.executors.judgement import judge
from desk_automation.adapters.executors.secrets import Secrets, Unsealed
from desk_automation.adapters.executors.sending import Hide, Refused, Sending, describe, explain
from desk_automation.conditions.expression import Undecided

# Raised before a byte leaves, by what a runbook and an event made of a request.
_NOT_SENDABLE = (
    httpcore.UnsupportedProtocol,
    httpcore.LocalProtocolError,
    httpx.InvalidURL,
    ValueError,
    TypeError,
)


# "There is no such thing" is an answer of the target; other refusals say nothing about it.
_ABSENT = frozenset({404, 410})
_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?|")


@dataclass(slots=True)
class HttpSending(Sending):
    """How far a call came, and what came back."""

    reply: Reply | None = None

    async def trace(self, event: str, _info: dict[str, object]) -> None:
        """Called by the connection; the last moment before a byte of the request leaves."""
        if event == "http11.send_request_headers.started":
            await self.leave()


class HttpAction(Action):
    """One HTTP call as it goes out."""

    method: str
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    secret_headers: dict[str, str] = Field(default_factory=dict)
    """Headers with ${secret.NAME} in them, filled in at the attempt; nothing of an event is in
    them, so no event can name a secret."""
    body: JsonValue = None

    def summarize(self) -> str:
        return f"{self.method} {self.url}"


def render_http(request: HttpRequest, values: Values) -> HttpAction:
    """The call with every parameter filled in, none of which leads elsewhere."""
    return HttpAction(
        method=request.method,
        url=fill_address(request.url, values),
        headers={
            name: fill_header(text, values)
            for name, text in request.headers.items()
            if not SECRET.search(text)
        },
        secret_headers={
            name: text for name, text in request.headers.items() if SECRET.search(text)
        },
        body=fill_json(request.body, values),
    )


class HttpExecutor:
    """Connections for all targets; follows no redirect, takes no proxy from the environment."""

    def __init__(
        self,
        hosts: Hosts,
        clock: Clock | None = None,
        meters: Meters | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self._hosts, self._meters = hosts, meters
        self._secrets = secrets or Secrets()
        self._clock = clock or SystemClock()
        self._connections = Connections(CheckedNetwork(hosts))

    async def close(self) -> None:
        """Let every connection go."""
        await self._connections.close()

    def slot_of(self, call: Call) -> str:
        """Calls to one address share a slot."""
        try:
            return _read_url(str(call.action.get("url"))).netloc.decode("ascii", "replace")
        except (httpx.InvalidURL, ValueError):
            return "unreadable"

    async def execute(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer:
        """Send it once and say what became of it."""
        sending = HttpSending(fence)
        action = HttpAction.model_validate(attempt.call.action)
        headers = _headers(attempt, action, run, token)
        unsealed, began = self._secrets.unseal(), perf_counter()
        failure = await attempt_async(self._call(attempt, action, headers, sending, unsealed))
        self._measure(action, sending, failure, perf_counter() - began)
        hide = unsealed.hide
        if sending.reply is None:
            if not sending.is_sent and isinstance(failure, _NOT_SENDABLE):
                failure = Refused(message("answer.not-sendable", why=describe(failure, hide)))
            return explain(failure, attempt, is_sent=sending.is_sent, hide=hide)
        trouble = "" if failure is None else f"the answer broke off: {describe(failure, hide)}"
        answer = attempt_rule(self._answer, attempt, sending.reply, trouble, hide)
        if isinstance(answer, Exception):
            why = describe(answer, hide)
            return Answer(Result.UNKNOWN, message("answer.unreadable", why=why))
        return answer

    async def _call(
        self,
        attempt: Attempt,
        action: HttpAction,
        headers: dict[str, str],
        sending: HttpSending,
        unsealed: Unsealed,
    ) -> None:
        url = _read_url(action.url)
        if (refusal := self._hosts.refusal(url)) is not None:
            raise NotAllowed(refusal)
        for name, text in action.secret_headers.items():
            headers[name.lower()] = SECRET.sub(lambda match: unsealed.read(match[1]), text)
        for name, text in headers.items():
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(text):
                raise ValueError(f"the header {name!a} has signs that no header may have")
        content = b""
        if action.body is not None:
            content = json.dumps(action.body, allow_nan=False).encode()
            headers.setdefault("content-type", "application/json")
        scheme, host = url.raw_scheme, url.raw_host
        address = httpcore.URL(scheme=scheme, host=host, port=url.port, target=url.raw_path)
        async with (
            asyncio.timeout(attempt.call.timeout.total_seconds()),
            self._connections.use(address.origin) as connection,
            connection.stream(
                action.method,
                address,
                headers=[(name.encode(), text.encode()) for name, text in headers.items()],
                content=content,
                extensions={"trace": sending.trace},
            ) as response,
        ):
            sending.reply = Reply(response.status, response.headers)
            async for part in response.aiter_stream():
                sending.reply.raw += part[: MAX_ANSWER + 1]
                if len(sending.reply.raw) > MAX_ANSWER:
                    del sending.reply.raw[MAX_ANSWER:]
                    sending.reply.is_cut = True
                    return

    def _measure(
        self, action: HttpAction, sending: HttpSending, failure: Exception | None, seconds: float
    ) -> None:
        """What was never sent is no call. The host is that of the settings, since devices have
        names of their own and none of them is in a figure."""
        if self._meters is None or not sending.is_sent:
            return
        url = _read_url(action.url)
        attributes = client_attributes(action.method, url)
        attributes[names.SERVER_ADDRESS] = self._hosts.entry_of(url)
        if sending.reply is not None:
            attributes[names.HTTP_STATUS] = sending.reply.status
        if failure is not None:
            attributes[names.ERROR_TYPE] = type(failure).__qualname__
        self._meters.http_client_duration.record(seconds, attributes)

    def _answer(self, attempt: Attempt, reply: Reply, trouble: str, hide: Hide) -> Answer:
        is_act = attempt.kind == "act"
        result, body = result_of(reply.status, is_act=is_act), body_of(reply)
        trouble = trouble or hide(body.trouble)
        seen: dict[str, Param] = {"status": reply.status, "body": redact(hide(body.text))}
        pause = read_retry_after(reply, self._clock.now())
        if attempt.expect and result not in {Result.NOT_TAKEN, Result.UNKNOWN}:
            return _judge_answer(attempt.expect, body, trouble, seen)
        if result is Result.OK and not reply.is_cut:
            if is_page(reply):
                trouble = trouble or "a page for people came instead of an answer"
            # JSON that is none does not matter where nobody asked what it says.
            if trouble and not trouble.startswith("it is no JSON"):
                reason = message("answer.unreadable-because", trouble=trouble, **seen)
                return Answer(Result.UNKNOWN, reason, retry_after=pause)
        return Answer(result, message("answer.status", **seen), retry_after=pause)


@lru_cache(maxsize=1_000)
def _read_url(text: str) -> httpx.URL:
    """An address is read some times in each call of it."""
    return httpx.URL(text)


def _headers(attempt: Attempt, action: HttpAction, run: str, token: int) -> dict[str, str]:
    headers = {name.lower(): text for name, text in action.headers.items()}
    headers.setdefault("idempotency-key", attempt.key)
    headers.setdefault("user-agent", "experience-desk")
    headers.setdefault("accept", "*/*")
    # Nobody is asked to compress; who does it all the same is read as far as our memory allows.
    headers.setdefault("accept-encoding", "identity")
    if (traceparent := current_traceparent()) is not None:
        headers["traceparent"] = traceparent
    return headers | {"desk-run": run, "desk-fencing-token": str(token)}


def _judge_answer(expect: str, body: Body, trouble: str, shown: dict[str, Param]) -> Answer:
    """What is expected holds, does not, or cannot be told from this answer."""
    status = int(str(shown["status"]))
    verdict = judge(expect, status, body, trouble)
    if isinstance(verdict, Undecided):
        why = trouble or redact(verdict.reason)
        return Answer(Result.UNKNOWN, message("answer.not-judged", trouble=why, **shown))
    result = result_of(status)
    if verdict or result is Result.OK or status in _ABSENT:
        return Answer(Result.OK, message("answer.status", **shown), is_met=verdict)
    return Answer(result, message("answer.status", **shown))
