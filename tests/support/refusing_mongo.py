"""A server that speaks MongoDB's protocol just enough to say no: nobody may sign in, or do it."""

import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import bson

_HEADER = struct.Struct("<iiii")
_OP_QUERY, _OP_REPLY, _OP_MSG = 2004, 1, 2013
_LARGEST = 16 * 1024 * 1024
_HELLO: dict[str, object] = {
    "ok": 1, "isWritablePrimary": True, "ismaster": True, "minWireVersion": 8, "maxWireVersion": 25,
    "maxBsonObjectSize": _LARGEST, "maxMessageSizeBytes": 3 * _LARGEST, "maxWriteBatchSize": 1000,
}  # fmt: skip
_GREETINGS = frozenset({"hello", "ismaster", "isMaster"})


class _Refusing(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        while len(header := self.rfile.read(_HEADER.size)) == _HEADER.size:
            size, request, _, kind = _HEADER.unpack(header)
            body = self.rfile.read(size - _HEADER.size)
            # Before the document: flags and a kind of section, or flags, a name and two numbers.
            start = 5 if kind == _OP_MSG else body.index(b"\0", 4) + 9
            (length,) = struct.unpack_from("<i", body, start)
            command = next(iter(bson.decode(body[start : start + length])))
            answer = bson.encode(_HELLO if command in _GREETINGS else self.server.refusal)
            if kind == _OP_MSG:
                self._send(request, _OP_MSG, struct.pack("<iB", 0, 0) + answer)
            else:
                self._send(request, _OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + answer)

    def _send(self, request: int, kind: int, body: bytes) -> None:
        self.wfile.write(_HEADER.pack(_HEADER.size + len(body), 1, request, kind) + body)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    refusal: Mapping[str, object]


@contextmanager
def refusing_mongo(code: int, sentence: str) -> Iterator[str]:
    """Its address; to everything but a greeting it answers with this error."""
    with _Server(("127.0.0.1", 0), _Refusing) as server:
        server.refusal = {"ok": 0, "code": code, "errmsg": sentence}
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"mongodb://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
