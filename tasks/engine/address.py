"""Where a container's Redis can be reached from this machine, as the engine tells."""

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.errors import engine_errors


def published_address(container: str, port: int = 6379) -> tuple[str, int] | None:
    """Host and port that the engine publishes for the container's port, or its own address.

    None when there is neither. Raises NoSuchContainer, Unreachable.
    """
    with engine_errors(f"looking at container {container}"):
        network = engine().api.inspect_container(container)["NetworkSettings"]
    for binding in (network.get("Ports") or {}).get(f"{port}/tcp") or []:
        host = binding.get("HostIp") or "127.0.0.1"
        anywhere = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}  # noqa: S104 read, not bound
        return anywhere.get(host, host), int(binding["HostPort"])
    for joined in (network.get("Networks") or {}).values():
        if joined.get("IPAddress"):
            return str(joined["IPAddress"]), port
    return None
