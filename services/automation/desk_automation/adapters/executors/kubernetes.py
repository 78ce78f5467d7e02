"""Changes workloads through a cluster's API server; the changed object itself keeps the key.

So a second attempt under the same key changes nothing, whoever died over the first. A change goes
out on the version of the object that was looked at, and the server refuses it if that has changed.
"""

import hashlib
import json
import re
import ssl
from dataclasses import dataclass
from urllib.parse import quote

import httpcore
from desk_charter.requests import KubernetesRequest
from desk_contracts.message import Param, message
from desk_platform.clock import Clock
from pydantic import JsonValue

from desk_automation.actions.answer import Answer, Result, result_of
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Action, Attempt, Call
from desk_automation.actions.redaction import redact
from desk_automation.actions.template import PlanFailed, Values, fill
from desk_automation.adapters.executors.http_hosts import CheckedNetwork, Hosts, NotAllowed
from desk_automation.adapters.executors.http_reply import Body, Reply, body_of, read_retry_after
from desk_automation.adapters.executors.judgement import judge
from desk_automation.adapters.executors.secrets import Secrets, Unsealed
from desk_automation.adapters.executors.sending import Hide, Refused, Sending, carry_out
from desk_automation.conditions.expression import Undecided

KEY, RUN = "experience-desk/key", "experience-desk/run"
# RFC 1123, as the API server checks names of workloads and namespaces.
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
# Objects are small; managedFields of large ones take a few times ten KiB.
_MOST_BYTES = 1024 * 1024
_PLACES = {
    "deployment": ("apis/apps/v1", "deployments"),
    "stateful-set": ("apis/apps/v1", "statefulsets"),
    "daemon-set": ("apis/apps/v1", "daemonsets"),
    "cron-job": ("apis/batch/v1", "cronjobs"),
    "job": ("apis/batch/v1", "jobs"),
}
_MERGE = "application/merge-patch+json"
# A Job's name becomes a label of its pods, which holds 63 characters.
_LONGEST_JOB = 63
Object = dict[str, JsonValue]


class KubernetesAction(Action):
    """One change as it goes out; token and certificate are named, not held."""

    server: str
    port: int
    token: str
    ca: str
    namespace: str
    action: str
    kind: str
    name: str
    replicas: int | None = None

    def summarize(self) -> str:
        count = "" if self.replicas is None else f" to {self.replicas}"
        return f"{self.action} {self.kind} {self.namespace}/{self.name}{count} at {self.server}"


def render_kubernetes(request: KubernetesRequest, values: Values) -> KubernetesAction:
    """The change with its names filled in; `PlanFailed` where one is no name."""
    names = {"namespace": request.namespace, "name": request.name}
    filled = {}
    for field, template in names.items():
        filled[field] = fill(template, values)
        if not _NAME.fullmatch(filled[field]):
            raise PlanFailed(message("plan.no-object-name", name=filled[field][:100]))
    server = request.server.removeprefix("[").removesuffix("]")
    return KubernetesAction.model_validate(request.model_dump() | filled | {"server": server})


@dataclass(frozen=True, slots=True)
class _Exchange:
    """What one attempt has at hand."""

    action: KubernetesAction
    key: str
    run: str
    api: "_Api"
    sending: Sending

    @property
    def marks(self) -> dict[str, JsonValue]:
        """What the changed object keeps."""
        return {KEY: self.key, RUN: _label(self.run)}


class KubernetesExecutor:
    """A connection for each attempt, with the token and the certificate that hold now."""

    def __init__(self, hosts: Hosts, secrets: Secrets, clock: Clock) -> None:
        self._hosts, self._secrets, self._clock = hosts, secrets, clock

    def slot_of(self, call: Call) -> str:
        """Calls to one API server share a slot."""
        return f"{call.action.get('server')}:{call.action.get('port')}"

    async def close(self) -> None:
        """Nothing is held open between attempts."""

    async def execute(
        self,
        attempt: Attempt,
        run: str,
        token: int,  # noqa: ARG002
        fence: Fence,
    ) -> Answer:
        """Look at the object, and change it if this key has not yet."""
        unsealed, sending = self._secrets.unseal(), Sending(fence)
        action = KubernetesAction.model_validate(attempt.call.action)
        work = self._run(attempt, action, run, sending, unsealed)
        return await carry_out(attempt, sending, work, unsealed.hide)

    async def _run(
        self,
        attempt: Attempt,
        action: KubernetesAction,
        run: str,
        sending: Sending,
        unsealed: Unsealed,
    ) -> Answer:
        await sending.check()
        if (refused := self._hosts.refusal_for(action.server, action.port)) is not None:
            raise NotAllowed(refused)
        pool = httpcore.AsyncConnectionPool(
            ssl_context=_trust(action.ca, unsealed), network_backend=CheckedNetwork(self._hosts)
        )
        async with pool:
            api = _Api(pool, action, unsealed.read(action.token))
            exchange = _Exchange(action, attempt.key, run, api, sending)
            if attempt.expect:
                await sending.leave()
                return _judge(attempt, *await _ask(exchange), unsealed.hide)
            change = _start_job if action.action == "start-job" else _change_workload
            changed = await change(exchange)
        if isinstance(changed, Answer):
            return changed
        body, text = body_of(changed), ""
        if changed.status >= 300:  # a success is the whole object, of which nobody reads anything
            text = str(_object(body.value).get("message") or body.text)
        shown: dict[str, Param] = {
            "status": changed.status,
            "body": redact(unsealed.hide(text)),
        }
        pause = read_retry_after(changed, self._clock.now())
        result = result_of(changed.status, is_act=True)
        if result is Result.UNKNOWN and not sending.is_sent:
            result = Result.NOT_TAKEN  # it was looked at, and nothing was changed
        return Answer(
            result, message("answer.status", **shown), retry_after=pause, is_sent=sending.is_sent
        )


class _Api:
    """Requests to one API server; each answer is read as far as memory allows."""

    def __init__(
        self, pool: httpcore.AsyncConnectionPool, action: KubernetesAction, token: str
    ) -> None:
        self._pool, self._action, self._token = pool, action, token

    async def call(
        self, method: str, path: str, body: Object | None = None, form: str = "application/json"
    ) -> Reply:
        """The answer to one request; nothing is repeated and no redirect is followed."""
        host = f"[{self._action.server}]" if ":" in self._action.server else self._action.server
        headers = {
            "host": f"{host}:{self._action.port}",
            "authorization": f"Bearer {self._token}",
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": "experience-desk",
        }
        content = b""
        if body is not None:
            content = json.dumps(body).encode()
            headers["content-type"] = form
        url = httpcore.URL(
            scheme="https", host=self._action.server, port=self._action.port, target=f"/{path}"
        )
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with self._pool.stream(method, url, headers=sent, content=content) as response:
            reply = Reply(response.status, response.headers)
            async for part in response.aiter_stream():
                reply.raw += part
                if len(reply.raw) > _MOST_BYTES:
                    reply.is_cut = True
                    break
        return reply


async def _look(exchange: _Exchange) -> Object | Reply | Answer:
    """The object as it is now, or what stands in the way; nothing has been changed then."""
    action = exchange.action
    reply = await exchange.api.call("GET", _path(action.kind, action))
    if reply.status == 404:
        name = f"{action.namespace}/{action.name}"
        reason = message("answer.not-there", kind=action.kind, name=name)
        return Answer(Result.REFUSED, reason, is_sent=False)
    if reply.status != 200:
        return reply
    body = body_of(reply)
    if body.trouble or not _object(body.value, "metadata"):
        # Without its version and its key nobody knows what a change would do.
        why = body.trouble or "it is no object of Kubernetes"
        return Answer(Result.NOT_TAKEN, message("answer.unreadable", why=why), is_sent=False)
    return _object(body.value)


async def _change_workload(exchange: _Exchange) -> Reply | Answer:
    """Restart or scale, on the version that was looked at."""
    action, path = exchange.action, _path(exchange.action.kind, exchange.action)
    workload = await _look(exchange)
    if not isinstance(workload, dict):
        return workload
    metadata = _object(workload, "metadata")
    if _object(metadata, "annotations").get(KEY) == exchange.key:
        return Answer(Result.OK, message("answer.done-before"))
    spec: Object = {"replicas": action.replicas}
    if action.action == "restart":
        # What kubectl changes too: other pods are wanted than those that run.
        spec = {"template": {"metadata": {"annotations": exchange.marks}}}
    change: Object = {
        "metadata": {
            "resourceVersion": metadata.get("resourceVersion"),
            "annotations": exchange.marks,
        },
        "spec": spec,
    }
    await exchange.sending.leave()
    return await exchange.api.call("PATCH", path, change, _MERGE)


async def _start_job(exchange: _Exchange) -> Reply | Answer:
    """A Job as its CronJob would make it, under a name that follows from the key."""
    action = exchange.action
    cron_job = await _look(exchange)
    if not isinstance(cron_job, dict):
        return cron_job
    template = _object(_object(cron_job, "spec"), "jobTemplate")
    metadata = _object(template, "metadata")
    hashed = hashlib.sha256(exchange.key.encode()).hexdigest()[:16]
    name = f"{action.name[: _LONGEST_JOB - 17].rstrip('.-')}-{hashed}"
    job: Object = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "annotations": {**_object(metadata, "annotations"), **exchange.marks},
            "labels": {**_object(metadata, "labels"), RUN: _label(exchange.run)},
        },
        "spec": _object(template, "spec"),
    }
    await exchange.sending.leave()
    made = await exchange.api.call("POST", _path("job", action, is_whole_list=True), job)
    if made.status == 409 and _object(body_of(made).value).get("reason") == "AlreadyExists":
        # Nobody else has the key, of which the name is a hash.
        return Answer(Result.OK, message("answer.done-before"))
    return made


async def _ask(exchange: _Exchange) -> tuple[int, Body]:
    """What probes are told: a few plain fields instead of the whole object."""
    action, path = exchange.action, _path(exchange.action.kind, exchange.action)
    if action.kind == "cron-job":
        wanted = quote(f"{RUN}={_label(exchange.run)}", safe="")
        path = f"{_path('job', action, is_whole_list=True)}?labelSelector={wanted}"
    reply = await exchange.api.call("GET", path)
    body = body_of(reply)
    if reply.status != 200 or body.trouble:
        return reply.status, body
    if action.kind == "cron-job":
        items = _object(body.value).get("items")
        summary = _count_jobs(items) if isinstance(items, list) else None
    else:
        summary = _summarize_workload(_object(body.value), exchange.run)
    if summary is None:
        return reply.status, Body(body.text, None, "it is no object of Kubernetes")
    return reply.status, Body(json.dumps(summary), summary)


def _count_jobs(jobs: list[JsonValue]) -> Object:
    """Of the jobs that this run started: how many work, ended well, and failed."""
    status = [_object(_object(job), "status") for job in jobs]
    ends = [
        {_object(item).get("type") for item in conditions if _object(item).get("status") == "True"}
        for conditions in (item.get("conditions") for item in status)
        if isinstance(conditions, list)
    ]
    return {
        "jobs": len(jobs),
        "succeeded": sum("Complete" in end for end in ends),
        "failed": sum("Failed" in end for end in ends),
    }


def _summarize_workload(workload: Object, run: str) -> Object | None:
    """`is_settled`: what is wanted is there, all of it new, and the controller has seen it. None
    where that is not told: each object has a generation, and no data is not health."""
    if not _number(_object(workload, "metadata"), "generation") or "status" not in workload:
        return None
    metadata, status = _object(workload, "metadata"), _object(workload, "status")
    spec = _object(workload, "spec")
    if workload.get("kind") == "DaemonSet":
        replicas = _number(status, "desiredNumberScheduled")
        updated = _number(status, "updatedNumberScheduled")
        available = _number(status, "numberAvailable")
    else:
        replicas = _number(spec, "replicas")
        updated = _number(status, "updatedReplicas")
        available = _number(status, "availableReplicas")
    is_seen = _number(status, "observedGeneration") >= _number(metadata, "generation")
    total = _number(status, "replicas") if "replicas" in status else updated
    return {
        "replicas": replicas,
        "updated": updated,
        "available": available,
        "is_settled": is_seen and replicas == updated == available == total,
        "by_this_run": _object(metadata, "annotations").get(RUN) == _label(run),
    }


def _judge(attempt: Attempt, status: int, body: Body, hide: Hide) -> Answer:
    shown: dict[str, Param] = {"status": status, "body": redact(hide(body.text))}
    result = result_of(status)
    if result in {Result.NOT_TAKEN, Result.UNKNOWN}:
        return Answer(result, message("answer.status", **shown))
    verdict = judge(attempt.expect, status, body, body.trouble)
    if isinstance(verdict, Undecided):
        why = hide(body.trouble or redact(verdict.reason))
        return Answer(Result.UNKNOWN, message("answer.not-judged", trouble=why, **shown))
    if verdict or status in {200, 404}:
        return Answer(Result.OK, message("answer.status", **shown), is_met=verdict)
    return Answer(result, message("answer.status", **shown))


def _trust(name: str, unsealed: Unsealed) -> ssl.SSLContext:
    text = unsealed.read(name)
    try:
        return ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        why = "it is no certificate in PEM"
        raise Refused(message("answer.bad-secret", name=name, why=why)) from error


def _path(kind: str, action: KubernetesAction, *, is_whole_list: bool = False) -> str:
    group, plural = _PLACES[kind]
    path = f"{group}/namespaces/{action.namespace}/{plural}"
    return path if is_whole_list else f"{path}/{action.name}"


def _label(run: str) -> str:
    """A label holds 63 characters of a small alphabet."""
    return hashlib.sha256(run.encode()).hexdigest()[:32]


def _object(value: JsonValue, name: str = "") -> Object:
    """The object there, or the one in its field; an empty one where there is none."""
    if name:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _number(value: Object, name: str) -> int:
    number = value.get(name)
    return number if isinstance(number, int) else 0
