"""Whether any broker answers, and if none does, why in words that help."""

import asyncio
import random
import ssl
from datetime import timedelta

from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaError,
    NodeNotReadyError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest
from desk_contracts.errors import DependencyDown

from desk_platform.kafka.connection import kafka_arguments
from desk_platform.kafka.retry import attempt_value
from desk_platform.settings import KafkaSettings

# A broker that stands still is given up for the next one, if there is one.
_NEXT_AFTER = timedelta(seconds=1.5)
_CONNECTED_WITHIN_MS = 2_000
_OTHER_PORT = "set DESK_KAFKA_SECURITY to what this port asks for"
# OpenSSL's reasons not to believe a certificate that an authority signed: it is not yet or not any
# more valid; it names other hosts, mail addresses or IP addresses.
_OTHER_TIME, _OTHER_NAME = frozenset({9, 10}), frozenset({62, 63, 64})
_REFUSED = (
    AuthenticationFailedError,
    IllegalSaslStateError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)


async def ask_any_broker(client: AIOKafkaClient, settings: KafkaSettings) -> None:
    """Return with the first answer; `DependencyDown` with what stands in the way if none comes.

    The last broker is waited for: whoever asks sets the limit.
    """
    nodes = [broker.nodeId for broker in client.cluster.brokers()]
    random.shuffle(nodes)
    failure: Exception = NodeNotReadyError("no broker is known yet")
    for place, node in enumerate(nodes, start=1):
        # An empty list asks for brokers and no topics: the smallest answer that there is.
        request = client.send(node, MetadataRequest([]))
        seconds = None if place == len(nodes) else _NEXT_AFTER.total_seconds()
        outcome = await attempt_value(asyncio.wait_for(request, seconds))
        if not isinstance(outcome, Exception):
            return
        failure = outcome
    raise DependencyDown(await why_unreachable(settings) or repr(failure), dependency="kafka")


async def why_unreachable(settings: KafkaSettings) -> str | None:
    """What happens to a new connection and what to do; None if one of the brokers takes it.

    aiokafka itself says no more than that a node is not ready.
    """
    arguments = kafka_arguments(settings)
    del arguments["bootstrap_servers"]
    reason = None
    for server in settings.servers:
        host, _, port = server.rpartition(":")
        connection = AIOKafkaConnection(
            host, int(port), request_timeout_ms=_CONNECTED_WITHIN_MS, **arguments
        )
        try:
            await connection.connect()
        except (KafkaError, OSError, TimeoutError) as error:
            reason = describe_refusal(server, settings, error)
        else:
            return None
        finally:
            connection.close()
    return reason


def describe_refusal(server: str, settings: KafkaSettings, error: Exception) -> str:
    """Why no connection came about, as half a sentence with what to do."""
    match error:
        case ssl.SSLCertVerificationError(verify_code=code, verify_message=why):
            if code in _OTHER_NAME:
                what, advice = "is that of another host", "write a name that it has into DESK_KAFKA"
            elif code in _OTHER_TIME:
                what, advice = (
                    "does not count today",
                    "have it renewed, or set this machine's clock",
                )
            else:
                what = f"is not signed by {settings.ca_file or 'an authority of the system'}"
                advice = "set DESK_KAFKA_CA_FILE to the certificate of its authority"
            return f"the certificate of {server} {what} ({why}): {advice}"
        case ssl.SSLError():
            what, advice = f"does not agree on TLS ({error.reason or error})", _OTHER_PORT
        case _ if isinstance(error, _REFUSED):
            what = f"refuses to sign in {settings.username} ({error})"
            advice = (
                "look at DESK_KAFKA_USERNAME, DESK_KAFKA_PASSWORD and DESK_KAFKA_SASL_MECHANISM"
            )
        case KafkaError():
            what, advice = f"does not speak as it is spoken to ({error})", _OTHER_PORT
        case _:
            why = (error.strerror if isinstance(error, OSError) else None) or repr(error)
            what, advice = f"cannot be reached ({why})", "look at DESK_KAFKA, and whether it is up"
    return f"{server} {what}: {advice}"
