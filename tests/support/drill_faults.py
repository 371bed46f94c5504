"""Faults that a backup, its store or its way back can have; a seed decides where they strike."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random

import pyrage

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.rdb import SplicePlan, splice
from tests.support.drill_case import DrillCase

IDENTITY = "REDIS_DR_AGE_IDENTITY_FILE"


@dataclass(frozen=True)
class Means:
    """What some faults need beside the place."""

    newer: DrillCase  # made by Redis 8.0
    sleeping_image: str  # its server never gets ready
    folder: Path  # for small files


@dataclass(frozen=True)
class Broken:
    """A place that must not be proven, and what the drill has to say of it: one of the texts."""

    drill_case: DrillCase
    says: tuple[str, ...]


Fault = Callable[[DrillCase, Random, Means], Broken]


def outcome(broken: Broken) -> tuple[bool, str]:
    """Whether the drill called it proven, and everything that it said was bad."""
    try:
        report = broken.drill_case.drill(control=False)
    except RedisDrError as error:
        return False, error.problem
    bad = [one for one in report.findings if not one.ok]
    return report.proven, "; ".join(f"{one.check}: {one.actual} {one.detail}" for one in bad)


@contextmanager
def identity(path: Path) -> Iterator[None]:
    """The environment names this file with an age identity."""
    before = os.environ.get(IDENTITY)
    os.environ[IDENTITY] = str(path)
    try:
        yield
    finally:
        os.environ.pop(IDENTITY)
        if before is not None:
            os.environ[IDENTITY] = before


def _flip(path: Path, dice: Random) -> None:
    data = bytearray(path.read_bytes())
    at = dice.randrange(len(data) * 8)
    data[at // 8] ^= 1 << at % 8
    path.write_bytes(data)


def flipped_dump(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    _flip(drill_case.folder / "dump.rdb.zst", dice)
    return Broken(drill_case, ("dump.rdb.zst",))


def flipped_aof(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    path = dice.choice(sorted((drill_case.folder / "appendonly").iterdir()))
    _flip(path, dice)
    return Broken(drill_case, (path.name,))


def flipped_manifest(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    _flip(drill_case.folder / "manifest.json", dice)
    return Broken(drill_case, ("manifest.json",))


def truncated(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    path = dice.choice(sorted(drill_case.folder.rglob("*.zst")))
    os.truncate(path, dice.randrange(path.stat().st_size))
    return Broken(drill_case, (path.name,))


def swapped(drill_case: DrillCase, _dice: Random, _means: Means) -> Broken:
    other = drill_case.folder.with_name(drill_case.other_id)
    shutil.copy(other / "dump.rdb.zst", drill_case.folder / "dump.rdb.zst")
    return Broken(drill_case, ("dump.rdb.zst",))


def missing_part(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    path = dice.choice(sorted(drill_case.folder.rglob("*.zst")))
    path.unlink()
    return Broken(drill_case, (f"{path.name} is missing",))


def wrong_image(_place: DrillCase, _dice: Random, means: Means) -> Broken:
    older = means.newer.copy(means.folder / "newer")
    return Broken(older.configured(image="redis-dr/redis:7.0"), ("RDB version",))


def wrong_file_name(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    name = dice.choice(["../dump.rdb", "sub/dump.rdb", "..", ""])
    return _persisted(drill_case, {"dbfilename": name}, "is no name of a file of its own")


def empty_base(drill_case: DrillCase, _dice: Random, _means: Means) -> Broken:
    base = next(one.name for one in drill_case.manifest.files if one.role == "aof-base")
    drill_case.put(base, b"")
    return Broken(drill_case, ("the append-only files bring the data back",))


def wrong_digest(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    return _counted(drill_case, dice, {"digest": f"{dice.getrandbits(128):032x}"})


def wrong_count(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    return _counted(drill_case, dice, {"keys": dice.randrange(100_000, 200_000)})


def damaged_after_proof(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    assert drill_case.drill(control=False).proven
    assert drill_case.catalog.proven_at(drill_case.backup_id)
    return flipped_dump(drill_case, dice, _means)


def expired_identity(drill_case: DrillCase, _dice: Random, means: Means) -> Broken:
    valid, stale = (pyrage.x25519.Identity.generate() for _ in range(2))
    drill_case.put("dump.rdb", drill_case.plain("dump.rdb"), (str(valid.to_public()),))
    path = means.folder / "identity"
    path.write_text(f"{stale}\n")
    os.environ[IDENTITY] = str(path)
    return Broken(drill_case, ("was not encrypted to the identity",))


def never_ready(drill_case: DrillCase, _dice: Random, means: Means) -> Broken:
    slow = drill_case.configured(image=means.sleeping_image, start_timeout_seconds=2)
    return Broken(slow, ("did not come up",))


def lost_database(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    return _spliced(drill_case, SplicePlan(databases={dice.randrange(3): "empty"}))


def moved_expiries(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    return _spliced(drill_case, SplicePlan(ttl_shift_ms=dice.randrange(1, 1000)))


def no_checksum(drill_case: DrillCase, _dice: Random, _means: Means) -> Broken:
    drill_case.put("dump.rdb", drill_case.plain("dump.rdb")[:-8] + bytes(8))
    return Broken(drill_case, ("checksum (CRC-64)",))


def junk_at_the_end(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    drill_case.put(
        "dump.rdb", drill_case.plain("dump.rdb") + dice.randbytes(dice.randrange(1, 100))
    )
    return Broken(drill_case, ("bytes follow after the end",))


def flipped_inside(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    """The dump was damaged before it was hashed: only the file itself can tell."""
    data = bytearray(drill_case.plain("dump.rdb"))
    data[dice.randrange(9, len(data))] ^= 1 << dice.randrange(8)
    drill_case.put("dump.rdb", bytes(data))
    return Broken(drill_case, ("the restored file, offset", "at byte", "byte "))


def absent_increment(drill_case: DrillCase, _dice: Random, _means: Means) -> Broken:
    text = drill_case.plain("appendonly/manifest").decode()
    drill_case.put(
        "appendonly/manifest",
        (text + "file appendonly.aof.99.incr.aof seq 99 type i\n").encode(),
    )
    return Broken(drill_case, ("names 'appendonly.aof.99.incr.aof', not stored",))


def lost_function(drill_case: DrillCase, dice: Random, _means: Means) -> Broken:
    manifest = drill_case.manifest
    assert manifest.inventory is not None
    lost = manifest.inventory.model_copy(update={"functions_digest": f"{dice.getrandbits(64):x}"})
    drill_case.write(manifest.model_copy(update={"inventory": lost}))
    return Broken(drill_case, ("functions are what the manifest says",))


FAULTS: dict[str, Fault] = {
    "bit flip in the dump": flipped_dump,
    "bit flip in an append-only file": flipped_aof,
    "bit flip in the manifest": flipped_manifest,
    "truncated file": truncated,
    "dump of another backup": swapped,
    "missing part": missing_part,
    "wrong image version": wrong_image,
    "wrong dbfilename": wrong_file_name,
    "empty base": empty_base,
    "wrong digest in the manifest": wrong_digest,
    "wrong count in the manifest": wrong_count,
    "damaged after proof": damaged_after_proof,
    "expired identity": expired_identity,
    "a Redis that never becomes ready": never_ready,
    "a database left out, hashes made to fit": lost_database,
    "expiries moved, hashes made to fit": moved_expiries,
    "checksum taken out, hashes made to fit": no_checksum,
    "junk at the end, hashes made to fit": junk_at_the_end,
    "damaged before it was hashed": flipped_inside,
    "an increment that is not there": absent_increment,
    "a function lost": lost_function,
}


def _persisted(drill_case: DrillCase, changes: dict[str, str], says: str) -> Broken:
    manifest = drill_case.manifest
    settings = manifest.persistence.model_copy(update=changes)
    drill_case.write(manifest.model_copy(update={"persistence": settings}))
    return Broken(drill_case, (says,))


def _counted(drill_case: DrillCase, dice: Random, changes: dict[str, object]) -> Broken:
    manifest: Manifest = drill_case.manifest
    db = dice.choice(sorted(manifest.databases))
    wrong = manifest.databases[db].model_copy(update=changes)
    drill_case.write(manifest.model_copy(update={"databases": {**manifest.databases, db: wrong}}))
    return Broken(drill_case, (f"DB {db} is what the manifest says",))


def _spliced(drill_case: DrillCase, plan: SplicePlan) -> Broken:
    target = BytesIO()
    splice(BytesIO(drill_case.plain("dump.rdb")), target, plan)
    drill_case.put("dump.rdb", target.getvalue())
    return Broken(drill_case, ("is what the manifest says",))
