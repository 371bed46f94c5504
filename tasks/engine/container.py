"""Look at the instance's container, stop it, start it."""

import math
import time
from typing import Any

import requests

from redis_dr.tasks.engine.client import ask, engine
from redis_dr.tasks.engine.errors import NoSuchContainer, engine_errors
from redis_dr.tasks.model.server.container import ContainerState, Mount

_ANSWER_SECONDS = 30  # beyond the stop's own patience
_ASK_AGAIN_SECONDS = 1.0  # at first, then twice as long each time
_REPEATABLE = {"", "SIGTERM", "TERM", "15"}  # Redis takes a second SIGINT for "without saving"


def inspect(container: str) -> ContainerState:
    """The container's state now. Raises NoSuchContainer, Unreachable."""
    with engine_errors(f"looking at container {container}"):
        return _state(engine().api.inspect_container(container))


def exists(container: str) -> bool:
    """Whether the engine knows the container, running or not. Raises Unreachable."""
    try:
        inspect(container)
    except NoSuchContainer:
        return False
    return True


def stop(container: str, seconds: int) -> ContainerState:
    """Stop by the engine, so that no restart policy brings it back (facts/redis.md 15).

    Asked for again while it lasts: the engine sends its signal once, and the first process of a
    container that was started a moment ago never hears it, not having said yet what it does then.
    Such a stop took all of its patience and ended in a kill (measured: 2 of 12).
    """
    deadline = time.monotonic() + seconds
    with engine_errors(f"stopping container {container}"):
        pause = _ASK_AGAIN_SECONDS if _hears_twice(container) else math.inf
        while not _stopped(container, deadline - time.monotonic(), pause):
            pause *= 2
    return inspect(container)


def _hears_twice(container: str) -> bool:
    config = engine().api.inspect_container(container)["Config"]
    return (config.get("StopSignal") or "") in _REPEATABLE


def _stopped(container: str, left: float, pause: float) -> bool:
    """Ask once; False when no answer came in `pause` seconds, and there is more time `left`."""
    patience = max(0, math.ceil(left))  # then the engine kills
    again = pause < patience
    try:
        wait = pause if again else patience + _ANSWER_SECONDS
        ask("POST", f"/containers/{container}/stop", wait, params={"t": patience})
    except requests.ReadTimeout:
        if again:
            return False
        raise
    return True


def start(container: str) -> None:
    """Start it. Returning proves nothing: a Redis that dies at once also returns (facts 14)."""
    with engine_errors(f"starting container {container}"):
        engine().api.start(container)


def set_restart_policy(container: str, policy: str, retries: int = 0) -> None:
    """Change what the engine does when the process ends, or the engine itself starts anew."""
    with engine_errors(f"setting the restart policy of {container}"):
        rule = {"Name": policy, "MaximumRetryCount": retries}
        engine().api.update_container(container, restart_policy=rule)


def logs(container: str, lines: int = 20) -> str:
    """The last lines that the container said, for an error text."""
    with engine_errors(f"reading the log of {container}"):
        said: bytes = engine().api.logs(container, tail=lines)
        return said.decode(errors="replace").strip()


def _state(said: dict[str, Any]) -> ContainerState:
    state, config, host = said["State"], said["Config"], said["HostConfig"]
    policy = host.get("RestartPolicy") or {}
    return ContainerState(
        id=said["Id"],
        name=said["Name"].lstrip("/"),
        image=config["Image"],
        image_id=said["Image"],
        status=state["Status"],
        exit_code=state["ExitCode"],
        restart_count=said.get("RestartCount", 0),
        restart_policy=policy.get("Name") or "no",
        restart_retries=policy.get("MaximumRetryCount", 0),
        user=config.get("User") or "",
        command=(said.get("Path") or "", *(said.get("Args") or [])),
        mounts=mounts_from(said),
        memory_limit=host.get("Memory") or 0,
        labels=tuple(sorted((config.get("Labels") or {}).items())),
        healthcheck=bool(config.get("Healthcheck")),
        started_at=state.get("StartedAt") or "",
        working_dir=config.get("WorkingDir") or "",
        networks=networks_from(said),
        oom_killed=bool(state.get("OOMKilled")),
        auto_remove=bool(host.get("AutoRemove")),
    )


def networks_from(described: dict[str, Any]) -> tuple[str, ...]:
    """Names of the networks, also of a container that is down."""
    return tuple(sorted((described.get("NetworkSettings") or {}).get("Networks") or {}))


def mounts_from(described: dict[str, Any]) -> tuple[Mount, ...]:
    """`Mounts`, and what `--tmpfs` made: the engine lists that in another place."""
    mounts = [mount_from(item) for item in described.get("Mounts") or []]
    for path, options in (described["HostConfig"].get("Tmpfs") or {}).items():
        mounts.append(Mount("tmpfs", "", path, writable="ro" not in options.split(",")))
    return tuple(mounts)


def mount_from(described: dict[str, Any]) -> Mount:
    """One entry of `Mounts`, as `docker inspect` and the list of containers give it."""
    return Mount(
        kind=described["Type"],
        name=described.get("Name", ""),
        destination=described["Destination"],
        writable=bool(described["RW"]),
        source=described.get("Source") or "",
    )
