"""May a backup begin? A failing BGSAVE stops production's writes (facts/redis.md 8), so look."""

from dataclasses import dataclass

from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.container import Mount, volume_remedy
from redis_dr.tasks.model.server.names import names_of
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.model.server.survey import Survey


@dataclass(frozen=True, slots=True)
class WriteProbe:
    """A file was created in the data directory as the server's own user, or could not be."""

    uid: int
    problem: str = ""  # "": it was


def backup_gates(found: Survey, free: int, probe: WriteProbe | None = None) -> tuple[Finding, ...]:
    """One finding a condition; a backup begins only when all are ok. `free` is in bytes.

    Without a `probe` (it could not be made) nothing is claimed about the server's right to write.
    """
    info, persistence = found.info, found.persistence
    if info is None or persistence is None:
        return (Finding(check="server answers", ok=False, actual=found.silent),)
    return (
        Finding(check="server answers", ok=True, actual=f"{info.server_name} {info.version}"),
        *_server(info),
        names_of(persistence),
        *_volume(found.container.mount_of(persistence.dir), persistence.dir),
        *_writable(probe, persistence.dir),
        Finding(
            check="space for the save",
            ok=free >= info.used_memory,
            expected=f"{info.used_memory} bytes",
            actual=free,
            detail="a save that fails for lack of space makes the server refuse writes",
        ),
    )


def _server(info: ServerInfo) -> tuple[Finding, ...]:
    return (
        Finding(
            check="role",
            ok=info.role == "master" or info.master_link_status == "up",
            expected="master, or a replica whose link is up",
            actual=info.role,
            detail="a replica cut off from its master holds old data",
        ),
        Finding(
            check="last AOF write",
            ok=not info.aof_enabled or info.aof_last_write_status == "ok",
            expected="ok",
            actual=info.aof_last_write_status,
        ),
    )


def _volume(mount: Mount | None, folder: str) -> tuple[Finding, ...]:
    return (
        Finding(
            check="data directory on a writable mount",
            ok=mount is not None and mount.writable and mount.kind != "tmpfs",
            expected="a volume or bind mount",
            actual=mount.kind if mount else f"{folder} is inside the container",
            detail=volume_remedy(mount, folder),
        ),
    )


def _writable(probe: WriteProbe | None, folder: str) -> tuple[Finding, ...]:
    if probe is None:
        return ()
    return (
        Finding(
            check="the server can write to its data directory",
            ok=not probe.problem,
            expected=f"user {probe.uid} creates a file in {folder}",
            actual=probe.problem or "created and removed",
            detail=f"give it to the server's user (`chown {probe.uid} {folder}` in the container), "
            "or make room; a save that fails makes the server refuse writes"
            if probe.problem
            else "",
        ),
    )
