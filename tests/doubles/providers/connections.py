"""Faults below HTTP: certificates that nobody should trust, ports where nobody listens."""

import ipaddress
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.control_plane.certificates import USAGES

Kind = Literal["valid", "self_signed", "expired", "wrong_host"]
Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Tls:
    """For a server's `tls=…`, and what a client needs to trust its authority."""

    server: ssl.SSLContext
    authority: str
    """PEM, for `ssl.create_default_context(cadata=…)`: only `valid` then passes."""

    def client(self) -> ssl.SSLContext:
        """Trusts the authority, and still checks dates and host names."""
        return ssl.create_default_context(cadata=self.authority)


def tls(kind: Kind = "self_signed") -> Tls:
    """A new certificate of that kind, for 127.0.0.1."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _certificate("tests' authority", ca_key, _name("tests' authority"), ca_key, ca=True)
    if kind == "self_signed":
        leaf = _certificate("127.0.0.1", key, _name("127.0.0.1"), key)
    else:
        host = "203.0.113.7" if kind == "wrong_host" else "127.0.0.1"
        ends = -1 if kind == "expired" else 1
        leaf = _certificate(host, key, ca.subject, ca_key, ends=ends)
    pem = ca.public_bytes(serialization.Encoding.PEM).decode()
    return Tls(_context(leaf, key), pem)


@contextmanager
def refusing() -> Iterator[str]:
    """The address of a port where connections are refused for as long as this lasts."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def _context(leaf: x509.Certificate, key: Key) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "both.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + secret)
        context.load_cert_chain(file)
    return context


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    common: str, key: Key, issuer: x509.Name, signer: Key, *, ca: bool = False, ends: int = 1
) -> x509.Certificate:
    now = datetime.now(UTC)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = (
        x509.CertificateBuilder(subject_name=_name(common))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=ends))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(authority, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if not ca:
        address = x509.IPAddress(ipaddress.ip_address(common))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    else:
        builder = builder.add_extension(_signs(), critical=True)
    return builder.sign(signer, hashes.SHA256())


def _signs() -> x509.KeyUsage:
    granted = ("key_cert_sign", "crl_sign")
    return x509.KeyUsage(**{usage: usage in granted for usage in USAGES})
