"""Over TLS, requests go only to the intended server."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from autoforge.dynamodb.client.client import RetryPolicy
from autoforge.dynamodb.client.failures import UncertainError
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.transport.transport import Timeouts, TransportName
from autoforge.errors import UnavailableError
from tests.dynamodb.misbehaving import Talk, always, client_at, http, serving

_GET: Final = Request("GetItem", {"TableName": "t", "Key": {"PK": {"S": "p"}}})
_FOUND: Final[dict[str, Any]] = {"Item": {"PK": {"S": "p"}}}
_LARGE: Final[dict[str, Any]] = {"Item": {"PK": {"S": "p" * 900_000}}}


@pytest.fixture(params=["auto", "botocore"])
def transport(request: pytest.FixtureRequest) -> TransportName:
    """Each transport in turn."""
    way: TransportName = request.param
    return way


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for localhost, its key, and the CA certificate to trust."""
    here = tmp_path_factory.mktemp("authority")
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name("an authority of the tests")
    root = (
        _certificate(root_name, root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(root_key, SHA256())
    )
    issued = (
        _certificate(_name("a server of the tests"), root_name, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
        .sign(root_key, SHA256())
    )
    (here / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (here / "server.pem").write_bytes(issued.public_bytes(Encoding.PEM))
    (here / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return here


@pytest.fixture
def server(authority: Path) -> ssl.SSLContext:
    """The context of a server with the certificate of localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "key.pem")
    return context


@pytest.fixture
def trusted(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the authority by the settings that AWS's tools read."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority / "root.pem"))


def test_requests_go_over_tls_and_keep_the_connection(
    server: ssl.SSLContext, trusted: None, transport: TransportName
) -> None:
    with serving(always(http(_FOUND), http(_LARGE), http(_FOUND)), server) as served:
        client = client_at(served, transport=transport)

        assert [client.send(_GET) for _ in range(3)] == [_FOUND, _LARGE, _FOUND]

    assert len(served.connections) == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=str)
def test_a_connection_made_before_its_first_request_is_used(
    server: ssl.SSLContext, trusted: None, version: ssl.TLSVersion
) -> None:
    """A TLS 1.3 server sends session tickets unasked; they do not mean that it closed."""
    server.maximum_version = version
    with serving(always(http(_FOUND)), server) as served:
        client = client_at(served)
        client.warm()

        assert client.send(_GET) == _FOUND

    assert len(served.connections) == 1


def test_a_connection_that_was_closed_meanwhile_is_not_used_again(
    server: ssl.SSLContext, trusted: None, transport: TransportName
) -> None:
    closed = Event()

    def behave(talk: Talk) -> None:
        talk.request()
        talk.send(http(_FOUND))
        talk.socket.close()
        closed.set()

    with serving(behave, server) as served:
        client = client_at(served, transport=transport)
        took: list[int] = []
        client.observers.append(lambda call: took.append(call.attempts))
        for _ in range(3):
            closed.clear()
            client.send(_GET)
            assert closed.wait(10)

    assert took == [1, 1, 1]


def test_a_server_nobody_vouches_for_is_sent_nothing(
    server: ssl.SSLContext, transport: TransportName
) -> None:
    with (
        serving(always(http(_FOUND)), server) as served,
        pytest.raises(UnavailableError, match=r"(?i)certificate.verify.failed"),
    ):
        client_at(served, transport=transport).send(_GET, repeatable=False)

    assert served.requests == []


def test_a_server_of_another_name_is_sent_nothing(
    server: ssl.SSLContext, trusted: None, transport: TransportName
) -> None:
    with (
        serving(always(http(_FOUND)), server, host="127.0.0.1") as served,
        pytest.raises((UnavailableError, UncertainError)) as caught,
    ):
        client_at(served, transport=transport).send(_GET, repeatable=False)

    assert "127.0.0.1" in str(caught.value.__cause__)
    assert served.requests == []


def test_certificates_that_are_not_there_are_named(
    server: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/there/is/no/such.pem")

    with (
        serving(always(http(_FOUND)), server) as served,
        pytest.raises(UnavailableError, match="SSL validation failed"),
    ):
        client_at(served).send(_GET)


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_whom_botocore_trusts_is_trusted(
    server: ssl.SSLContext,
    authority: Path,
    monkeypatch: pytest.MonkeyPatch,
    transport: TransportName,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, str(authority / "root.pem"))

    with serving(always(http(_FOUND)), server) as served:
        assert client_at(served, transport=transport).send(_GET) == _FOUND


def test_an_answer_cut_off_may_have_been_carried_out(
    server: ssl.SSLContext, trusted: None, transport: TransportName
) -> None:
    def behave(talk: Talk) -> None:
        talk.request()
        talk.send(http(_FOUND)[:-3])

    with serving(behave, server) as served, pytest.raises(UncertainError):
        client_at(served, transport=transport).send(_GET, repeatable=False)


def test_an_answer_that_leaves_tls_may_have_been_carried_out(
    server: ssl.SSLContext, trusted: None, transport: TransportName
) -> None:
    def behave(talk: Talk) -> None:
        talk.request()
        os.write(talk.socket.fileno(), http(_FOUND))

    with serving(behave, server) as served, pytest.raises(UncertainError):
        client_at(served, transport=transport).send(_GET, repeatable=False)


def test_a_server_without_tls_is_sent_nothing(transport: TransportName) -> None:
    received: list[bytes] = []

    def behave(talk: Talk) -> None:
        received.append(talk.socket.recv(65_536))
        talk.send(http(status="400 Bad Request"))

    with serving(behave) as served:
        served.url = served.url.replace("http", "https")
        client = client_at(served, transport=transport, retries=RetryPolicy(attempts=1))
        with pytest.raises(UnavailableError, match=r"SSL|HTTP Client"):
            client.send(_GET)

    assert b"GetItem" not in b"".join(received)


def test_a_handshake_that_never_ends_is_given_up() -> None:
    def silent(talk: Talk) -> None:
        talk.socket.recv(10_000)
        talk.socket.recv(10_000)

    with serving(silent) as served:
        served.url = served.url.replace("http", "https")
        with pytest.raises(UnavailableError, match="Connect timeout"):
            client_at(served, timeouts=Timeouts(connect=0.05)).send(_GET, repeatable=False)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
