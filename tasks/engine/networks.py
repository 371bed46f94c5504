"""Where a container can be reached, and who else is on its networks."""

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.errors import engine_errors


def alone_on_a_bridge(container: str) -> bool:
    """Whether a bridge goes down with this container, no other one being on it.

    Clients that knock while such a bridge comes up are let in about a second late, after a plain
    stop and start, too (measured; docs/restore.md). Raises NoSuchContainer, Unreachable.
    """
    with engine_errors(f"looking at the networks of {container}"):
        api = engine().api
        state = api.inspect_container(container)
        joined = state["NetworkSettings"]["Networks"] or {}
        ids = [network["NetworkID"] for network in joined.values() if network.get("NetworkID")]
        networks = [api.inspect_network(network_id) for network_id in ids]
    bridges = [network for network in networks if network["Driver"] == "bridge"]
    # the engine lists those that run; this one may be stopped
    return any(not (set(bridge.get("Containers") or {}) - {state["Id"]}) for bridge in bridges)


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


def shares_host_network(container: str) -> bool:
    """Whether its addresses are those of the host: then they lead to other containers, too."""
    with engine_errors(f"looking at container {container}"):
        host = engine().api.inspect_container(container)["HostConfig"]
    return str(host.get("NetworkMode")) == "host"
