"""A container as the engine describes it: the noun that gates and plans judge."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

Status = Literal["created", "running", "paused", "restarting", "removing", "exited", "dead"]


@dataclass(frozen=True, slots=True)
class Mount:
    """One volume or bind mount of a container."""

    kind: str  # volume, bind, tmpfs
    name: str  # of a volume; "" for others
    destination: str  # path inside the container
    writable: bool
    source: str = ""  # path on the engine's host

    def holds(self, path: str) -> bool:
        """Whether the path inside the container lies on it."""
        return PurePosixPath(path).is_relative_to(PurePosixPath(self.destination))

    @property
    def anonymous(self) -> bool:
        """A volume nobody named: it is lost when the container is made anew."""
        hexadecimal = all(letter in "0123456789abcdef" for letter in self.name)
        return self.kind == "volume" and len(self.name) == 64 and hexadecimal


def volume_remedy(mount: Mount | None, folder: str) -> str:
    """What is wrong with data that lies on no volume and no bind mount, and what to do."""
    remedy = f"mount a named volume at {folder}"
    if mount is not None and mount.kind == "tmpfs":
        return (
            f"a tmpfs is emptied by every stop of the container, so no restart brings data back "
            f"from it, neither its own nor that of a backup; {remedy}"
        )
    if mount is None:
        return f"a helper container cannot share the container's own layer; {remedy}"
    return remedy


@dataclass(frozen=True, slots=True)
class ContainerState:
    """What `docker inspect` says, as far as a restore must know it."""

    id: str
    name: str
    image: str  # as it was named when the container was made
    image_id: str
    status: Status
    exit_code: int
    restart_count: int
    restart_policy: str  # no, always, unless-stopped, on-failure
    restart_retries: int
    user: str  # "" means the image's
    command: tuple[str, ...]
    mounts: tuple[Mount, ...]
    memory_limit: int  # bytes, 0: none
    labels: tuple[tuple[str, str], ...]
    healthcheck: bool = False
    started_at: str = ""  # by the engine's clock, RFC 3339; the last start, also when stopped
    working_dir: str = ""  # of the image or the container; Redis's `dir` when nothing else is set
    networks: tuple[str, ...] = ()  # names
    oom_killed: bool = False  # its last end: a process of it was killed for want of memory
    auto_remove: bool = False  # --rm: a stop removes it, and its anonymous volumes with it

    @property
    def running(self) -> bool:
        """Up, and not between two crashes."""
        return self.status == "running"

    def mount_of(self, path: str) -> Mount | None:
        """The mount that holds this path inside the container, the innermost one."""
        covering = [mount for mount in self.mounts if mount.holds(path)]
        return max(covering, key=lambda mount: len(mount.destination), default=None)


def silence_remedy(container: ContainerState, url: str) -> str:
    """What to do when no server answers at the url. A container that is down comes before a url."""
    if container.status == "paused":
        return f"`docker unpause {container.name}`"
    if container.running:
        place = url.rpartition("@")[2]  # without a login
        return (
            f"its container runs: see that `url` ({place}) is its address and port as this machine "
            f"reaches it (`docker port {container.name}`), and `docker logs {container.name}`"
        )
    if container.status in {"exited", "created", "dead"}:
        return f"`docker logs {container.name}` says why it ended; then `docker start` it"
    return f"see `docker logs {container.name}`"
