"""May a restore begin? Every condition that could fail later is judged here, before the stop."""

from dataclasses import dataclass

from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.acl import Users, users_note
from redis_dr.tasks.model.server.names import judge_names
from redis_dr.tasks.model.server.server_info import ServerInfo, loadable, version_of
from redis_dr.tasks.model.server.server_inside import ServerInside
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.server.target import Target

_START_SECONDS = 3  # both clocks count whole seconds


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured for the gates. Bytes."""

    survey: Survey
    target: Target
    manifest: Manifest
    needed: int  # on the volume: staged file, trial save
    free: int
    image_version: str  # of the server program in the container's image, "7.2.6"
    image_server: str  # redis | valkey
    rdb_version: int  # of what is placed: `keep` may have raised it
    used_memory: int  # that the server will need for what is placed
    highest_db: int = 0
    uid: int = 0  # owner and group of what is placed
    gid: int = 0
    trial: bool = True  # whether it will be booted before the stop
    users: Users | None = None  # None: the server did not tell
    inside: ServerInside | None = None  # who answers in the container


def restore_gates(facts: Facts) -> tuple[Finding, ...]:
    """One finding a condition. A bad one stops the restore before anything is touched."""
    return (
        *_versions(facts),
        *_volume(facts),
        *_container(facts),
        *_server(facts),
        *_memory(facts),
        *users_note(facts.users),
        judge_names(
            facts.target.dir,
            facts.target.dump,
            facts.target.append_folder,
            facts.target.append_file,
        ),
        Finding(check="server will load first", ok=True, actual=facts.target.loads),
    )


def _versions(facts: Facts) -> list[Finding]:
    highest = loadable(facts.image_server, facts.image_version)
    return [
        Finding(
            check="RDB version",
            ok=facts.rdb_version <= highest,
            expected=f"at most {highest} ({facts.image_server} {facts.image_version})",
            actual=facts.rdb_version,
            detail="restore into the image that wrote it, or a newer one",
        ),
        Finding(
            check="server version",
            ok=version_of(facts.image_version) >= (7, 0),
            expected="7.0 or newer",
            actual=facts.image_version,
            detail="append directories and PEXPIRETIME came with 7.0",
        ),
        _modules(facts),
        Finding(
            check="highest database",
            ok=facts.highest_db < facts.target.databases,
            expected=f"below {facts.target.databases}",
            actual=facts.highest_db,
            detail="raise `databases` of the server: it refuses a file with a higher one",
        ),
    ]


def _modules(facts: Facts) -> Finding:
    """Data of modules loads where they are; more modules than the data needs do no harm."""
    inside = _module_data(facts.manifest.inventory)
    info, had = facts.survey.info, facts.manifest.modules
    missing: tuple[str, ...] = ()
    if inside and info is not None:
        # a type's name is not its module's: those loaded at the backup tell which ones; without
        # their names only a target that has none is known to lack them
        wanted = inside if had is None and not info.modules else had or ()
        missing = tuple(one for one in wanted if one not in info.modules)
    tried = facts.trial and not missing
    detail = f"not loaded in the target: {', '.join(missing)}" if missing else ""
    return Finding(
        check="modules in the backup",
        ok=not inside or tried,
        expected="none, or the same loaded in the target, and a trial boot that shows it",
        actual=", ".join(inside) or "none",
        detail=detail,
    )


def _module_data(inventory: Inventory | None) -> tuple[str, ...]:
    if inventory is None:
        return ()
    keys = inventory.types.get("module", 0)
    return (*inventory.modules, *([f"{keys} keys of module types"] if keys else ()))


def _volume(facts: Facts) -> list[Finding]:
    mount = facts.survey.container.mount_of(facts.target.dir)
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


def _container(facts: Facts) -> list[Finding]:
    container = facts.survey.container
    return [
        Finding(check="restart policy", ok=True, actual=container.restart_policy),
        Finding(
            check="container stays when it is stopped",
            ok=not container.auto_remove,
            expected="made without --rm",
            actual="made with --rm" if container.auto_remove else "stays",
            detail="make it anew without --rm: a stop would remove it",
        ),
        Finding(
            check="container is not paused",
            ok=container.status != "paused",
            expected="running or stopped",
            actual=container.status,
            detail=f"docker unpause {container.name}: a paused server cannot save what it holds",
        ),
        Finding(
            check="owner of the files",
            ok=not container.user[:1].isdigit()
            or int(container.user.split(":")[0]) in {0, facts.uid},
            expected=container.user or "any: the image starts as root",
            actual=f"{facts.uid}:{facts.gid}",
        ),
    ]


def _server(facts: Facts) -> list[Finding]:
    info = facts.survey.info
    role = Finding(
        check="role",
        ok=info is None or info.role == "master",
        expected="master",
        actual=info.role if info else "does not answer",
        detail="a replica takes its data from its master: restore the master",
    )
    if info is None:
        return [role]
    return [role, *_at_work(info), _same_server(facts)]


def _at_work(info: ServerInfo) -> list[Finding]:
    busy = [
        name
        for name, going in (
            ("BGSAVE", info.rdb_bgsave_in_progress),
            ("AOF rewrite", info.aof_rewrite_in_progress or info.aof_rewrite_scheduled),
        )
        if going
    ]
    return [
        Finding(
            check="replicas",
            ok=True,
            actual=info.connected_slaves,
            detail="they will copy the restored data in full" if info.connected_slaves else "",
        ),
        Finding(
            check="save or rewrite running",
            ok=True,
            actual=", ".join(busy) or "none",
            detail="the safety backup waits for it; without one, the stop ends it" if busy else "",
        ),
    ]


def _same_server(facts: Facts) -> Finding:
    """The server in the container names its run_id: no other server has the same."""
    info, inside = facts.survey.info, facts.inside
    same, how = None, inside.unknown if inside else "not asked"
    if info is not None and inside is not None:
        if inside.run_id:
            same, how = inside.run_id == info.run_id, "by its run_id"
        elif inside.started_at is not None and facts.survey.started_at is not None:
            apart = abs(inside.started_at - facts.survey.started_at)
            same, how = apart <= _START_SECONDS, f"by the start of its process; {how}"
    words = {True: "the same", False: "another server", None: "unknown"}
    return Finding(
        check="url and container are the same server",
        ok=same is True,
        expected="the same",
        actual=words[same],
        detail=how if same else f"{how}; correct `url` or `container` of this instance",
    )


def _memory(facts: Facts) -> list[Finding]:
    limit, used = facts.survey.container.memory_limit, facts.used_memory
    return [
        Finding(
            check="what is placed fits into the container's memory",
            ok=not limit or used <= limit,
            expected=limit or "no limit",
            actual=used,
            detail="raise the container's memory limit" if limit and used > limit else "",
        ),
    ]
