"""Ed25519 over the exact bytes of a document, with what it is meant for in front. Pure.

The text that was signed travels as it is, so nobody has to agree on how JSON is written. The
purpose is part of what is signed: a command can never be shown as a policy.
https://www.rfc-editor.org/rfc/rfc8032
"""

import base64
import binascii
import hashlib
from typing import Final

from desk_contracts.errors import Invalid

KEY_BYTES: Final = 32
_ID_LENGTH: Final = 16


class Signer:
    """Signs with one private key: 32 bytes in base64, as `openssl rand -base64 32` makes them."""

    def __init__(self, private_key: str) -> None:
        """Raises `Invalid` for what is no key."""
        # Here and below, since most services sign nothing: the library takes 9 MB and 30 ms.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
            Ed25519PrivateKey,
        )

        self._key = Ed25519PrivateKey.from_private_bytes(_read_key(private_key))
        public = self._key.public_key().public_bytes_raw()
        self.public_key = base64.b64encode(public).decode()
        self.key_id = identify_key(self.public_key)

    def sign(self, purpose: str, document: str) -> str:
        """The signature in base64; the same text under the same key has the same one."""
        return base64.b64encode(self._key.sign(_bytes_of(purpose, document))).decode()


def is_signed(public_key: str, purpose: str, document: str, signature: str) -> bool:
    """Whether the holder of the key signed this very text for this purpose."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PublicKey,
    )

    key = Ed25519PublicKey.from_public_bytes(_read_key(public_key))
    try:
        key.verify(base64.b64decode(signature, validate=True), _bytes_of(purpose, document))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def identify_key(public_key: str) -> str:
    """The name of a key: the beginning of its digest, so that two keys never share one."""
    return hashlib.sha256(_read_key(public_key)).hexdigest()[:_ID_LENGTH]


def digest_of(document: str) -> str:
    """What an answer names to say which text it answers."""
    return hashlib.sha256(document.encode(errors="surrogatepass")).hexdigest()


def _bytes_of(purpose: str, document: str) -> bytes:
    return f"{purpose}\n{document}".encode(errors="surrogatepass")


def _read_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("a key is 32 bytes in base64; this is no base64", code="bad-key") from error
    if len(key) != KEY_BYTES:
        raise Invalid(f"a key has 32 bytes in base64; this one has {len(key)}", code="bad-key")
    return key
