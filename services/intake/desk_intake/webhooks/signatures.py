"""Whether a call was signed with our secret, and not too long ago.

Pure: time comes in. https://www.standardwebhooks.com and, for hexadecimal digests of the body with
or without its time, what Grafana and many others send.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from desk_intake.webhooks.charter import Proof, Webhook

# Clocks differ, and calls wait; what is older was heard by somebody else, perhaps.
WINDOW = timedelta(minutes=5)
_PREFIX = "whsec_"


def is_signed(
    webhook: Webhook, secret: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> bool:
    """Whether the signature fits, by the way of proof that the webhook has."""
    if webhook.proof is Proof.STANDARD_WEBHOOKS:
        return _is_standard(secret, headers, body, now)
    given = headers.get(webhook.signature_header.lower(), "").strip().lower()
    signed = body
    if webhook.timestamp_header is not None:
        sent = headers.get(webhook.timestamp_header.lower(), "")
        if not is_recent(sent, now):
            return False
        signed = sent.encode() + b":" + body
    digest = hmac.new(secret.encode(), signed, sha256).hexdigest()
    return hmac.compare_digest(digest.encode(), given.removeprefix("sha256=").encode())


def is_recent(seconds: str, now: datetime) -> bool:
    """Whether a time in seconds since 1970 lies within the window around now."""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
        return False
    return abs(now.timestamp() - int(seconds)) <= WINDOW.total_seconds()


def _is_standard(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    sent = headers.get("webhook-timestamp", "")
    if not is_recent(sent, now):
        return False
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    signed = f"{headers.get('webhook-id', '')}.{sent}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, sha256).digest())
    given = [item.removeprefix("v1,") for item in headers.get("webhook-signature", "").split()]
    return any(hmac.compare_digest(expected, item.encode()) for item in given)
