"""TLS to the server: whom we trust, by which certificate the server knows us."""

import ssl
from pathlib import Path
from typing import Any, Final

from redis.connection import SSLConnection

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.address import read_secret

_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_FILES: Final = ("ca_bundle", "tls_cert_file", "tls_key_file", "tls_key_password_file")
_OTHERS: Final = ("tls_server_name", "tls_min_version", "tls_ciphers")


class NamedSSLConnection(SSLConnection):
    """A TLS connection whose certificate may name another host than the one connected to."""

    def __init__(self, *, server_name: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.server_name = server_name

    def _wrap_socket_with_ssl(self, sock: Any) -> Any:
        host = self.host
        self.host = self.server_name or host  # what redis-py compares the certificate with
        try:
            return super()._wrap_socket_with_ssl(sock)  # type: ignore[no-untyped-call] # redis-py left it out
        finally:
            self.host = host


def tls_options(instance: Instance) -> dict[str, Any]:
    """redis-py's options for TLS; none for a url without it. Raises UsageError."""
    if not instance.url.startswith("rediss:"):
        _require_unused(instance)
        return {}
    for name in _FILES:
        _require_readable(instance, name)
    lowest = instance.tls_min_version
    if bool(instance.tls_cert_file) != bool(instance.tls_key_file):
        raise UsageError(
            f"{instance.name} has only one of tls_cert_file and tls_key_file",
            "set both: a client certificate and its private key",
        )
    return {
        "connection_class": NamedSSLConnection,
        "server_name": instance.tls_server_name,
        "ssl_ca_certs": instance.ca_bundle,
        "ssl_certfile": instance.tls_cert_file,
        "ssl_keyfile": instance.tls_key_file,
        "ssl_password": _key_password(instance),
        "ssl_check_hostname": instance.tls_check_hostname,
        "ssl_min_version": _VERSIONS[lowest] if lowest else None,
        "ssl_ciphers": instance.tls_ciphers,
    }


def _key_password(instance: Instance) -> str:
    if instance.tls_key_password_file is None:
        return ""  # with None, OpenSSL would ask for it on the terminal
    return read_secret(Path(instance.tls_key_password_file), "tls_key_password_file")


def _require_unused(instance: Instance) -> None:
    given = [name for name in (*_FILES, *_OTHERS) if getattr(instance, name)]
    if not instance.tls_check_hostname:
        given.append("tls_check_hostname")
    if given:
        raise UsageError(
            f"{instance.name} has {', '.join(given)}, and a url without TLS",
            "write its url as rediss://HOST:PORT, or take them out",
        )


def _require_readable(instance: Instance, name: str) -> None:
    path = getattr(instance, name)
    if path is None:
        return
    try:
        Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{name} of {instance.name} cannot be read: {path}: {error.strerror}",
            f"correct {name} or the file's rights",
        ) from error
