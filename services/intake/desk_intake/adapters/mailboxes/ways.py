"""The ways in for mail that the settings ask for: SMTP, and a mailbox that is polled."""

import ssl

from desk_charter.desk import Desk
from desk_platform.kafka import Projection

from desk_intake.mail.store import MAILS
from desk_intake.mail.worker import MailDesk
from desk_intake.settings import IntakeSettings
from desk_intake.tickets.api.deps import TicketDeps


def take_mail(desk: Desk, settings: IntakeSettings, deps: TicketDeps) -> None:
    """Mail by SMTP and from a mailbox, where the settings ask for it."""
    mails = desk.documents(MAILS)
    records = desk.commands(desk.unit_of_work("mails", Projection(mails), cached=0))
    mail = MailDesk(deps, mails, records, settings.reply_secret, settings.authserv_id or "")
    # Without mail what speaks its protocols need not be loaded.
    if settings.smtp_port is not None:
        from desk_intake.adapters.mailboxes.smtp import SmtpReceiver, SmtpWay  # noqa: PLC0415

        tls = None
        if settings.smtp_cert_file and settings.smtp_key_file:
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            tls.load_cert_chain(settings.smtp_cert_file, settings.smtp_key_file)
        host, port, most = settings.http_host, settings.smtp_port, settings.smtp_connections
        desk.part("smtp", SmtpReceiver(mail, SmtpWay(host, port, settings.mail_bytes, most, tls)))
    if settings.imap_host and settings.imap_username and settings.imap_password:
        from desk_intake.adapters.mailboxes.imap import (  # noqa: PLC0415
            COMPONENT,
            ImapAccount,
            ImapPoll,
        )

        account = ImapAccount(
            settings.imap_host,
            settings.imap_port,
            settings.imap_username,
            settings.imap_password,
            settings.mail_bytes,
            settings.imap_folder,
            settings.imap_security,
            settings.imap_ca_file,
        )
        desk.health.expect(COMPONENT, required=False)
        poll = ImapPoll(mail, account, settings.imap_interval, desk.clock, desk.health)
        desk.job(COMPONENT, poll.run)
