"""An authority that signs certificates of this machine, for a day or so many."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from desk_local.ports import HOST

_DAY = timedelta(days=1)


class Authority:
    """Signs certificates of 127.0.0.1."""

    def __init__(self, name: str, days: int = 1) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        self._begins_at, self._ends_at = now - _DAY, now + days * _DAY
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._begin(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self._certificate = certificate.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        """What clients are to believe."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def sign(self) -> bytes:
        """A key and a certificate that it signs, as one text."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
        alternatives = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
        certificate = self._begin(name, key).add_extension(alternatives, critical=False)
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        signed = certificate.sign(self._key, hashes.SHA256())
        return text + signed.public_bytes(serialization.Encoding.PEM)

    def _begin(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._begins_at)
            .not_valid_after(self._ends_at)
        )
