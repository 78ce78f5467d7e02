"""When a certificate ends is a figure, true at the moment it is asked for; unknown is none."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from desk_platform.telemetry import names
from desk_platform.telemetry.certificates import observe_certificates
from desk_testing.telemetry import record_telemetry

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")])


def certificate(ends: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOON - timedelta(days=1))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def test_the_first_end_of_a_file_is_told_and_follows_the_file(tmp_path: Path) -> None:
    recorded, file = record_telemetry(), tmp_path / "ca.crt"
    observe_certificates(recorded.telemetry.meter, {"kafka-ca": file, "kafka-client": None})
    assert not recorded.has(names.CERTIFICATE_EXPIRES)
    early, late = NOON + timedelta(days=3), NOON + timedelta(days=300)
    file.write_bytes(certificate(late) + certificate(early))
    ends = recorded.value(names.CERTIFICATE_EXPIRES, desk__certificate="kafka-ca")
    assert ends == early.timestamp()
    file.write_bytes(certificate(late))
    assert recorded.value(names.CERTIFICATE_EXPIRES) == late.timestamp()


def test_what_is_no_certificate_has_no_end(tmp_path: Path) -> None:
    recorded, file = record_telemetry(), tmp_path / "ca.crt"
    file.write_bytes(b"rubbish")
    observe_certificates(recorded.telemetry.meter, {"kafka-ca": file})
    assert not recorded.has(names.CERTIFICATE_EXPIRES)
