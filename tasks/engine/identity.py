"""Which engine this is: what tells two hosts with the same container name apart."""

from dataclasses import dataclass

from docker import errors as docker_errors

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.errors import engine_errors


@dataclass(frozen=True, slots=True)
class EngineIdentity:
    """What the engine says of itself; empty where it says nothing that lasts."""

    id: str  # random, made when the engine was installed
    name: str  # name of its host


def engine_identity() -> EngineIdentity:
    """The identity; empty when the engine may not be asked for it. Raises Unreachable."""
    with engine_errors("asking the Docker engine for its ID"):
        api = engine().api
        try:
            first, second = api.info(), api.info()
        except docker_errors.APIError:  # a proxy before the socket that does not pass /info
            return EngineIdentity("", "")
    # Podman makes up another ID for each answer
    lasting = first.get("ID") if first.get("ID") == second.get("ID") else ""
    return EngineIdentity(str(lasting or ""), str(first.get("Name") or ""))
