"""The mail server that takes links for those who cannot sign in, and what their owners read."""

import re
from collections import defaultdict
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from desk_local.ports import HOST, free_ports

PAGE = "https://desk.example/recover"
_LINK = re.compile(re.escape(PAGE) + r"#password\.(?P<token>\S+)")


class LinkBox:
    """Takes everything; `tokens` are by address, the newest last."""

    def __init__(self) -> None:
        self.tokens: dict[str, list[str]] = defaultdict(list)
        [self.port] = free_ports(1)
        self._controller = Controller(self, hostname=HOST, port=self.port)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep the token for whom it is."""
        mail = message_from_bytes(envelope.content or b"", policy=default)  # type: ignore[arg-type]  # bytes, as asked
        if isinstance(mail, EmailMessage):
            link = _LINK.search(mail.get_content())
            if link is not None:
                self.tokens[str(mail["To"])].append(link["token"])
        return "250 kept"

    def variables(self) -> dict[str, str]:
        """What intake is told of it."""
        return {
            "INTAKE_RECOVERY_PAGE": PAGE,
            "INTAKE_RELAY_HOST": HOST,
            "INTAKE_RELAY_PORT": str(self.port),
            "INTAKE_RELAY_SECURITY": "none",
        }
