"""On which host an engine runs, and at which address a published port can be reached. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from redis_dr.tasks.model.errors import Unreachable

LOCAL: Final = "127.0.0.1"
_SOCKETS: Final = frozenset({"", "unix", "http+unix", "npipe", "fd"})


@dataclass(frozen=True, slots=True)
class Binding:
    """One published port, as the engine describes it."""

    host: str  # address of the engine's host on which it is published; "": on all of them
    port: int


def engine_host(address: str) -> str:
    """The host of the engine at this address (DOCKER_HOST, or a context's); LOCAL for a socket."""
    text = address.strip()
    parts = urlsplit(text if "://" in text else f"tcp://{text}" if text else "")
    if parts.scheme in _SOCKETS:
        return LOCAL
    return parts.hostname or LOCAL


def reachable_address(
    container: str, host: str, bindings: Sequence[Binding], own: Sequence[tuple[str, int]]
) -> tuple[str, int]:
    """Where this machine reaches the container. Raises Unreachable, which asks for --url.

    `host` is the engine's host, `own` are the container's addresses on its networks.
    """
    here = _loopback(host)
    for binding in bindings:
        if not _anywhere(binding.host) and _loopback(binding.host) and not here:
            continue  # the loopback of another machine
        if _anywhere(binding.host):
            return (LOCAL if here else host), binding.port
        return binding.host, binding.port
    if own and here:
        return own[0]
    raise Unreachable(_why_not(container, host, bindings, here=here), _REMEDY)


_REMEDY: Final = "name its address as this machine reaches it: --url redis://HOST:PORT"


def _why_not(container: str, host: str, bindings: Sequence[Binding], *, here: bool) -> str:
    if here:
        return f"{container} publishes no port and has no address that this machine knows"
    if not bindings:
        return f"{container} publishes no port, and its engine runs on another host, {host}"
    places = ", ".join(f"{one.host}:{one.port}" for one in bindings)
    return (
        f"{container} is published on {places} of {host} only, where this machine cannot reach it"
    )


def _anywhere(host: str) -> bool:
    return host in {"", "0.0.0.0", "::", "[::]"}  # noqa: S104 read, not bound


def _loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
