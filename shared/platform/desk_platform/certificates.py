"""Certificates that lie in files and may be replaced while a service runs."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from desk_platform.settings import KafkaSettings
from desk_platform.settings.fingerprint import Fingerprint, find_fingerprint
from desk_platform.telemetry import get_logger

log = get_logger()


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Whom a client believes, and who it says that it is; the system's authorities if not given."""

    ca: Path | None
    certificate: Path | None = None
    key: Path | None = None

    @classmethod
    def of_kafka(cls, settings: KafkaSettings) -> Self:
        return cls(settings.ca_file, settings.cert_file, settings.key_file)

    def make_context(self) -> ssl.SSLContext:
        """A client's context from what the files hold now; raises `OSError` or `ssl.SSLError`."""
        context = ssl.create_default_context(cafile=self.ca)
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context

    def fingerprints(self) -> tuple[Fingerprint | None, ...]:
        """These change whenever one of the files is replaced."""
        files = (self.ca, self.certificate, self.key)
        return tuple(find_fingerprint(file) for file in files if file)


class RotatingContext(ssl.SSLContext):
    """A client's context whose every handshake uses what the files hold at that moment.

    Clients keep the context that they were made with; connections that are open stay so. An
    authority that is not in the file any more is not believed any more.
    """

    _files: CertificateFiles
    _seen: tuple[Fingerprint | None, ...]
    _current: ssl.SSLContext

    def __new__(cls, files: CertificateFiles) -> Self:
        """Raises as `CertificateFiles.make_context` does."""
        made = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        made._files, made._seen = files, files.fingerprints()
        made._current = files.make_context()
        return made

    def wrap_bio(self, *arguments: Any, **named: Any) -> ssl.SSLObject:
        """As the standard library's; asyncio's and uvloop's handshakes begin here."""
        self._follow_files()
        return self._current.wrap_bio(*arguments, **named)

    def _follow_files(self) -> None:
        """While files are half replaced, and do not fit each other, the last good ones stand."""
        if (seen := self._files.fingerprints()) == self._seen:
            return
        try:
            self._current = self._files.make_context()
        except (OSError, ssl.SSLError) as error:
            log.warning("certificates_unreadable", files=str(self._files), reason=str(error))
            return
        self._seen = seen
        log.info("certificates_replaced", ca=str(self._files.ca))
