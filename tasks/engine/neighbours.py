"""Who else is on the instance's networks."""

from tasks.engine.client import engine
from tasks.engine.errors import engine_errors


def alone_on_a_bridge(container: str) -> bool:
    """Whether a bridge goes down with this container, no other one being on it.

    Clients that knock while such a bridge comes up are let in about a second late, after a plain
    stop and start, too (measured; docs/restore.md). Raises NoSuchContainer, Unreachable.
    """
    with engine_errors(f"looking at the networks of {container}"):
        api = engine().api
        joined = api.inspect_container(container)["NetworkSettings"]["Networks"] or {}
        ids = [one["NetworkID"] for one in joined.values() if one.get("NetworkID")]
        found = [api.inspect_network(one) for one in ids]
    bridges = [one for one in found if one["Driver"] == "bridge"]
    return any(len(one.get("Containers") or {}) <= 1 for one in bridges)
