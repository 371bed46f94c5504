"""Other containers of the same engine, and which of them may serve from the same data. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from redis_dr.tasks.model.server.container import ContainerState, Mount
from redis_dr.tasks.model.server.target import options_of

# of a process as the engine lists it, or of a command line
_SERVER = re.compile(r"(redis|valkey|keydb)-server|dragonfly|keydb", re.IGNORECASE)
_SENTINEL = re.compile(r"sentinel", re.IGNORECASE)
# labels of our containers
_HELPER, _SANDBOX = "redis-dr.operation", "redis-dr.sandbox"


@dataclass(frozen=True, slots=True)
class Running:
    """A running container as the engine's list describes it."""

    id: str
    name: str
    image: str
    command: str
    labels: tuple[tuple[str, str], ...]
    mounts: tuple[Mount, ...]
    networks: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """Whether redis-dr started it."""
        return self.is_helper or any(name == _SANDBOX for name, _ in self.labels)

    @property
    def is_helper(self) -> bool:
        """Whether it is the helper container of an operation."""
        return any(name == _HELPER for name, _ in self.labels)


Devices = Mapping[str, str]  # volume name: the directory or export that it stands for


def place_of(mounts: tuple[Mount, ...], folder: str, devices: Devices) -> PurePosixPath | None:
    """Where a folder of a container lies on the engine's host; None: in the container's layer."""
    covering = [mount for mount in mounts if mount.holds(folder)]
    mount = max(covering, key=lambda it: len(it.destination), default=None)
    if mount is None:
        return None
    source = source_of(mount, devices)
    return source / PurePosixPath(folder).relative_to(mount.destination) if source else None


def source_of(mount: Mount, devices: Devices) -> PurePosixPath | None:
    """The host's path of a mount; two volumes on one device have one."""
    source = devices.get(mount.name, mount.source) if mount.kind == "volume" else mount.source
    return PurePosixPath(source) if source else None


def on_place(mounts: tuple[Mount, ...], place: PurePosixPath, devices: Devices) -> bool:
    """Whether one of the mounts lets its container write to the place, or to a part of it."""
    sources = (source_of(mount, devices) for mount in mounts if mount.writable)
    return any(
        source is not None and (place.is_relative_to(source) or source.is_relative_to(place))
        for source in sources
    )


def may_serve(
    other: ContainerState, processes: tuple[str, ...] | None, instance: ContainerState
) -> bool:
    """Whether a container that shares the data may be a server on it.

    `processes` are its command lines; None: the engine did not list them. A container that has
    not come to its server yet is known by its command.
    """
    if processes is None or any(serves(process) for process in processes):
        return True
    return other.command == instance.command or serves(" ".join(other.command))


def serves(command: str) -> bool:
    """Whether a command line is a server's; a Sentinel is none."""
    return bool(_SERVER.search(command)) and not _SENTINEL.search(command)


def apart(other: ContainerState, place: PurePosixPath, devices: Devices) -> bool:
    """Whether its command line gives the server there another data directory than the place."""
    folder = options_of(other.command).get("dir", "")
    theirs = place_of(other.mounts, folder, devices) if folder.startswith("/") else None
    return theirs is not None and not (theirs.is_relative_to(place) or place.is_relative_to(theirs))
