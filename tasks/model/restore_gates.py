"""May a restore begin? Every condition that could fail later is judged here, before the stop."""

import re
from dataclasses import dataclass

from tasks.model.manifest import Manifest
from tasks.model.report import Finding
from tasks.model.survey import Survey
from tasks.model.target import Target

# highest RDB version that a server loads: facts/redis.md 15 and 16; rdb.h of each release
_LOADS = (
    ("redis", (8, 0), 12),
    ("redis", (7, 2), 11),
    ("redis", (7, 0), 10),
    ("valkey", (7, 2), 11),
)
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured for the gates. Bytes."""

    found: Survey
    target: Target
    manifest: Manifest
    needed: int  # on the volume: staged file, trial save
    free: int
    image_version: str  # of the server program in the container's image, "7.2.6"
    image_server: str  # redis | valkey
    hold_functions: bool = False


def restore_gates(facts: Facts) -> tuple[Finding, ...]:
    """One finding a condition. A bad one stops the restore before anything is touched."""
    return (
        *_versions(facts),
        *_volume(facts),
        *_server(facts),
        *_memory(facts),
        Finding(
            check="names that the server will load",
            ok=all(_NAME.fullmatch(name) for name in facts.target.names),
            expected="plain names",
            actual=", ".join(facts.target.names),
        ),
        Finding(check="server will load first", ok=True, actual=facts.target.loads),
    )


def _versions(facts: Facts) -> list[Finding]:
    highest = loadable(facts.image_server, facts.image_version)
    version = facts.manifest.rdb_version
    modules = facts.manifest.inventory.modules if facts.manifest.inventory else ()
    return [
        Finding(
            check="RDB version",
            ok=version <= highest,
            expected=f"at most {highest} ({facts.image_server} {facts.image_version})",
            actual=version,
            detail="restore into the image that wrote it, or a newer one",
        ),
        Finding(
            check="server version",
            ok=_version(facts.image_version) >= (7, 0),
            expected="7.0 or newer",
            actual=facts.image_version,
            detail="append directories and PEXPIRETIME came with 7.0",
        ),
        Finding(
            check="modules in the backup",
            ok=not modules,
            expected="none",
            actual=", ".join(modules) or "none",
            detail="whether the target loads them cannot be told before the trial",
        ),
    ]


def _volume(facts: Facts) -> list[Finding]:
    mount = facts.found.container.mount_of(facts.target.dir)
    named = mount is not None and mount.kind in {"volume", "bind"} and not mount.anonymous
    return [
        Finding(
            check="data on a named volume or bind mount",
            ok=named,
            expected="a volume that outlives the container",
            actual=f"{mount.kind} {mount.name[:12]}" if mount else "the container's own layer",
            detail="mount a named volume at " + facts.target.dir,
        ),
        Finding(
            check="volume is writable",
            ok=mount is not None and mount.writable,
            expected="read-write",
            actual="read-write" if mount and mount.writable else "read-only",
        ),
        Finding(
            check="space on the volume for old and new",
            ok=facts.free >= facts.needed,
            expected=f"{facts.needed} bytes",
            actual=facts.free,
            detail="make room on the volume; the old data stays until the new is proven",
        ),
    ]


def _server(facts: Facts) -> list[Finding]:
    info, container = facts.found.info, facts.found.container
    findings = [
        Finding(check="restart policy", ok=True, actual=container.restart_policy),
        Finding(
            check="role",
            ok=info is None or info.role == "master",
            expected="master",
            actual=info.role if info else "does not answer",
            detail="a replica takes its data from its master: restore the master",
        ),
    ]
    if info is not None:
        findings.append(
            Finding(
                check="replicas",
                ok=True,
                actual=info.connected_slaves,
                detail="they will copy the restored data in full" if info.connected_slaves else "",
            )
        )
    return findings


def _memory(facts: Facts) -> list[Finding]:
    info, limit = facts.found.info, facts.found.container.memory_limit
    maxmemory = info.maxmemory if info else facts.manifest.persistence.maxmemory
    used = facts.manifest.used_memory
    return [
        Finding(
            check="backup fits into maxmemory",
            ok=not maxmemory or used <= maxmemory or _evicts(facts),
            expected=maxmemory or "no limit",
            actual=used,
            detail="a load ignores maxmemory, then the first command evicts down to it"
            if maxmemory and used > maxmemory
            else "",
        ),
        Finding(
            check="backup fits into the container's memory",
            ok=not limit or used <= limit,
            expected=limit or "no limit",
            actual=used,
            detail="raise the container's memory limit",
        ),
    ]


def _evicts(facts: Facts) -> bool:
    return facts.manifest.persistence.maxmemory_policy != "noeviction"


def loadable(server: str, version: str) -> int:
    """The highest RDB version that this server loads; 9 for what is older than the table."""
    for name, least, highest in _LOADS:
        if name == server and _version(version) >= least:
            return highest
    return 9


def _version(text: str) -> tuple[int, int]:
    numbers = [int(part) for part in re.findall(r"\d+", text)[:2]]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)
