"""Look at the other containers of the engine: which of them write to an instance's data."""

from pathlib import PurePosixPath
from typing import Any

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.container import inspect, mount_from, networks_from
from redis_dr.tasks.engine.errors import NoSuchContainer, NotPossibleNow, engine_errors
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.neighbours import (
    Running,
    apart,
    may_serve,
    on_place,
    place_of,
)


def running_containers() -> tuple[Running, ...]:
    """Every running container of the engine. Raises Unreachable."""
    with engine_errors("listing the containers"):
        described = engine().api.containers()
    return tuple(
        Running(
            id=item["Id"],
            name=(item.get("Names") or [item["Id"][:12]])[0].lstrip("/"),
            image=item.get("Image") or "",
            command=item.get("Command") or "",
            labels=tuple(sorted((item.get("Labels") or {}).items())),
            mounts=tuple(mount_from(mount) for mount in item.get("Mounts") or []),
            networks=networks_from(item),
        )
        for item in described
    )


def servers_on_data(
    instance: ContainerState, folder: str, running: tuple[Running, ...] | None = None
) -> tuple[str, ...]:
    """Names of other running containers that may serve from the folder. Raises Unreachable.

    A folder in the container's own layer is shared with nobody. Other engines on a network volume
    are not seen.
    """
    devices = _devices()
    place = place_of(instance.mounts, folder, devices)
    if place is None:
        return ()
    others = [
        container
        for container in (running_containers() if running is None else running)
        if container.id != instance.id
        and not container.ours
        and on_place(container.mounts, place, devices)
    ]
    serving = []
    for other in others:
        try:
            state = inspect(other.id)
            processes = process_titles(other.id)
        except NoSuchContainer:
            continue  # it ended meanwhile
        if may_serve(state, processes, instance) and not apart(state, place, devices):
            serving.append(other.name)
    return tuple(serving)


def helpers_on_data(instance: ContainerState, folder: str, own: str) -> tuple[str, ...]:
    """Names of the helper containers of other containers that work on the same folder."""
    devices = _devices()
    place = place_of(instance.mounts, folder, devices)
    if place is None:
        return ()
    return tuple(
        container.name
        for container in running_containers()
        if container.id != own
        and container.is_helper
        and on_place(container.mounts, place, devices)
        and not _elsewhere(container, place, devices)
    )


def _elsewhere(helper: Running, place: PurePosixPath, devices: dict[str, str]) -> bool:
    """Whether the server that it helps has another data directory on the same volume."""
    try:
        return apart(inspect(helper.name.rpartition(".")[0]), place, devices)
    except NoSuchContainer:
        return False


def _devices() -> dict[str, str]:
    """What each volume stands for: with the local driver's `device` that, else its directory."""
    with engine_errors("listing the volumes"):
        volumes = engine().api.volumes().get("Volumes") or []
    return {volume["Name"]: _device(volume) for volume in volumes}


def _device(volume: dict[str, Any]) -> str:
    options = volume.get("Options") or {}
    device = options.get("device", "")
    if not device or options.get("type") == "tmpfs":
        return str(volume.get("Mountpoint") or "")
    address = [word for word in options.get("o", "").split(",") if word.startswith("addr=")]
    return "/".join([*address, device]) if address else device


def process_titles(container_id: str) -> tuple[str, ...] | None:
    """Command lines of its processes; None when the engine cannot list them."""
    try:
        with engine_errors(f"listing the processes of {container_id[:12]}"):
            table = engine().api.top(container_id)
    except NoSuchContainer:
        raise
    except (NotPossibleNow, RedisDrError):
        return None  # just starting, or an engine without `top`
    column = (table.get("Titles") or ["CMD"]).index("CMD")
    return tuple(row[column] for row in table.get("Processes") or [])
