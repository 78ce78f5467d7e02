"""An API server that holds to the contracts the executor relies on, and to nothing more.

Not recorded from a cluster: written from the API's documentation (optimistic concurrency by
resourceVersion, merge patches of RFC 7396, AlreadyExists, label selectors). Objects that it is
given are checked against Kubernetes' own schemas.
"""

import asyncio
import contextlib
import json
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import kubernetes_validate  # type: ignore[import-untyped]

from tests.support.authority import Authority

TOKEN = "a-token-of-the-service-account"  # noqa: S105 (made up)
RELEASE = "1.29"
_MERGE = "application/merge-patch+json"


@dataclass
class KubernetesApi:
    """Workloads by their path; counts what was changed."""

    folder: Path
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    status: int | None = None
    words: str = ""
    is_silent: bool = False
    raw: bytes | None = None
    """What every question is answered with, instead of the object."""
    before_change: int = 0
    """So many changes by somebody else come between a look and the change that follows it."""
    authority: Authority = field(default_factory=lambda: Authority("cluster"))
    port: int = 0

    async def start(self) -> None:
        """Begin to answer on loopback, with a certificate of its own authority."""
        pem = self.folder / "server.pem"
        await asyncio.to_thread(pem.write_bytes, self.authority.sign())
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trust.load_cert_chain(pem)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=trust)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.close()

    def add(self, path: str, value: dict[str, Any]) -> None:
        """An object as if somebody had applied it."""
        kubernetes_validate.validate(value, RELEASE, strict=True)
        value["metadata"]["resourceVersion"] = "1"
        value["metadata"].setdefault("generation", 1)
        self.objects[path] = value

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return
        self.heads.append(head)
        first, *lines = head.splitlines()
        method, target, _ = first.split(" ")
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        status, answer = self._decide(method, target, headers, body)
        if method != "GET" and self.is_silent:
            await reader.read()
            return
        content = json.dumps(answer).encode()
        if method == "GET" and self.raw is not None:
            content = self.raw
        text = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
        text += f"content-length: {len(content)}\r\nconnection: close\r\n\r\n"
        writer.write(text.encode() + content)
        with contextlib.suppress(ConnectionError):  # it reads no more than it has to
            await writer.drain()

    def _decide(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(target)
        if headers.get("authorization") != f"bearer {TOKEN}":
            return _failure(401, "Unauthorized", "who is that?")
        if self.status is not None and method != "GET":
            return _failure(self.status, "Refused", self.words)
        if method == "GET":
            return self._show(parts.path, parts.query)
        if method == "POST":
            return self._create(parts.path, json.loads(body))
        if headers["content-type"] != _MERGE:
            return _failure(415, "UnsupportedMediaType", headers["content-type"])
        return self._patch(parts.path, json.loads(body))

    def _show(self, path: str, query: str) -> tuple[int, dict[str, Any]]:
        if query:
            return 200, {"items": self._select(path, query)}
        if path not in self.objects:
            return _failure(404, "NotFound", f"{path} not found")
        return 200, self.objects[path]

    def _select(self, path: str, query: str) -> list[dict[str, Any]]:
        [selector] = parse_qs(query)["labelSelector"]
        name, _, wanted = selector.partition("=")
        return [
            value
            for place, value in self.objects.items()
            if place.startswith(f"{path}/") and value["metadata"]["labels"].get(name) == wanted
        ]

    def _create(self, path: str, value: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        place = f"{path}/{value['metadata']['name']}"
        if place in self.objects:
            return _failure(409, "AlreadyExists", f"{place} already exists")
        self.add(place, value)
        self.changes.append(("POST", place))
        return 201, value

    def _patch(self, path: str, change: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        current = self.objects[path]
        if self.before_change:
            self.before_change -= 1
            _raise_version(current)
        wanted = change["metadata"].get("resourceVersion")
        if wanted not in {None, current["metadata"]["resourceVersion"]}:
            return _failure(409, "Conflict", "the object has been modified")
        merged = _merge(current, change)
        kubernetes_validate.validate(merged, RELEASE, strict=True)
        _raise_version(merged)
        self.objects[path] = merged
        self.changes.append(("PATCH", path))
        return 200, merged


def deployment(name: str, replicas: int = 2) -> dict[str, Any]:
    """A Deployment that has settled."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", "generation": 1},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "example/app:1"}]},
            },
        },
        "status": {
            "observedGeneration": 1,
            "replicas": replicas,
            "updatedReplicas": replicas,
            "availableReplicas": replicas,
        },
    }


def cron_job(name: str) -> dict[str, Any]:
    """A CronJob that waits for its hour."""
    pod = {
        "spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "work", "image": "example/work:1"}],
        }
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "schedule": "0 3 * * *",
            "jobTemplate": {"metadata": {"labels": {"app": name}}, "spec": {"template": pod}},
        },
    }


def _merge(current: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    merged = dict(current)
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            merged[name] = _merge(merged.get(name, {}), value)
        else:
            merged[name] = value
    return merged


def _raise_version(value: dict[str, Any]) -> None:
    version = int(value["metadata"]["resourceVersion"]) + 1
    value["metadata"] = {**value["metadata"], "resourceVersion": str(version)}


def _failure(status: int, reason: str, words: str) -> tuple[int, dict[str, Any]]:
    return status, {"kind": "Status", "reason": reason, "message": words, "code": status}
