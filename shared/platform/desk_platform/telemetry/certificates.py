"""When the certificates end that a service was given as files: read anew whenever somebody asks."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from desk_platform.telemetry import names


def observe_certificates(meter: Meter, files: Mapping[str, Path | None]) -> None:
    """A figure for each file: the end of that certificate in it which ends first.

    A file that is not there, or holds no certificate, has none: nobody knows.
    """

    given = {name: path for name, path in files.items() if path}

    def look(_: CallbackOptions) -> Iterator[Observation]:
        if given:
            from cryptography import x509  # noqa: PLC0415  (imports much; few have such a file)
        for name, path in given.items():
            with suppress(OSError, ValueError):
                chain = x509.load_pem_x509_certificates(path.read_bytes())
                ends = [certificate.not_valid_after_utc.timestamp() for certificate in chain]
                if ends:
                    yield Observation(min(ends), {names.CERTIFICATE: name})

    meter.create_observable_gauge(
        names.CERTIFICATE_EXPIRES, [look], "s", "Unix time at which a certificate ends"
    )
