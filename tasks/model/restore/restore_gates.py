"""May a restore begin? Every condition that could fail later is judged here, before the stop."""

from dataclasses import dataclass

from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.instance_gates import InstanceFacts, instance_gates
from redis_dr.tasks.model.server.acl import Users, users_note
from redis_dr.tasks.model.server.names import judge_names
from redis_dr.tasks.model.server.server_info import ServerInfo, loadable, version_of
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.server.target import Target


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured for the gates. Bytes."""

    instance: InstanceFacts
    target: Target
    manifest: Manifest
    needed: int  # on the volume: staged file, trial save
    free: int
    image_version: str  # of the server program in the container's image, "7.2.6"
    image_server: str  # redis | valkey
    rdb_version: int  # of what is placed: `keep` may have raised it
    highest_db: int = 0
    uid: int = 0  # owner and group of what is placed
    gid: int = 0
    trial: bool = True  # whether it will be booted before the stop
    users: Users | None = None  # None: the server did not tell
    username: str = ""  # that we log in as

    @property
    def survey(self) -> Survey:
        """The instance as it was when the operation began."""
        return self.instance.survey


def restore_gates(facts: Facts) -> tuple[Finding, ...]:
    """One finding a condition. A bad one stops the restore before anything is touched."""
    return (
        *_versions(facts),
        *instance_gates(facts.instance),
        *_place(facts),
        *users_note(facts.users, facts.username),
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
        modules_gate(facts.manifest, facts.survey.info, trial=facts.trial),
        Finding(
            check="highest database",
            ok=facts.highest_db < facts.target.databases,
            expected=f"below {facts.target.databases}",
            actual=facts.highest_db,
            detail="raise `databases` of the server: it refuses a file with a higher one",
        ),
    ]


def modules_gate(manifest: Manifest, info: ServerInfo | None, *, trial: bool) -> Finding:
    """Data of modules loads where they are; more modules than the data needs do no harm.

    `trial`: whether the data will be booted before the stop.
    """
    inside = _module_data(manifest.inventory)
    missing: tuple[str, ...] = ()
    if inside and info is not None:
        # a type's name is not its module's: those loaded at the backup tell which ones; without
        # their names only a target that has none is known to lack them
        had = manifest.modules
        wanted = inside if had is None and not info.modules else had or ()
        missing = tuple(name for name in wanted if name not in info.modules)
    detail = f"not loaded in the target: {', '.join(missing)}" if missing else ""
    return Finding(
        check="modules in the backup",
        ok=not inside or (trial and not missing),
        expected="none, or the same loaded in the target, and a trial boot that shows it",
        actual=", ".join(inside) or "none",
        detail=detail,
    )


def space_gate(*, needed: int, free: int) -> Finding:
    """Bytes on the volume: the old data stays until the new is proven."""
    return Finding(
        check="space on the volume for old and new",
        ok=free >= needed,
        expected=f"{needed} bytes",
        actual=free,
        detail="make room on the volume; the old data stays until the new is proven",
    )


def _module_data(inventory: Inventory | None) -> tuple[str, ...]:
    if inventory is None:
        return ()
    keys = inventory.types.get("module", 0)
    return (*inventory.modules, *([f"{keys} keys of module types"] if keys else ()))


def _place(facts: Facts) -> list[Finding]:
    container = facts.survey.container
    return [
        space_gate(needed=facts.needed, free=facts.free),
        Finding(
            check="owner of the files",
            ok=not container.user[:1].isdigit()
            or int(container.user.split(":")[0]) in {0, facts.uid},
            expected=container.user or "any: the image starts as root",
            actual=f"{facts.uid}:{facts.gid}",
        ),
    ]
