"""Whether any broker answers, and if none does, why in words that help."""

import asyncio
import random
import ssl
from datetime import timedelta

from aiokafka.client import AIOKafkaClient
from aiokafka.conn import create_conn
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
    """What happens to a new connection, in half a sentence; None if one of the brokers takes it.

    aiokafka itself says no more than that a node is not ready.
    """
    arguments = kafka_arguments(settings)
    del arguments["bootstrap_servers"]
    reason = None
    for server in settings.servers:
        host, _, port = server.rpartition(":")
        try:
            connection = await create_conn(
                host, int(port), request_timeout_ms=_CONNECTED_WITHIN_MS, **arguments
            )
        except ssl.SSLCertVerificationError as error:
            held = settings.ca_file or "the system's certificates"
            reason = f"the certificate of {server} is not signed by {held}: {error.verify_message}"
        except ssl.SSLError as error:
            reason = f"{server} does not agree on TLS: {error.reason or error}"
        except _REFUSED as error:
            reason = f"{server} refuses to sign in {settings.username}: {error}"
        except (KafkaError, OSError, TimeoutError) as error:
            reason = f"{server} cannot be reached: {error!r}"
        else:
            connection.close()
            return None
    return reason
