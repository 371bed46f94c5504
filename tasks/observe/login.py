"""How the client in a container reaches and logs in to the server there."""

from collections.abc import Mapping

from redis_dr.tasks.engine.sandbox import Access
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.address import password_of

_TLS_FILES = {"tls-cert-file": "--cert", "tls-key-file": "--key", "tls-ca-cert-file": "--cacert"}


def client_login(instance: Instance) -> Access:
    """How the client logs in: the password comes by its environment."""
    password = password_of(instance)
    if not password:
        return Access()
    user = ("--user", instance.username) if instance.username else ()
    return Access(user, {"REDISCLI_AUTH": password})


def tls_arguments(running: Mapping[str, str]) -> tuple[str, ...]:
    """Arguments for a server that speaks only TLS: its own certificate may ask it."""
    if running.get("tls-port", "0") == "0":
        return ()
    files = ((option, running.get(name, "")) for name, option in _TLS_FILES.items())
    return ("--tls", "--insecure", *(word for pair in files if pair[1] for word in pair))
