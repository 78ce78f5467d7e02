"""Asks a server whether it really answers, in its own protocol and without a client library.

Kafka: the cluster's metadata and the group coordinator. MongoDB: `hello`.
"""

import socket
import struct
from typing import Any

import bson

from desk_local.ports import HOST

_TIMEOUT = 2.0
_METADATA, _FIND_COORDINATOR = 3, 10
_OP_MSG = 2013
_READ_ERRORS = (OSError, struct.error, EOFError, IndexError)


def kafka_answers(port: int) -> bool:
    """The broker is in the cluster, has a controller, and coordinates consumer groups."""
    try:
        with socket.create_connection((HOST, port), _TIMEOUT) as connection:
            if not _has_broker(connection):
                return False
            # FindCoordinator v1; the first one makes Kafka create its offsets topic.
            group = b"desk-ready"
            body = struct.pack(f">h{len(group)}sb", len(group), group, 0)
            answer = _ask_kafka(connection, _FIND_COORDINATOR, 1, body)
            (error,) = struct.unpack_from(">h", answer, 4)
            return bool(error == 0)
    except _READ_ERRORS:
        return False


def _has_broker(connection: socket.socket) -> bool:
    """Metadata v4 of no topics: throttle, brokers, cluster id, controller."""
    answer = _ask_kafka(connection, _METADATA, 4, struct.pack(">iB", 0, 0))
    (brokers,) = struct.unpack_from(">i", answer, 4)
    at = 8
    for _ in range(brokers):
        at = _after_string(answer, _after_string(answer, at + 4) + 4)
    (controller,) = struct.unpack_from(">i", answer, _after_string(answer, at))
    return bool(brokers > 0 and controller >= 0)


def _after_string(data: bytes, at: int) -> int:
    (length,) = struct.unpack_from(">h", data, at)
    return at + 2 + max(0, int(length))


def _ask_kafka(connection: socket.socket, api: int, version: int, body: bytes) -> bytes:
    request = struct.pack(">hhih4s", api, version, 7, 4, b"desk") + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    (length,) = struct.unpack(">i", _exactly(connection, 4))
    return _exactly(connection, length)[4:]


def mongo_answers(port: int) -> bool:
    """It says `hello` and may be written to."""
    try:
        hello = ask_mongo(port, {"isMaster": 1, "$db": "admin"})
    except (*_READ_ERRORS, bson.errors.BSONError):
        return False
    return hello.get("ok") == 1.0 and hello.get("ismaster") is True


def ask_mongo(port: int, command: dict[str, Any]) -> dict[str, Any]:
    """One command and its answer, over a connection of its own."""
    body = struct.pack("<iB", 0, 0) + bson.encode(command)
    with socket.create_connection((HOST, port), _TIMEOUT) as connection:
        connection.sendall(struct.pack("<iiii", 16 + len(body), 1, 0, _OP_MSG) + body)
        (length,) = struct.unpack("<i", _exactly(connection, 4))
        return bson.decode(_exactly(connection, length - 4)[17:])


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data
