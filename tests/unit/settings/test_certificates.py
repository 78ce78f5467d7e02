"""Every handshake uses the certificates that the files hold at that moment."""

import ssl
from pathlib import Path

import pytest
from desk_platform.certificates import CertificateFiles, RotatingContext

from tests.support.authority import Authority


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """In memory; raises what the client finds wrong."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        for end in tuple(ends):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            ends.remove(end)


def server_of(authority: Authority, folder: Path) -> ssl.SSLContext:
    file = folder / "server.pem"
    file.write_bytes(authority.sign())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_an_authority_that_replaces_another_is_believed_and_the_other_is_not(
    tmp_path: Path,
) -> None:
    before, after, ca = Authority("before"), Authority("after"), tmp_path / "ca.pem"
    ca.write_bytes(before.pem)
    client = RotatingContext(CertificateFiles(ca))
    shake_hands(client, server_of(before, tmp_path))
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client, server_of(after, tmp_path))
    ca.write_bytes(after.pem)
    shake_hands(client, server_of(after, tmp_path))
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client, server_of(before, tmp_path))


def test_while_a_file_holds_no_certificate_the_last_one_is_believed(tmp_path: Path) -> None:
    authority, ca = Authority("any"), tmp_path / "ca.pem"
    ca.write_bytes(authority.pem)
    client = RotatingContext(CertificateFiles(ca))
    ca.write_bytes(b"half a certif")
    shake_hands(client, server_of(authority, tmp_path))
    ca.unlink()
    shake_hands(client, server_of(authority, tmp_path))


def test_a_client_shows_the_certificate_of_now(tmp_path: Path) -> None:
    before, after, ca = Authority("before"), Authority("after"), tmp_path / "ca.pem"
    ca.write_bytes(before.pem)
    own = tmp_path / "client.pem"
    own.write_bytes(before.sign())
    server = server_of(before, tmp_path)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=after.pem.decode())
    client = RotatingContext(CertificateFiles(ca, own, own))
    with pytest.raises(ssl.SSLError):
        shake_hands(client, server)
    own.write_bytes(after.sign())
    shake_hands(client, server)
