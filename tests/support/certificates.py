"""A certificate authority for one test session; certificates for 127.0.0.1 and for a client."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: whom both sides trust, what the server shows, what a client shows."""

    ca_bundle: Path
    certificate: Path
    key: Path
    client_certificate: Path
    client_key: Path

    def locked_key(self, folder: Path, password: str) -> Path:
        """The client's key behind a password."""
        key = serialization.load_pem_private_key(self.client_key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        target = folder / "locked.key"
        _write_key(target, key, serialization.BestAvailableEncryption(password.encode()))
        return target


def make_certificates(folder: Path) -> Certificates:
    """Write a fresh CA, a server certificate for localhost and a client's; valid one day."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    ca_key, server_key, client_key = keys
    ca_name = _name("redis-dr test CA")
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    server = (
        _builder(_name("127.0.0.1"), ca_name, server_key.public_key())
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    client = _builder(_name("client"), ca_name, client_key.public_key()).sign(
        ca_key, hashes.SHA256()
    )
    names = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")
    made = Certificates(*(folder / name for name in names))
    for path, certificate in (
        (made.ca_bundle, ca),
        (made.certificate, server),
        (made.client_certificate, client),
    ):
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    for path, key in ((made.key, server_key), (made.client_key, client_key)):
        _write_key(path, key, serialization.NoEncryption())
    return made


def _write_key(
    path: Path,
    key: ec.EllipticCurvePrivateKey,
    encryption: serialization.KeySerializationEncryption,
) -> None:
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, encryption))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
