"""Where a container can be reached, and who else is on its networks."""

from collections.abc import Mapping

from redis_dr.tasks.engine.client import engine, engine_address
from redis_dr.tasks.engine.errors import engine_errors
from redis_dr.tasks.model.server.engine_host import Binding, engine_host, reachable_address

_USUAL_PORT = 6379


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


def server_ports(container: str) -> tuple[int, ...]:
    """Ports inside the container at which its server may listen, the likeliest first.

    Raises NoSuchContainer, Unreachable.
    """
    with engine_errors(f"looking at container {container}"):
        network = engine().api.inspect_container(container)["NetworkSettings"]
    return candidate_ports(network.get("Ports") or {})


def candidate_ports(ports: Mapping[str, object]) -> tuple[int, ...]:
    """From the engine's `Ports`: the published TCP ports, the usual one first.

    Where none is published: those that the image exposes, else the usual one.
    """
    tcp = {int(port.partition("/")[0]): to for port, to in ports.items() if port.endswith("/tcp")}
    likeliest = sorted(tcp, key=lambda port: (port != _USUAL_PORT, port))
    return tuple(port for port in likeliest if tcp[port]) or tuple(likeliest) or (_USUAL_PORT,)


def published_address(container: str, port: int = 6379) -> tuple[str, int]:
    """Host and port at which this machine reaches the container's port.

    Raises NoSuchContainer, and Unreachable when the engine's answer does not tell it.
    """
    with engine_errors(f"looking at container {container}"):
        network = engine().api.inspect_container(container)["NetworkSettings"]
        address = engine_address()
    bindings = [
        Binding(one.get("HostIp") or "", int(one["HostPort"]))
        for one in (network.get("Ports") or {}).get(f"{port}/tcp") or []
    ]
    joined = (network.get("Networks") or {}).values()
    own = [(str(one["IPAddress"]), port) for one in joined if one.get("IPAddress")]
    return reachable_address(container, engine_host(address), bindings, own)


def shares_host_network(container: str) -> bool:
    """Whether its addresses are those of the host: then they lead to other containers, too."""
    with engine_errors(f"looking at container {container}"):
        host = engine().api.inspect_container(container)["HostConfig"]
    return str(host.get("NetworkMode")) == "host"
