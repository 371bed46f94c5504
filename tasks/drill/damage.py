"""Damage a copy on purpose, in the way that a seed decides: what a negative control restores."""

import random
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.engine.sandbox import Sandbox, SandboxFailed
from redis_dr.tasks.model.backup.inventory import DatabaseInventory
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import backup_prefix
from redis_dr.tasks.model.drill.damage import Damage
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.server.target import Target
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.rdb import SplicePlan, entries, splice
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.pipeline.files import StoreFolder, store_file

# the key travels in hexadecimal: any byte may be in it
_DO = """
local key = ARGV[1]:gsub('..', function(two) return string.char(tonumber(two, 16)) end)
if redis.call('EXISTS', key) == 0 then return 'none' end
%s return 'done'
"""
_FIRST_KEYS = 100_000  # of which one is chosen: the time is bounded
_DEEDS = {
    "a value changed in the server": "redis.call('SET', key, 'damaged by a negative control')",
    "a key lost in the server": "redis.call('DEL', key)",
    "an expiry moved in the server": "redis.call('PEXPIRE', key, 86400000)",
}
_FLIP = """
size=$(stat -c %s "$1"); at=$((size * $2 / 1000))
old=$(dd if="$1" bs=1 skip="$at" count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
printf "\\\\$(printf %03o $((old ^ 4)))" | dd of="$1" bs=1 seek="$at" conv=notrunc 2>/dev/null
"""
_HIDE = 'cd "$1"; shift; for name in "$@"; do [ ! -e "$name" ] || mv -- "$name" "$name.lost"; done'


@dataclass(frozen=True, slots=True)
class Copy:
    """A backup of one file in a store of its own, to be damaged."""

    folder: Path
    settings: StoreSettings
    manifest: Manifest

    @property
    def stored(self) -> Path:
        """The stored dump."""
        prefix = backup_prefix(self.manifest.instance, self.manifest.backup_id)
        return self.folder / prefix / self.manifest.rdb.stored_name


@step
def copy_backup(rdb: Path, manifest: Manifest, folder: Path) -> Copy:
    """Store the RDB once more, in a directory of this machine; never in the store itself."""
    settings = StoreSettings(url=f"file:{folder}", zstd_level=1)
    prefix = backup_prefix(manifest.instance, manifest.backup_id)
    target = StoreFolder(open_store(settings), prefix, settings)
    with rdb.open("rb") as source:
        file = store_file(target, "dump.rdb", "rdb", source)
    return Copy(folder, settings, manifest.model_copy(update={"files": (file,)}))


def damage_copy(copy: Copy, damage: Damage, rdb: Path, dice: random.Random) -> Copy:
    """Do what is done before the restore begins; other places are damaged on the way."""
    if damage.place == "store":
        _damage_stored(copy, damage.kind, rdb, dice)
    if damage.place == "manifest":
        return _damage_manifest(copy, damage.kind, rdb, dice)
    return copy


def damage_volume(helper: Helper, target: Target, damage: Damage, dice: random.Random) -> None:
    """Do what is done to the files that the server will read."""
    if damage.kind == "a start that reads no data":
        # the classic: the server looks for other names, and starts empty (facts/redis.md 2 and 5)
        helper.run(_HIDE, target.dir, *target.names)
        return
    path = f"{target.dir}/{target.dump}"
    if target.appendonly:
        path = f"{target.dir}/{target.append_folder}/{target.append_file}.1.base.rdb"
    helper.run(_FLIP, path, str(dice.randrange(400, 900)))


class ControlNotMade(RedisDrError):
    """The damage could not be done, which says nothing about the backup."""


@dataclass(frozen=True, slots=True)
class LastingKey:
    """A key that does not expire, in the file that is placed."""

    db: int
    key: bytes


def lasting_key(placed: Path, seed: int) -> LastingKey | None:
    """One of the file's first keys without an expiry, chosen by the seed; None without any.

    A hash is the last choice: its fields may expire, and it with them. Raises RdbError, UnknownRdb.
    """
    with placed.open("rb") as source:
        lasting = islice(
            (each for each in entries(source) if each.expire_at_ms is None), _FIRST_KEYS
        )
        keys = [(each.type == "hash", each.db, each.key) for each in lasting]
    keys = [each for each in keys if not each[0]] or keys
    if not keys:
        return None
    _, db, key = random.Random(seed).choice(keys)  # noqa: S311 repeatable on purpose, not a secret
    return LastingKey(db, key)


def damage_server(server: Sandbox, target: LastingKey, damage: Damage) -> None:
    """Do what is done to the loaded data. Raises ControlNotMade when it could not be done."""
    script = _DO % _DEEDS[damage.kind]
    try:
        said = server.cli("-n", str(target.db), "EVAL", script, "0", target.key.hex())
    except SandboxFailed as error:
        raise ControlNotMade(f"{damage.kind}: {error.problem}", "run the drill again") from error
    if said != "done":
        raise ControlNotMade(
            f"{damage.kind}: the key {target.key!r} of DB {target.db} is not in the server",
            "run the drill again",
        )


def in_store(instance: Instance, copy: Copy) -> Instance:
    """The same instance, with the copy's store for its own."""
    return instance.model_copy(update={"store": copy.settings})


def _damage_stored(copy: Copy, kind: str, rdb: Path, dice: random.Random) -> None:
    path = copy.stored
    if kind == "a stored dump that is not there":
        path.unlink()
    elif kind == "the stored dump cut short":
        with path.open("r+b") as file:
            file.truncate(dice.randrange(path.stat().st_size))
    elif kind == "a flipped bit in the stored dump":
        at = dice.randrange(path.stat().st_size)
        with path.open("r+b") as file:
            file.seek(at)
            old = file.read(1)[0]
            file.seek(at)
            file.write(bytes([old ^ 1 << dice.randrange(8)]))
    else:
        _store_spliced(copy, rdb, SplicePlan(default="empty"))


def _store_spliced(copy: Copy, rdb: Path, plan: SplicePlan) -> Copy:
    other = rdb.with_name("other.rdb")
    with rdb.open("rb") as source, other.open("wb") as sink:
        splice(source, sink, plan)
    made = copy_backup(other, copy.manifest, copy.folder)
    other.unlink()
    return made


def _damage_manifest(copy: Copy, kind: str, rdb: Path, dice: random.Random) -> Copy:
    manifest = copy.manifest
    if kind == "a function lost in the file" and manifest.inventory:
        lost = manifest.inventory.model_copy(update={"functions_digest": f"{dice.getrandbits(64)}"})
        return Copy(copy.folder, copy.settings, manifest.model_copy(update={"inventory": lost}))
    if kind == "a wrong digest in the manifest" or not manifest.databases:
        return Copy(copy.folder, copy.settings, _with_wrong_digest(manifest, dice))
    gone = dice.choice(sorted(manifest.databases))
    return _store_spliced(copy, rdb, SplicePlan(databases={gone: "empty"}))


def _with_wrong_digest(manifest: Manifest, dice: random.Random) -> Manifest:
    db = dice.choice(sorted(manifest.databases) or [0])
    wrong = f"{dice.getrandbits(128):032x}"
    known = manifest.databases.get(db, DatabaseInventory(keys=0, expires=0))
    databases = {**manifest.databases, db: known.model_copy(update={"digest": wrong})}
    return manifest.model_copy(update={"databases": databases})
