"""How to reach Kafka: the settings as aiokafka's and as FastStream's arguments."""

import ssl
from typing import TypedDict

from aiokafka.client import AIOKafkaClient
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from desk_platform.certificates import CertificateFiles, RotatingContext
from desk_platform.kafka.closed_transports import refuse_closed_transports
from desk_platform.kafka.decompression import bound_batches
from desk_platform.kafka.metadata_retries import wait_between_metadata_requests
from desk_platform.kafka.torn_starts import close_torn_starts
from desk_platform.settings import KafkaSettings, SaslMechanism

# Here, since every client of the desk takes its connection from this module.
bound_batches()
wait_between_metadata_requests()
close_torn_starts()
refuse_closed_transports()


class KafkaArguments(TypedDict, total=False):
    """aiokafka's connection arguments, as far as we use them."""

    bootstrap_servers: str
    security_protocol: str
    ssl_context: ssl.SSLContext | None
    sasl_mechanism: str
    sasl_plain_username: str
    sasl_plain_password: str


def kafka_arguments(settings: KafkaSettings) -> KafkaArguments:
    """The connection for a plain aiokafka client."""
    arguments = KafkaArguments(
        bootstrap_servers=settings.bootstrap,
        security_protocol=settings.security.value,
        ssl_context=_ssl_context(settings),
    )
    if settings.security.has_login:
        arguments["sasl_mechanism"] = settings.sasl_mechanism.value
        arguments["sasl_plain_username"] = settings.username or ""
        arguments["sasl_plain_password"] = _password(settings)
    return arguments


def faststream_security(settings: KafkaSettings) -> BaseSecurity | None:
    """The same connection in FastStream's words."""
    context = _ssl_context(settings)
    if not settings.security.has_login:
        return None if context is None else BaseSecurity(ssl_context=context, use_ssl=True)
    kinds = {
        SaslMechanism.PLAIN: SASLPlaintext,
        SaslMechanism.SCRAM_SHA_256: SASLScram256,
        SaslMechanism.SCRAM_SHA_512: SASLScram512,
    }
    return kinds[settings.sasl_mechanism](
        settings.username or "",
        _password(settings),
        ssl_context=context,
        use_ssl=context is not None,
    )


def renew_login(client: AIOKafkaClient, settings: KafkaSettings) -> None:
    """Have it sign in with the password of now where it connects from now on.

    aiokafka keeps the one that it was made with, and a password in a file may be replaced.
    """
    if settings.security.has_login:
        client._sasl_plain_password = _password(settings)  # noqa: SLF001 (nothing public takes it)


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    if not settings.security.has_tls:
        return None
    return RotatingContext(CertificateFiles.of_kafka(settings))


def _password(settings: KafkaSettings) -> str:
    return settings.password.get_secret_value() if settings.password else ""
