"""Mails as people's programs and machines write them."""

from email.message import EmailMessage
from email.policy import SMTP

DESK, ANA = "desk@desk.example", "ana@desk.example"
FIRST = "<first@desk.example>"


def mail(
    text: str = "It asks for the password again and again.",
    subject: str = "The VPN does not connect",
    sender: str = f"Ana <{ANA}>",
    to: str = DESK,
    id: str = FIRST,
    **headers: str,
) -> EmailMessage:
    """A mail; headers are written with `_` for `-`, an empty one is left out."""
    made = EmailMessage(policy=SMTP)
    given = {"From": sender, "To": to, "Subject": subject, "Message-ID": id}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in given.items():
        if value:
            made[name] = value
    made.set_content(text)
    return made


def nested(levels: int) -> bytes:
    """A mail of parts within parts, made by hand: the standard library would not write it."""
    lines = [f"From: {ANA}", f"To: {DESK}", "Subject: Deep", f"Message-ID: {FIRST}"]
    for level in range(levels):
        lines += [f'Content-Type: multipart/mixed; boundary="b{level}"', "", f"--b{level}"]
    lines += ["Content-Type: text/plain", "", "the core", ""]
    lines += [f"--b{level}--" for level in reversed(range(levels))]
    return "\r\n".join(lines).encode()
