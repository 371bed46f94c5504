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
from tests.support.drill_case import Place

IDENTITY = "REDIS_DR_AGE_IDENTITY_FILE"


@dataclass(frozen=True)
class Means:
    """What some faults need beside the place."""

    newer: Place  # made by Redis 8.0
    sleeping_image: str  # its server never gets ready
    folder: Path  # for small files


@dataclass(frozen=True)
class Broken:
    """A place that must not be proven, and what the drill has to say of it: one of the texts."""

    place: Place
    says: tuple[str, ...]


Fault = Callable[[Place, Random, Means], Broken]


def outcome(broken: Broken) -> tuple[bool, str]:
    """Whether the drill called it proven, and everything that it said was bad."""
    try:
        report = broken.place.drill(control=False)
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


def flipped_dump(place: Place, dice: Random, _means: Means) -> Broken:
    _flip(place.folder / "dump.rdb.zst", dice)
    return Broken(place, ("dump.rdb.zst",))


def flipped_aof(place: Place, dice: Random, _means: Means) -> Broken:
    path = dice.choice(sorted((place.folder / "appendonly").iterdir()))
    _flip(path, dice)
    return Broken(place, (path.name,))


def flipped_manifest(place: Place, dice: Random, _means: Means) -> Broken:
    _flip(place.folder / "manifest.json", dice)
    return Broken(place, ("manifest.json",))


def truncated(place: Place, dice: Random, _means: Means) -> Broken:
    path = dice.choice(sorted(place.folder.rglob("*.zst")))
    os.truncate(path, dice.randrange(path.stat().st_size))
    return Broken(place, (path.name,))


def swapped(place: Place, _dice: Random, _means: Means) -> Broken:
    other = place.folder.with_name(place.other_id)
    shutil.copy(other / "dump.rdb.zst", place.folder / "dump.rdb.zst")
    return Broken(place, ("dump.rdb.zst",))


def missing_part(place: Place, dice: Random, _means: Means) -> Broken:
    path = dice.choice(sorted(place.folder.rglob("*.zst")))
    path.unlink()
    return Broken(place, (f"{path.name} is missing",))


def wrong_image(_place: Place, _dice: Random, means: Means) -> Broken:
    older = means.newer.copy(means.folder / "newer")
    return Broken(older.configured(image="redis-dr/redis:7.0"), ("RDB version",))


def wrong_file_name(place: Place, dice: Random, _means: Means) -> Broken:
    name = dice.choice(["../dump.rdb", "sub/dump.rdb", "dump rdb", ""])
    return _persisted(place, {"dbfilename": name}, "names that the server will load")


def empty_base(place: Place, _dice: Random, _means: Means) -> Broken:
    base = next(one.name for one in place.manifest.files if one.role == "aof-base")
    place.put(base, b"")
    return Broken(place, ("the append-only files bring the data back",))


def wrong_digest(place: Place, dice: Random, _means: Means) -> Broken:
    return _counted(place, dice, {"digest": f"{dice.getrandbits(128):032x}"})


def wrong_count(place: Place, dice: Random, _means: Means) -> Broken:
    return _counted(place, dice, {"keys": dice.randrange(100_000, 200_000)})


def damaged_after_proof(place: Place, dice: Random, _means: Means) -> Broken:
    assert place.drill(control=False).proven
    assert place.catalog.proven_at(place.backup_id)
    return flipped_dump(place, dice, _means)


def expired_identity(place: Place, _dice: Random, means: Means) -> Broken:
    valid, stale = (pyrage.x25519.Identity.generate() for _ in range(2))
    place.put("dump.rdb", place.plain("dump.rdb"), (str(valid.to_public()),))
    path = means.folder / "identity"
    path.write_text(f"{stale}\n")
    os.environ[IDENTITY] = str(path)
    return Broken(place, ("was not encrypted to the identity",))


def never_ready(place: Place, _dice: Random, means: Means) -> Broken:
    slow = place.configured(image=means.sleeping_image, start_timeout_seconds=2)
    return Broken(slow, ("did not come up",))


def lost_database(place: Place, dice: Random, _means: Means) -> Broken:
    return _spliced(place, SplicePlan(databases={dice.randrange(3): "empty"}))


def moved_expiries(place: Place, dice: Random, _means: Means) -> Broken:
    return _spliced(place, SplicePlan(ttl_shift_ms=dice.randrange(1, 1000)))


def no_checksum(place: Place, _dice: Random, _means: Means) -> Broken:
    place.put("dump.rdb", place.plain("dump.rdb")[:-8] + bytes(8))
    return Broken(place, ("checksum (CRC-64)",))


def junk_at_the_end(place: Place, dice: Random, _means: Means) -> Broken:
    place.put("dump.rdb", place.plain("dump.rdb") + dice.randbytes(dice.randrange(1, 100)))
    return Broken(place, ("bytes follow after the end",))


def flipped_inside(place: Place, dice: Random, _means: Means) -> Broken:
    """The dump was damaged before it was hashed: only the file itself can tell."""
    data = bytearray(place.plain("dump.rdb"))
    data[dice.randrange(9, len(data))] ^= 1 << dice.randrange(8)
    place.put("dump.rdb", bytes(data))
    return Broken(place, ("the restored file, offset", "at byte", "byte "))


def absent_increment(place: Place, _dice: Random, _means: Means) -> Broken:
    text = place.plain("appendonly/manifest").decode()
    place.put(
        "appendonly/manifest",
        (text + "file appendonly.aof.99.incr.aof seq 99 type i\n").encode(),
    )
    return Broken(place, ("did not come up",))


def lost_function(place: Place, dice: Random, _means: Means) -> Broken:
    manifest = place.manifest
    assert manifest.inventory is not None
    lost = manifest.inventory.model_copy(update={"functions_digest": f"{dice.getrandbits(64):x}"})
    place.write(manifest.model_copy(update={"inventory": lost}))
    return Broken(place, ("functions are what the manifest says",))


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


def _persisted(place: Place, changes: dict[str, str], says: str) -> Broken:
    manifest = place.manifest
    settings = manifest.persistence.model_copy(update=changes)
    place.write(manifest.model_copy(update={"persistence": settings}))
    return Broken(place, (says,))


def _counted(place: Place, dice: Random, changes: dict[str, object]) -> Broken:
    manifest: Manifest = place.manifest
    db = dice.choice(sorted(manifest.databases))
    wrong = manifest.databases[db].model_copy(update=changes)
    place.write(manifest.model_copy(update={"databases": {**manifest.databases, db: wrong}}))
    return Broken(place, (f"DB {db} is what the manifest says",))


def _spliced(place: Place, plan: SplicePlan) -> Broken:
    target = BytesIO()
    splice(BytesIO(place.plain("dump.rdb")), target, plan)
    place.put("dump.rdb", target.getvalue())
    return Broken(place, ("is what the manifest says",))
