"""What an engine that does not answer is said to suffer from: its own reason, and what to do."""

import os
import shutil
import ssl
from pathlib import Path

import pytest
import requests
import urllib3

from redis_dr.tasks.engine import client
from redis_dr.tasks.engine.errors import engine_errors
from redis_dr.tasks.engine.fault import fault_of
from redis_dr.tasks.model.errors import RedisDrError, Unreachable, UsageError
from tests.support.certificates import make_certificates
from tests.support.ports import free_port
from tests.support.tls_engine import engine_over_tls


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No client of another test, and no setting but the test's own."""
    for name in ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    client._client.cache_clear()


def _fault(monkeypatch: pytest.MonkeyPatch, host: str) -> RedisDrError:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(RedisDrError) as raised:
        client.engine(2)
    client._client.cache_clear()
    return raised.value


@pytest.mark.parametrize("host", ["nonsense://x", "tcp://host", "foo", "tcp://h:99999"])
def test_a_bad_docker_host_is_wrong_configuration(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Not an engine that should be started."""
    error = _fault(monkeypatch, host)
    assert isinstance(error, UsageError)
    assert "DOCKER_HOST is not the address of an engine" in error.problem


def test_a_socket_that_is_not_there_and_a_port_where_nobody_listens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the real SDK, against the real kernel."""
    gone = _fault(monkeypatch, f"unix://{tmp_path}/gone.sock")
    assert f"no socket of a Docker engine at unix://{tmp_path}/gone.sock" in gone.problem
    refused = _fault(monkeypatch, f"tcp://127.0.0.1:{free_port()}")
    assert "nothing listens at tcp://127.0.0.1" in refused.problem
    assert isinstance(refused, Unreachable)


def test_ssh_without_paramiko_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no dependency of ours. The user's name in the address is nobody's business."""
    error = _fault(monkeypatch, "ssh://somebody@engine.example")
    assert "paramiko is not installed" in error.problem
    assert "somebody" not in str(error)


def test_certificates_that_are_not_there_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """DOCKER_CERT_PATH without the files."""
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    error = _fault(monkeypatch, "tcp://127.0.0.1:2376")
    assert "TLS settings" in error.problem
    assert "DOCKER_CERT_PATH" in error.remedy


def test_a_socket_without_permission_is_said_to_be_one() -> None:
    """As requests wraps it; root, as which tests may run, is refused no socket."""
    inner = PermissionError(13, "Permission denied")
    wrapped = requests.ConnectionError(urllib3.exceptions.ProtocolError("aborted", inner))
    with pytest.raises(Unreachable) as raised, engine_errors("looking"):
        raise wrapped
    assert "no permission on the socket" in raised.value.problem
    assert "group docker" in raised.value.remedy


def test_an_unknown_ca_is_said_to_be_one() -> None:
    """As requests wraps it: SSLError(MaxRetryError(reason=SSLError(SSLCertVerificationError)))."""
    inner = ssl.SSLCertVerificationError(1, "certificate verify failed")
    inner.verify_message = "self-signed certificate in certificate chain"
    retry = urllib3.exceptions.MaxRetryError(
        urllib3.HTTPSConnectionPool("h"), "/", urllib3.exceptions.SSLError(inner)
    )
    fault = fault_of(requests.exceptions.SSLError(retry))
    assert "is not trusted: self-signed certificate" in fault.reason
    assert "ca.pem" in fault.remedy


def test_a_real_engine_port_with_another_ca(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The handshake of the real SDK; a CA bundle of other programs does not help or harm."""
    folders = [tmp_path / "ours", tmp_path / "others"]
    for folder in folders:
        folder.mkdir()
    certificates, others = (make_certificates(folder) for folder in folders)
    with engine_over_tls("unix:///nowhere", certificates, tmp_path) as environment:
        shutil.copy(others.ca_bundle, Path(environment["DOCKER_CERT_PATH"], "ca.pem"))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.ca_bundle))
        error = _fault(monkeypatch, environment["DOCKER_HOST"])
    assert "certificate of the Docker engine is not trusted" in error.problem
    assert "ca.pem" in error.remedy


def test_what_is_not_known_keeps_its_name() -> None:
    """No invented reason."""
    assert "(ReadTimeout)" in fault_of(requests.ReadTimeout()).reason
    assert os.strerror(28) not in fault_of(OSError(28, "x")).reason
